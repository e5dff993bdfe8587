"""Writing the queue: enqueue a job, and give a parked one another chance."""

from datetime import datetime
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from groundswell.jobs import hooks

TASK = "groundswell"  # the one task procrastinate knows; our registry knows the rest


def enqueue(name: str, *, at: datetime | None = None, queueing_lock: str | None = None, **args: Any) -> int | None:
    """Put a job into the queue in the caller's transaction: it is there exactly when that commits.

    Args:
        name: a registered job.
        at: not before this time.
        queueing_lock: while a job with this lock waits, no second one is queued.
        args: plain JSON values: ids, numbers, text.

    Returns:
        The job's id, or None when one with the lock waits already.

    Raises:
        ValueError: nobody registered the job.
    """
    if name not in hooks.jobs:
        raise ValueError(f"Nobody registered the job {name!r}.")
    queue = app.configure_task(TASK, schedule_at=at, queueing_lock=queueing_lock)
    try:
        with transaction.atomic():  # a savepoint: a taken queueing lock must not spoil the caller's transaction
            return int(queue.defer(job=name, args=args))
    except AlreadyEnqueued:
        return None
