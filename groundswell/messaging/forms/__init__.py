"""Forms of this floor, by room."""
