"""Pure decisions of this floor: values in, a value or an error out."""
