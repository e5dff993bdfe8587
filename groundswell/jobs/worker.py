"""The worker: procrastinate, the reaper that takes jobs from workers that died, and the rounds that are made again and
again."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from procrastinate import App
from procrastinate.contrib.django.db_cleanup import DjangoApp
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector

from groundswell.jobs import services, tasks

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """Seconds between things, and how many jobs run at once.

    A killed worker's jobs come back after at most `stalled + reap + poll`.
    """

    heartbeat: float = 10
    stalled: float = 30  # without a heartbeat: the worker is taken for dead
    reap: float = 60
    rounds: float = 5
    poll: float = 0.5
    concurrency: int = 4
    long: int = 2  # jobs that take long, beside the others


def run(stop: threading.Event, pace: Pace = Pace()) -> None:
    """Run jobs until `stop` is set; then finish those that are running. Any number of processes may.

    Outlives the database: while that is away it tries again every few seconds.
    """
    beside = [
        threading.Thread(
            target=_again, args=[stop, pace.reap, lambda: services.reap(pace.stalled), "reaper"], name="reaper"
        ),
        threading.Thread(target=_again, args=[stop, pace.rounds, services.make_rounds, "rounds"], name="rounds"),
    ]
    for thread in beside:
        thread.start()
    try:
        while not stop.is_set():
            try:
                asyncio.run(_work(stop, pace))
            except Exception as error:
                logger.warning("The worker begins anew: %s", error)
                stop.wait(2)
    finally:
        for thread in beside:
            thread.join()


async def _work(stop: threading.Event, pace: Pace) -> None:
    app = _app()
    async with app.open_async():
        works = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=[queue],
                    concurrency=places,
                    fetch_job_polling_interval=pace.poll,
                    abort_job_polling_interval=60,
                    listen_notify=False,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=pace.heartbeat,
                    stalled_worker_timeout=pace.stalled,
                )
            )
            for queue, places in ((services.SHORT, pace.concurrency), (services.LONG, pace.long))
        ]
        while not stop.is_set() and not any(work.done() for work in works):
            await asyncio.wait(works, timeout=0.2)
        for work in works:
            work.cancel()  # it finishes what it runs
        ended = await asyncio.gather(*works, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error


def _app() -> App:
    """An app of the worker's own: Django's keeps the connector whose jobs are part of Django's transaction."""
    app = DjangoApp(connector=PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4))
    app.job_manager = _Manager(app.connector)
    tasks.register_all(app)
    return app


class _Manager(JobManager):
    """procrastinate's, but a worker says how a job ended only while that run is still its own.

    Otherwise a frozen worker that wakes up would end the job under the one that runs it now.
    """

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await self._say(_FINISH, job, status=status.value, delete_job=delete_job)

    async def retry_job(self, job: Job, retry_at: datetime | None = None, *_: Any, **__: Any) -> None:
        await self._say(_RETRY, job, at=retry_at)

    async def update_heartbeat(self, worker_id: int) -> None:
        if not await self.connector.execute_query_all_async(_BEAT, worker_id=worker_id):
            raise ConnectorException("this worker was taken for dead")  # it stops, and registers anew

    async def _say(self, query: str, job: Job, **values: Any) -> None:
        """Patiently: a job that ended while the database was away must not stay `doing` under a living worker."""
        for wait in (0.2, 1, 2, 4, 8, 15, None):
            try:
                await self.connector.execute_query_async(query, job_id=job.id, attempts=job.attempts, **values)
            except ConnectorException:
                if wait is None:
                    raise
                await asyncio.sleep(wait)
            else:
                return


_BEAT = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker_id)s RETURNING id"
_MINE = """
WITH mine AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND attempts = %(attempts)s AND status = 'doing' FOR UPDATE
) SELECT """
_FINISH = _MINE + "procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s) FROM mine"
_RETRY = _MINE + "procrastinate_retry_job_v2(id, coalesce(%(at)s, now()), NULL, NULL, NULL) FROM mine"


def drain() -> int:
    """Run every job that is due, here and now, in this thread and its transaction. For tests and the demo.

    Returns:
        How many ran.

    Raises:
        Exception: the first that a job raised; the job waits for its next try, or is parked.
    """
    ran = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT id, attempts, args->>'job', args->'args' FROM procrastinate_fetch_job_v2(NULL, NULL)"
            )
            job_id, attempts, job, args = cursor.fetchone()
            if job_id is None:
                return ran
            values = {"job_id": job_id, "attempts": attempts, "status": "succeeded", "delete_job": True, "at": None}
            try:
                tasks.perform(job_id, attempts, job, json.loads(args))
            except tasks.TryAgain as again:
                cursor.execute(_RETRY, values | {"at": again.at})
                raise again.__cause__ or again from None
            except tasks.GivenUp as given_up:
                cursor.execute(_FINISH, values | {"status": "failed", "delete_job": False})
                raise given_up.__cause__ or given_up from None
            cursor.execute(_FINISH, values)
            ran += 1


def _again(stop: threading.Event, every: float, what: Callable[[], object], name: str) -> None:
    try:
        while not stop.wait(every):
            try:
                what()
            except Exception as error:
                logger.warning("The %s tries again later: %s", name, error)
            finally:
                connection.close()
    finally:
        connection.close()
