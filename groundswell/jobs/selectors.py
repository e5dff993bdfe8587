"""Reading the queue."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Parked:
    """A job that was given up until a person looks."""

    job_id: int
    name: str
    args: dict[str, Any]
    parked_at: datetime
    reason: str
    stalls: int
    failures: int


def parked() -> list[Parked]:
    """The jobs that need a person, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.job_id, l.task, j.args->'args', l.parked_at, l.reason, l.stalls, l.failures"
            " FROM jobs_lease l JOIN procrastinate_jobs j ON j.id = l.job_id"
            " WHERE l.parked_at IS NOT NULL ORDER BY l.parked_at DESC"
        )
        return [Parked(job, name, json.loads(args), *rest) for job, name, args, *rest in cursor.fetchall()]


QUEUES = 2  # in which a process works: it has a heart for each


@dataclass(frozen=True)
class Queue:
    """How the queue stands."""

    waiting: int  # due now
    later: int  # not due yet
    running: int
    parked: int
    oldest_s: float  # seconds since the longest waiting one was due; 0 when none waits
    workers: int  # processes whose heart beat in the last 30 s


def queue() -> Queue:
    """How the queue stands."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE)
        waiting, later, running, parked, oldest, workers = cursor.fetchone()
    return Queue(waiting, later, running, parked, float(oldest), -(-workers // QUEUES))


_QUEUE = """
SELECT count(*) FILTER (WHERE status = 'todo' AND due <= now()),
       count(*) FILTER (WHERE status = 'todo' AND due > now()),
       count(*) FILTER (WHERE status = 'doing'),
       (SELECT count(*) FROM jobs_lease WHERE parked_at IS NOT NULL),
       coalesce(extract(epoch FROM now() - min(due) FILTER (WHERE status = 'todo' AND due <= now())), 0),
       (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 s')
FROM procrastinate_jobs j
CROSS JOIN LATERAL (
    SELECT coalesce(j.scheduled_at, (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id)) AS due
) waits
WHERE status IN ('todo', 'doing')
"""
