"""A job is in the queue exactly when the change it belongs to is committed."""

import pytest
from django.db import connection, transaction

from groundswell.jobs import hooks, services, worker


@pytest.fixture(autouse=True)
def ran(monkeypatch):
    """Arguments of the runs of the job `test.note`."""
    ran = []
    monkeypatch.setitem(hooks.jobs, "test.note", lambda lease, **args: ran.append(args))
    return ran


def waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_rollback_leaves_no_job_and_commit_leaves_one():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.enqueue("test.note", n=1)
        raise ZeroDivisionError
    assert waiting() == 0
    with transaction.atomic():
        services.enqueue("test.note", n=1)
    assert waiting() == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_enqueued_by_a_job_is_part_of_its_transaction(monkeypatch):
    def parent(lease):
        with lease.transaction():
            services.enqueue("test.note", n=1)
            raise ZeroDivisionError

    monkeypatch.setitem(hooks.jobs, "test.parent", parent)
    services.enqueue("test.parent")
    with pytest.raises(ZeroDivisionError):
        worker.drain()
    assert waiting() == 1  # the parent, which waits for its next try


@pytest.mark.django_db
def test_jobs_get_their_arguments_and_are_gone_when_done(ran):
    services.enqueue("test.note", n=1, name="José")
    assert worker.drain() == 1
    assert ran == [{"n": 1, "name": "José"}]
    assert waiting() == 0


@pytest.mark.django_db
def test_an_unknown_job_is_refused_at_once():
    with pytest.raises(ValueError, match="nobody"):
        services.enqueue("nobody")


@pytest.mark.django_db
def test_a_queueing_lock_keeps_a_second_job_out_without_spoiling_the_transaction(ran):
    assert services.enqueue("test.note", queueing_lock="one", n=1)
    assert services.enqueue("test.note", queueing_lock="one", n=2) is None
    assert services.enqueue("test.note", queueing_lock="two", n=3)
    assert worker.drain() == 2
    assert ran == [{"n": 1}, {"n": 3}]


@pytest.mark.django_db
def test_a_job_does_not_run_before_its_time(ran):
    from datetime import timedelta

    from groundswell.kit import clock

    services.enqueue("test.note", at=clock.now() + timedelta(hours=1))
    assert worker.drain() == 0


@pytest.mark.django_db
def test_enqueueing_sends_no_notify():
    """It would serialise the commits of the whole database; an update of procrastinate may bring it back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid"
            " WHERE tgrelid = 'procrastinate_jobs'::regclass AND tgenabled <> 'D'"
            " AND prosrc LIKE '%pg_notify%' AND tgname NOT LIKE '%abort%'"
        )
        assert cursor.fetchall() == []
