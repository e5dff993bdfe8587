"""Writing the queue: enqueue a job, hold its lease, take it from a dead worker, give a parked one another chance."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import OperationalError, connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from psycopg.errors import LockNotAvailable

from groundswell.jobs import hooks, models, rules
from groundswell.kit import clock

logger = logging.getLogger(__name__)

SHORT, LONG = "default", "long"
TASK = "groundswell"  # the one task procrastinate knows; our registry knows the rest


def enqueue(name: str, /, *, at: datetime | None = None, queueing_lock: str | None = None, **args: Any) -> int | None:
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
    queue = app.configure_task(TASK, queue=queue_of(name), schedule_at=at, queueing_lock=queueing_lock)
    try:
        with transaction.atomic():  # a savepoint: a taken queueing lock must not spoil the caller's transaction
            return int(queue.defer(job=name, args=args))
    except AlreadyEnqueued:
        return None


def queue_of(name: str) -> str:
    """In which of the worker's two queues a job waits."""
    return LONG if name in hooks.long else SHORT


class LeaseLost(Exception):
    """Another run holds this job now; what this one was about to commit is rolled back."""


@dataclass(frozen=True)
class Lease:
    """The right to finish one job, until another run takes it."""

    job_id: int
    token: UUID

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction that commits only while the lease is held.

        The lease's row is locked just before the commit, not for the whole block: a frozen worker must not keep the
        reaper from moving the lease. For the same reason the database ends a transaction that has been idle for 30 s.

        Raises:
            LeaseLost: another run holds the job; nothing of this block was committed.
        """
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '30s'")
            self._check("")
            yield
            self._check("FOR UPDATE")

    def _check(self, lock: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT token = %s FROM jobs_lease WHERE job_id = %s {lock}", [self.token, self.job_id])  # noqa: S608
            if (cursor.fetchone() or (False,)) != (True,):
                raise LeaseLost(f"Job {self.job_id} is another run's now.")


def take(job_id: int, attempts: int, name: str) -> Lease:
    """Take the lease for a run that fetched the job as its attempt number `attempts`.

    Raises:
        LeaseLost: the job was given to another run since then.
    """
    token = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_START_RUN, [job_id, attempts])
        if cursor.fetchone() is None:
            raise LeaseLost(f"Job {job_id} is another run's now.")
        models.Lease.objects.bulk_create(
            [models.Lease(job_id=job_id, task=name, token=token, taken_at=clock.now())],
            update_conflicts=True,
            unique_fields=["job_id"],
            update_fields=["token", "taken_at"],
        )
    return Lease(job_id, token)


# Each retry counts `attempts` up, so (id, attempts) names one run of a job. A run gives its queueing lock up: another
# job with it may wait by the time this one has to wait again.
_START_RUN = """
UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = %s AND attempts = %s AND status = 'doing' RETURNING id
"""


def give_back(lease: Lease) -> None:
    """The job is done: its lease goes."""
    models.Lease.objects.filter(job_id=lease.job_id, token=lease.token).delete()


def note_failure(lease: Lease, error: Exception) -> datetime | None:
    """A run raised. Park the job after `MAX_FAILURES` of them.

    Returns:
        When to try again; None when the job is parked.

    Raises:
        LeaseLost: it is another run's business now.
    """
    with lease.transaction():
        row = models.Lease.objects.get(job_id=lease.job_id)
        failures = row.failures + 1
        reason = f"{type(error).__name__}: {error}"[:2000]
        parked = failures >= rules.MAX_FAILURES
        models.Lease.objects.filter(job_id=lease.job_id).update(
            failures=failures, reason=reason, parked_at=clock.now() if parked else None
        )
    return None if parked else clock.now() + rules.backoff(failures)


def reap(seconds: float) -> int:
    """Take the jobs of workers whose heart has not beaten for so many seconds and let others run them.

    A job whose third run died is parked. Returns how many jobs were taken.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STALLED, [seconds])
        stalled = cursor.fetchall()
    return sum(_reap_one(job_id, attempts) for job_id, attempts in stalled)


_STALLED = """
SELECT job.id, job.attempts FROM procrastinate_jobs job
LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
WHERE job.status = 'doing' AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
"""

_LOCK_RUN = """
SELECT args->>'job' FROM procrastinate_jobs
WHERE id = %s AND attempts = %s AND status = 'doing' FOR UPDATE SKIP LOCKED
"""


def _reap_one(job_id: int, attempts: int) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOCK_RUN, [job_id, attempts])
            if (found := cursor.fetchone()) is None:
                return False  # another reaper has it, or it is done
            (name,) = found
            cursor.execute(_START_RUN, [job_id, attempts])
            models.Lease.objects.bulk_create(
                [models.Lease(job_id=job_id, task=name, token=uuid4(), taken_at=clock.now())], ignore_conflicts=True
            )
            row = models.Lease.objects.select_for_update(nowait=True).get(job_id=job_id)  # it may be committing
            row.stalls += 1
            parked = row.stalls >= rules.MAX_STALLS
            models.Lease.objects.filter(job_id=job_id).update(
                stalls=row.stalls,
                token=uuid4(),
                parked_at=clock.now() if parked else None,
                reason=f"Its worker died or froze {row.stalls} times while running it." if parked else row.reason,
            )
            if parked:
                cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job_id])
            else:
                cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", [job_id])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False  # next time
        raise
    logger.warning("Job %s (%s) stalled for the %s. time%s", job_id, name, row.stalls, ": parked" if parked else "")
    return True


def make_rounds() -> None:
    """Queue the jobs of `hooks.rounds` whose time has come; of all workers one does it."""
    now = clock.now()
    for name, every in hooks.rounds.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_MAKE_ROUND, {"name": name, "now": now, "before": now - every})
            if cursor.fetchone():
                enqueue(name, queueing_lock=name)


_MAKE_ROUND = """
INSERT INTO jobs_round (name, at) VALUES (%(name)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE jobs_round.at <= %(before)s RETURNING name
"""


def unpark(job_id: int, actor: str) -> bool:
    """Give a parked job another chance, from the start of its counts.

    Returns:
        Whether it was parked.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        parked = models.Lease.objects.select_for_update().filter(job_id=job_id, parked_at__isnull=False)
        if (lease := parked.first()) is None:
            return False
        parked.update(parked_at=None, reason="", stalls=0, failures=0, token=uuid4())
        cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", [job_id])
        for tell in hooks.unparked:
            tell(job_id, lease.task, actor)
    return True
