"""A job that raises is tried again, later each time, and parked after five tries until a person looks."""

from uuid import uuid4

import pytest
import time_machine
from django.db import connection

from groundswell.jobs import hooks, models, selectors, services, worker
from groundswell.kit import clock

SOMEBODY = f"user:{uuid4()}"


@pytest.fixture
def broken(monkeypatch):
    """A job that raises while this list has something in it."""
    broken = ["disk full"]

    def job(lease, **args):
        if broken:
            raise RuntimeError(broken[0])

    monkeypatch.setitem(hooks.jobs, "test.broken", job)
    return broken


def due_now():
    """Lets each job run at once; how long they would have waited."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH was AS (SELECT id, scheduled_at AS due FROM procrastinate_jobs)"
            " UPDATE procrastinate_jobs j SET scheduled_at = NULL FROM was WHERE was.id = j.id RETURNING due"
        )
        return [(due - clock.now()).total_seconds() for (due,) in cursor.fetchall() if due]


@pytest.mark.django_db
def test_tries_get_further_apart_and_the_fifth_parks_the_job(broken):
    job_id = services.enqueue("test.broken", mailing=7)
    waits = []
    with time_machine.travel(clock.now(), tick=False):
        for _ in range(5):
            with pytest.raises(RuntimeError):
                worker.drain()
            waits += due_now()
    assert waits == [10, 40, 160, 640]
    assert worker.drain() == 0
    (parked,) = selectors.parked()
    assert (parked.job_id, parked.name, parked.args, parked.failures) == (job_id, "test.broken", {"mailing": 7}, 5)
    assert parked.reason == "RuntimeError: disk full"
    assert selectors.queue().parked == 1


@pytest.mark.django_db
def test_an_unparked_job_runs_again_and_starts_counting_anew(broken):
    job_id = services.enqueue("test.broken")
    for _ in range(5):
        with pytest.raises(RuntimeError):
            worker.drain()
        due_now()
    broken.clear()
    assert services.unpark(job_id, SOMEBODY)
    assert not services.unpark(job_id, SOMEBODY)  # it is not parked any more
    assert worker.drain() == 1
    assert selectors.parked() == []
    assert not models.Lease.objects.exists()


@pytest.mark.django_db
def test_a_job_nobody_registers_any_more_is_parked_with_its_name(monkeypatch, broken):
    services.enqueue("test.broken")
    monkeypatch.delitem(hooks.jobs, "test.broken")
    with pytest.raises(LookupError, match=r"test\.broken"):
        worker.drain()


@pytest.mark.django_db
def test_a_retried_job_does_not_collide_with_a_newer_one_of_the_same_queueing_lock(broken):
    services.enqueue("test.broken", queueing_lock="one")
    with pytest.raises(RuntimeError):
        worker.drain()
    assert services.enqueue("test.broken", queueing_lock="one")
    broken.clear()
    due_now()
    assert worker.drain() == 2
