"""What the queue asks of floors above: jobs by name, which of them to run again and again, and to record who unparked
one. Filled in `AppConfig.ready()`."""

from collections.abc import Callable
from datetime import timedelta

jobs: dict[str, Callable[..., None]] = {}
long: set[str] = set()
rounds: dict[str, timedelta] = {}
unparked: list[Callable[[int, str, str], None]] = []


def register_job(name: str, run: Callable[..., None], *, takes_long: bool = False) -> None:
    """Let workers run this job.

    Args:
        name: `app.what_to_do`.
        run: called as `run(lease, **args)`. It may run twice at the same time, so whatever it changes it changes
            inside `lease.transaction()`.
        takes_long: many seconds. Such jobs have places of their own in a worker, so that others need not wait for them.
    """
    if jobs.setdefault(name, run) is not run:
        raise ValueError(f"The job {name} is registered twice.")
    if takes_long:
        long.add(name)


def register_round(name: str, every: timedelta) -> None:
    """Let workers run this registered job, without arguments, again and again; one of them at a time queues it."""
    if rounds.setdefault(name, every) != every:
        raise ValueError(f"The round {name} is registered twice.")


def register_unparked(told: Callable[[int, str, str], None]) -> None:
    """Call this, in the same transaction, when an actor unparked a job: with its id, its name and the actor."""
    unparked.append(told)
