"""A made-up movement to walk around in: `shape` draws it, `loading` puts it into the database through the doors."""
