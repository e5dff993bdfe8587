"""What people fill in. Fields and their words, a module for each kind of reader; what may stand is for `rules`."""
