"""The one task that procrastinate runs: it finds the job by name in our registry, under a lease."""

import logging
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from procrastinate import App, JobContext
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from groundswell.jobs import hooks, rules, services
from groundswell.kit import clock

logger = logging.getLogger(__name__)


class TryAgain(Exception):
    """The run raised (the cause) and the job waits until `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"try again at {at}")
        self.at = at


class GivenUp(Exception):
    """The run raised (the cause) once too often: the job is parked."""


class Retry(BaseRetryStrategy):
    """Try again when `perform` says so."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        return RetryDecision(retry_at=exception.at) if isinstance(exception, TryAgain) else None


def register_all(app: App) -> None:
    """Called by procrastinate when its Django app is ready; jobs may be registered before or after."""

    @app.task(name=services.TASK, pass_context=True, retry=Retry())
    def groundswell(context: JobContext, job: str, args: dict[str, Any]) -> None:
        assert context.job.id is not None
        try:
            perform(context.job.id, context.job.attempts, job, args)
        finally:
            connection.close()  # the thread is the event loop's, which may end it without a word


def perform(job_id: int, attempts: int, job: str, args: dict[str, Any]) -> None:
    """Run one job under a new lease.

    Raises:
        TryAgain, GivenUp
    """
    try:
        lease = services.take(job_id, attempts, job)
        try:
            if job not in hooks.jobs:
                raise LookupError(f"Nobody registered the job {job!r}.")
            hooks.jobs[job](lease, **args)
        except services.LeaseLost:
            raise
        except Exception as error:
            logger.exception("The job %s (%s) failed", job_id, job)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()  # it may have failed because its connection broke
            at = services.note_failure(lease, error)
            raise TryAgain(at) if at else GivenUp from error
        services.give_back(lease)
    except services.LeaseLost as lost:
        logger.warning("%s What it was about to write is rolled back.", lost)
    except (OperationalError, InterfaceError) as error:  # no database to note anything in
        raise TryAgain(clock.now() + rules.backoff(1)) from error
