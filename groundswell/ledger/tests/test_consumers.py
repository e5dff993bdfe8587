"""A consumer gets each entry once, in order, whatever happens to it, to the others, or to its runner."""

import contextlib
import threading
import time

import pytest
import time_machine
from django.db import OperationalError, connection, transaction

from groundswell.kit import clock
from groundswell.ledger import hooks, loop, rules, selectors, services
from groundswell.ledger.models import Cursor
from groundswell.ledger.services import NewEntry, record, record_many
from tests.at_once import HANGS_S, together, until

ACTOR = rules.system_actor("test")


class Reader:
    """Remembers what it read, in a table: what its transaction loses, it forgets."""

    def __init__(self, name, kinds=None):
        self.name, self.kinds, self.trouble = name, kinds, ""

    def handle(self, entries):
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ledger_tally (kind, on_id, hour, currency, entries, quantity, amount)"
                " VALUES (%s, gen_random_uuid(), NULL, '', %s, 0, 0)",
                [(self.name, entry.id) for entry in entries],
            )
        if self.trouble:
            raise RuntimeError(self.trouble)

    def read(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT entries FROM ledger_tally WHERE kind = %s ORDER BY id", [self.name])
            return [entry_id for (entry_id,) in cursor.fetchall()]


@pytest.fixture
def still():
    """The clock of this process stands still."""
    with time_machine.travel(clock.now(), tick=False):
        yield


@pytest.fixture
def readers(monkeypatch):
    readers = {name: Reader(name) for name in ("first", "second")}
    monkeypatch.setattr(hooks, "consumers", readers)
    return readers


def write(n, kind="test.done"):
    with transaction.atomic():
        return [record(kind, actor=ACTOR) for _ in range(n)]


@pytest.mark.django_db
def test_each_entry_comes_once_and_in_order(readers):
    ids = write(3)
    services.catch_up()
    ids += write(2)
    services.catch_up()
    services.catch_up()
    assert readers["first"].read() == readers["second"].read() == ids


@pytest.mark.django_db
def test_a_consumer_gets_only_its_kinds(readers):
    readers["first"].kinds = frozenset({"test.other"})
    write(3)
    ids = write(2, "test.other")
    services.catch_up()
    assert readers["first"].read() == ids
    assert Cursor.objects.get(consumer="first").block == Cursor.objects.get(consumer="second").block


@pytest.mark.django_db
def test_a_consumer_that_fails_changes_nothing_waits_and_lets_the_others_go_on(readers, still):
    ids = write(3)
    readers["first"].trouble = "no more paper"
    with pytest.raises(RuntimeError, match="no more paper"):
        services.catch_up()
    assert readers["first"].read() == []
    assert readers["second"].read() == ids
    (troubled,) = selectors.troubled()
    assert (troubled.name, troubled.problem, troubled.failures) == ("first", "RuntimeError: no more paper", 1)
    assert troubled.behind == 3
    assert (troubled.retry_at - clock.now()).total_seconds() == 2

    readers["first"].trouble = ""
    assert services.consume(readers["first"]) == 0  # a worker waits
    Cursor.objects.update(retry_at=clock.now())
    assert services.consume(readers["first"]) == 1
    assert readers["first"].read() == ids
    assert selectors.troubled() == []


@pytest.mark.django_db
def test_the_waits_grow_to_five_minutes(readers, still):
    readers["first"].trouble = "no more paper"
    write(1)
    waits = []
    for _ in range(12):
        with pytest.raises(RuntimeError):
            services.consume(readers["first"], wait=True) or services.catch_up()
        waits.append((Cursor.objects.get(consumer="first").retry_at - clock.now()).total_seconds())
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 300


@pytest.mark.django_db
def test_a_database_that_is_away_is_not_the_consumers_fault(readers, monkeypatch):
    write(1)
    services.sequence()
    monkeypatch.setattr(readers["first"], "handle", lambda entries: (_ for _ in ()).throw(OperationalError("away")))
    with pytest.raises(OperationalError):
        services.consume(readers["first"])
    assert selectors.troubled() == []


@contextlib.contextmanager
def running(count):
    """So many loops, until the block ends."""
    stop = threading.Event()
    runners = [threading.Thread(target=loop.run, args=[stop], name="runner") for _ in range(count)]
    for thread in runners:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in runners:
            thread.join()


@pytest.mark.django_db(transaction=True)
def test_many_runners_at_once_hand_each_entry_over_once(readers, monkeypatch):
    monkeypatch.setattr(services, "BLOCK", 5)
    with running(4):
        written = sum(together(lambda n: [entry for _ in range(25) for entry in write(2)], 4), [])
        until(lambda: len(readers["second"].read()) >= 200)
    services.catch_up()
    assert sorted(readers["first"].read()) == sorted(readers["second"].read()) == sorted(written)
    assert readers["first"].read() == readers["second"].read()


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_on_the_cursor_two_runners_count_twice(readers, monkeypatch):
    """The control."""
    monkeypatch.setattr(
        services, "_MY_CURSOR", "SELECT block FROM ledger_cursor WHERE consumer = %s OR (%s AND %s IS NULL) --"
    )
    write(5)
    services.sequence()
    Cursor.objects.create(consumer="first")
    both = threading.Barrier(2)
    handle = readers["first"].handle
    monkeypatch.setattr(readers["first"], "handle", lambda entries: (both.wait(HANGS_S), handle(entries)))
    together(lambda n: services.consume(readers["first"]), 2)
    assert len(readers["first"].read()) == 10


@pytest.mark.django_db(transaction=True)
def test_the_loop_outlives_its_connections(readers, monkeypatch):
    monkeypatch.setattr(loop, "LONGEST_WAIT", 0.5)
    ids = []
    with running(1):
        for _ in range(4):
            ids += write(2)
            time.sleep(0.3)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        until(lambda: len(readers["second"].read()) >= len(ids))
    assert readers["second"].read() == ids


@pytest.mark.django_db
def test_lag_tells_how_far_behind_everybody_is(readers):
    record_many(NewEntry("test.done", ACTOR) for _ in range(7))
    lag = selectors.lag()
    assert lag.pending == 7
    assert 0 <= lag.oldest_s < HANGS_S
    services.sequence()
    services.consume(readers["first"])
    lag = selectors.lag()
    assert (lag.pending, lag.block) == (0, Cursor.objects.get(consumer="first").block)
    assert [consumer.behind for consumer in lag.consumers] == [0, 7]
