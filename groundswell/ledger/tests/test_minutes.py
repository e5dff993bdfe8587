"""Counting kinds minute by minute in memory: as a count of all entries says, whatever the worker has read by now."""

import random
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction

from groundswell.kit.clock import now
from groundswell.ledger import hooks, selectors, services
from groundswell.ledger.services import NewEntry

KINDS = ["test.other", "test.third"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def still():
    """No minute ends between two looks."""
    with time_machine.travel(now(), tick=False):
        yield


def write(chance, most=40):
    """Some entries, a few of them for other kinds, for hours ago, or taken back."""
    with transaction.atomic():
        services.record_many(
            NewEntry(
                chance.choice([*KINDS, "test.done"]),
                "system:test",
                quantity=chance.choice([1, 1, 3, -1]),
                at=now() - timedelta(minutes=chance.choice([0, 0, 0, 1, 20, 59, 90])),
            )
            for _ in range(chance.randrange(most))
        )


def counted():
    """What the whole ledger says."""
    since = now().replace(second=0, microsecond=0) - selectors.MINUTES_OF
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, date_trunc('minute', at, 'UTC'), count(*), sum(quantity) FROM ledger_entry"
            " WHERE kind = ANY (%s) GROUP BY 1, 2",
            [KINDS],
        )
        rows = cursor.fetchall()
    totals = {
        kind: (sum(r[2] for r in rows if r[0] == kind), sum(r[3] for r in rows if r[0] == kind)) for kind in KINDS
    }
    return totals, {(kind, minute): (n, sum_) for kind, minute, n, sum_ in rows if minute >= since}


def seen(follower):
    found = follower.look()
    plain = {key: (count.entries, count.quantity) for key, count in found.minutes.items()}
    return {kind: (count.entries, count.quantity) for kind, count in found.totals.items()}, plain


def take_turns(seed, turn):
    """Write, sequence and count in any order; `turn` looks."""
    chance = random.Random(seed)
    for _ in range(25):
        write(chance)
        if chance.random() < 0.5:
            services.sequence(wait=True)
        if chance.random() < 0.3:
            services.consume(hooks.consumers["tallies"], wait=True)
        turn()


@pytest.mark.parametrize("seed", range(3))
def test_each_look_counts_what_is_committed_by_then(seed):
    follower = selectors.Follower(KINDS)
    looks = []

    def look():
        looks.append((seen(follower), seen(selectors.Follower(KINDS)), counted()))

    take_turns(seed, look)
    for followed, begun, whole in looks:
        assert followed == begun == whole
    assert max(whole[0]["test.other"][0] for _one, _two, whole in looks) > 50


def test_the_control_that_follows_blocks_alone_misses_what_waits(monkeypatch):
    monkeypatch.setattr(selectors, "MOST_WAITING", 0)
    follower = selectors.Follower(KINDS)
    missed = []
    take_turns(1, lambda: missed.append(seen(follower) != counted()))
    assert any(missed)


def test_how_late_the_ledger_is(db):
    follower = selectors.Follower(KINDS)
    assert follower.look().late_s == 0
    write(random.Random(3), 400)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_pending SET since = since - interval '12 s'")
    assert 12 <= follower.look().late_s < 60
    services.sequence(wait=True)
    assert follower.look().late_s == 0
