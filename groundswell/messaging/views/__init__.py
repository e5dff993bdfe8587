"""Pages of this floor, by room."""
