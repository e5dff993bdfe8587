"""Tallies say what the ledger says, however the entries came in, and again when they are made anew."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from groundswell.kit.money import Money
from groundswell.ledger import consumers, hooks, rules, selectors, services
from groundswell.ledger.models import Cursor, Entry, Tally
from groundswell.ledger.services import NewEntry, record_many

ACTOR = rules.system_actor("test")
SUBJECTS = [UUID(int=n) for n in range(1, 6)]


def entries(seed, n):
    """Random entries over three months and a few subjects."""
    die = random.Random(seed)
    since = datetime(2026, 1, 15, tzinfo=UTC)
    for _ in range(n):
        yield NewEntry(
            die.choice(["test.done", "test.other", "test.third"]),
            ACTOR,
            on=die.choice([None, *(("event", subject) for subject in SUBJECTS)]),
            quantity=die.randint(-2, 9),
            money=die.choice([None, Money(die.randint(1, 9999), "USD"), Money(die.randint(1, 9999), "EUR")]),
            at=since + timedelta(minutes=die.randint(0, 90 * 24 * 60)),
        )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_tallies_equal_a_count_by_hand_and_a_rebuild_equals_the_live_ones(seed, monkeypatch):
    monkeypatch.setattr(services, "BLOCK", random.Random(seed).choice([7, 50, 1000]))
    for part in range(4):
        record_many(entries(seed * 10 + part, 60))
        services.catch_up()
    quantity, amounts, hours = Counter(), Counter(), Counter()
    for entry in Entry.objects.all():
        hour = entry.at.replace(minute=0, second=0, microsecond=0)
        for on_id in {Tally.ALL, entry.on_id or Tally.ALL}:
            quantity[entry.kind, on_id] += entry.quantity
            hours[entry.kind, hour, on_id] += 1
            if entry.currency:
                amounts[entry.kind, on_id, entry.currency] += entry.amount
    for kind, on_id in quantity:
        count = selectors.tally(kind, on_id)
        assert count.quantity == quantity[kind, on_id]
        assert count.amount == {c: amount for (k, o, c), amount in amounts.items() if (k, o) == (kind, on_id)}
        for hour in selectors.per_hour([kind], datetime(2026, 1, 1, tzinfo=UTC), on_id=on_id):
            assert hour.count.entries == hours.pop((kind, hour.hour, on_id))
    assert not hours
    live = hooks.consumers["tallies"].digest()
    rebuilt = services.rebuild(hooks.consumers["tallies"])
    assert rebuilt.before == rebuilt.after == live


@pytest.mark.django_db
def test_hours_end_before_until():
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    record_many(NewEntry("test.done", ACTOR, at=at + timedelta(hours=n)) for n in range(3))
    services.catch_up()
    hours = selectors.per_hour(["test.done"], at.replace(minute=0), at.replace(hour=14, minute=0))
    assert [hour.hour.hour for hour in hours] == [12, 13]


@pytest.mark.django_db
def test_a_kind_that_never_happened_counts_zero():
    assert selectors.tally("test.done").entries == 0


@pytest.mark.django_db
def test_a_damaged_projection_is_made_right_and_said_to_have_differed():
    record_many(entries(1, 50))
    services.catch_up()
    right = hooks.consumers["tallies"].digest()
    Tally.objects.filter(kind="test.done").update(entries=999)
    out = StringIO()
    call_command("ledger", "rebuild", "tallies", stdout=out, stderr=StringIO())
    assert "what the ledger says" in out.getvalue()
    assert right in out.getvalue()
    assert hooks.consumers["tallies"].digest() == right
    out = StringIO()
    call_command("ledger", "rebuild", "tallies", stdout=out, stderr=StringIO())
    assert "The same as before." in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "nonsense"])
def test_an_unknown_projection_lists_the_known_ones(name):
    with pytest.raises(CommandError, match="Name one of: tallies"):
        call_command("ledger", "rebuild", name)


@pytest.mark.django_db(transaction=True)
def test_a_worker_keeps_away_from_a_projection_that_is_being_rebuilt():
    import threading

    with transaction.atomic():
        record_many(entries(1, 50))
    services.catch_up()
    tallies, kept_away = consumers.Tallies(), []

    def worker():
        try:
            kept_away.append(services.consume(tallies))
        finally:
            connection.close()

    def meanwhile(done, last):
        thread = threading.Thread(target=worker)
        Cursor.objects.update(block=0)  # there is work
        thread.start()
        thread.join()
        Cursor.objects.update(block=last)

    assert services.rebuild(tallies, meanwhile).block == 1
    assert kept_away == [0]
    Cursor.objects.update(block=0)
    worker()  # the control: afterwards it works
    assert kept_away == [0, 1]
