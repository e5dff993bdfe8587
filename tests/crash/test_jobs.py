"""Workers that are killed or frozen in the middle of a job. Everything runs at a faster pace than in truth."""

import signal
import threading
from uuid import uuid4

import pytest
from django.db import connection
from procrastinate.worker import Worker

from groundswell.jobs import hooks, selectors, services, worker
from groundswell.jobs.worker import Pace
from tests.at_once import HANGS_S, until
from tests.crash.processes import HEARTBEAT

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def log(monkeypatch):
    monkeypatch.setitem(hooks.jobs, "crash.act", lambda lease: None)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE crash_log (id serial, what text)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE crash_log")


def logged(what):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM crash_log WHERE what = %s", [what])
        return cursor.fetchone()[0]


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs")
        return [status for (status,) in cursor.fetchall()]


def workers():
    return selectors.queue().workers


def test_a_killed_worker_costs_at_most_95_seconds(process):
    real = Pace()
    assert real.stalled + real.reap + real.poll < 95
    services.enqueue("crash.act", linger=1)
    with process("worker") as first:
        until(lambda: logged("began") == 1)
        with process("worker"):
            until(lambda: workers() == 2)
            first(signal.SIGKILL)
            until(lambda: logged("effect") == 1)
            until(lambda: jobs() == [])
    assert logged("began") == 2


@pytest.mark.parametrize("guarded", [True, False])
def test_a_frozen_worker_that_wakes_up_cannot_commit(guarded, process):
    """Unguarded (the control), the job takes effect twice."""
    flags = ["NAP"] if guarded else ["NAP", "UNGUARDED"]
    services.enqueue("crash.act", linger=1)
    with process("worker", *flags) as frozen:
        until(lambda: logged("began") == 1)
        frozen(signal.SIGSTOP)
        with process("worker", *flags):
            until(lambda: jobs() == [])
            assert logged("effect") == 1
            frozen(signal.SIGCONT)
            if guarded:
                until(lambda: workers() == 2)  # it has begun anew, so it is past its job
                services.enqueue("crash.act", linger=1)
                services.enqueue("crash.act", linger=1)
                until(lambda: jobs() == [])
                assert logged("effect") == 3
                assert logged("began") == 4
            else:
                until(lambda: logged("over") == 2)
                assert logged("effect") == 2


def test_three_deaths_park_a_job_until_a_person_unparks_it(process):
    job_id = services.enqueue("crash.act", linger=3)
    for death in (1, 2, 3):
        with process("worker") as worker:
            until(lambda death=death: logged("began") == death)
            worker(signal.SIGKILL)
    with process("worker"):
        until(selectors.parked)
        (parked,) = selectors.parked()
        assert (parked.job_id, parked.name, parked.stalls) == (job_id, "crash.act", 3)
        assert "3 times" in parked.reason
        assert jobs() == ["failed"]
        assert logged("effect") == 0
        services.unpark(job_id, f"user:{uuid4()}")
        until(lambda: logged("effect") == 1)


def test_a_worker_outlives_its_connections(process):
    """Its backends are terminated while it is idle and while it works; the job is done all the same."""
    with process("worker", "NAP"):
        until(lambda: workers() == 1)
        for linger in (0, 9):
            services.enqueue("crash.act", linger=linger)
            until(lambda: "doing" in jobs() or jobs() == [])
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            until(lambda: jobs() == [])
    connection.close()
    assert logged("effect") >= 2  # whoever is cut off right after the effect runs again


def test_a_stopped_worker_finishes_what_it_runs(monkeypatch):
    stop, asked, done = threading.Event(), threading.Event(), []
    ask = Worker.stop
    monkeypatch.setattr(Worker, "stop", lambda self: (ask(self), asked.set()))

    def act(lease):
        stop.set()
        assert asked.wait(HANGS_S)
        with lease.transaction():
            done.append(1)

    hooks.jobs["crash.act"] = act
    services.enqueue("crash.act")
    services.enqueue("crash.act")
    worker.run(stop, Pace(HEARTBEAT, poll=0.1, concurrency=1))
    assert done == [1]
    assert jobs() == ["todo"]
    assert workers() == 0
