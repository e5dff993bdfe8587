"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A slow machine fails no test: speed is shown by benchmarks. And each run sees the same examples; for others there is
# `make test ARGS=--hypothesis-profile=search`.
settings.register_profile(
    "same", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, print_blob=True
)
settings.register_profile("search", settings.get_profile("same"), derandomize=False, max_examples=1_000)
settings.load_profile("same")
