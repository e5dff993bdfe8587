"""A round is queued again and again, by one worker at a time."""

from datetime import timedelta

import pytest

from groundswell.jobs import hooks, services, worker
from groundswell.kit import clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def made(monkeypatch):
    """What a round did, once for each time it ran."""
    ran = []
    monkeypatch.setitem(hooks.jobs, "test.round", lambda lease: ran.append(lease.job_id))
    monkeypatch.setattr(hooks, "rounds", {"test.round": HOUR})
    return ran


def test_a_round_runs_once_until_its_time_has_come_again(made, monkeypatch):
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    services.make_rounds()
    services.make_rounds()
    worker.drain()
    assert len(made) == 1

    monkeypatch.setattr(clock, "now", lambda: start + HOUR)
    services.make_rounds()
    worker.drain()
    assert len(made) == 2


def test_a_round_that_waits_is_not_queued_twice(made, monkeypatch):
    start = clock.now()
    for hours in range(3):
        monkeypatch.setattr(clock, "now", lambda hours=hours: start + hours * HOUR)
        services.make_rounds()
    worker.drain()
    assert len(made) == 1
