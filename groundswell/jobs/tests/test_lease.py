"""Only the run that holds the newest lease commits, and only it says how the job ended."""

import asyncio

import pytest
from django.db import connection
from procrastinate.jobs import Job, Status

from groundswell.jobs import hooks, models, services, worker
from groundswell.jobs.services import Lease, LeaseLost
from tests.at_once import together


@pytest.fixture
def running(monkeypatch):
    """A job that a worker without a heartbeat fetched: (id, attempts)."""
    monkeypatch.setitem(hooks.jobs, "test.slow", lambda lease: None)
    services.enqueue("test.slow", queueing_lock="slow")
    return fetch()


def fetch():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, attempts FROM procrastinate_fetch_job_v2(NULL, NULL)")
        return cursor.fetchone()


def status():
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs")
        return cursor.fetchone()[0]


def effect():
    models.Lease.objects.create(job_id=-1, task="effect", token=services.uuid4(), taken_at=services.clock.now())


def effects():
    return models.Lease.objects.filter(job_id=-1).count()


@pytest.mark.django_db
def test_the_holder_commits(running):
    lease = services.take(*running, "test.slow")
    with lease.transaction():
        effect()
    assert effects() == 1


@pytest.mark.django_db
def test_a_run_whose_lease_moved_before_its_effect_cannot_commit(running):
    lease = services.take(*running, "test.slow")
    assert services.reap(30) == 1
    with pytest.raises(LeaseLost), lease.transaction():
        effect()
    assert effects() == 0


@pytest.mark.django_db
def test_a_run_whose_lease_moved_during_its_effect_cannot_commit(running):
    lease = services.take(*running, "test.slow")
    with pytest.raises(LeaseLost), lease.transaction():
        effect()
        services.reap(30)
    assert effects() == 0


@pytest.mark.django_db
def test_without_the_check_both_runs_take_effect(running, monkeypatch):
    """The control."""
    monkeypatch.setattr(Lease, "_check", lambda self, lock: None)
    lease = services.take(*running, "test.slow")
    with lease.transaction():
        effect()
        services.reap(30)
    assert effects() == 1


@pytest.mark.django_db
def test_a_run_that_was_overtaken_cannot_take_the_lease_back(running):
    services.reap(30)
    newer = services.take(*fetch(), "test.slow")
    with pytest.raises(LeaseLost):
        services.take(*running, "test.slow")
    with newer.transaction():
        effect()


@pytest.mark.django_db
def test_a_waiting_twin_with_the_same_queueing_lock_does_not_stop_the_reaper(running):
    services.enqueue("test.slow", queueing_lock="slow")
    assert services.reap(30) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_a_run_that_was_overtaken_cannot_end_the_job(running, guarded, monkeypatch):
    """Unguarded (the control), the job that waits for its next run is marked as done and lost."""
    if not guarded:
        monkeypatch.setattr(
            worker, "_FINISH", "SELECT procrastinate_finish_job_v1(%(job_id)s, %(status)s, %(delete_job)s)"
        )
    services.reap(30)
    assert status() == "todo"
    job_id, attempts = running
    old = Job(id=job_id, attempts=attempts, queue="default", lock=None, queueing_lock=None, task_name="groundswell")

    async def finish():
        app = worker._app()
        async with app.open_async():
            await app.job_manager.finish_job(old, Status.SUCCEEDED, delete_job=False)

    asyncio.run(finish())
    assert status() == ("todo" if guarded else "succeeded")


@pytest.mark.django_db(transaction=True)
def test_twenty_reapers_at_once_take_a_job_once(running):
    assert sum(together(lambda n: services.reap(30), 20)) == 1
    assert models.Lease.objects.get().stalls == 1
