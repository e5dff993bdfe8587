"""The pages of this floor, a room each."""
