"""The forms of this floor, a room each."""
