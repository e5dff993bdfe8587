"""Pure decisions of this floor: how often, how long."""

from datetime import timedelta

MAX_STALLS = 3  # runs that died before the job is parked
MAX_FAILURES = 5  # runs that raised before the job is parked


def backoff(failures: int) -> timedelta:
    """How long a job waits after its n-th failure: 10 s, 40 s, 160 s, 640 s."""
    return timedelta(seconds=10 * 4 ** (failures - 1))
