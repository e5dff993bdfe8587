"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # speed is shown by benchmarks: a slow machine fails no test
settings.load_profile("untimed")
