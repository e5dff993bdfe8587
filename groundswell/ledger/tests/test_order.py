"""Reading by id loses entries that commit late; reading by block loses none, also after a move into a new cluster."""

import contextlib
import random
import subprocess
import threading
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.conninfo import conninfo_to_dict

from groundswell.config import database
from groundswell.ledger import services, verify
from tests.at_once import until

MIGRATIONS = Path(services.__file__).parent / "migrations"
TABLES = [MIGRATIONS / "0001_tables.sql", MIGRATIONS / "0004_news.sql"]
FAST = {"fsync": "off", "shared_buffers": "'32MB'", "max_connections": "40"}
WRITERS, EACH = 5, 60


@contextlib.contextmanager
def django_on(url):
    """Django's connection of this thread, and only of this one, is to that cluster."""
    before, parts = connections["default"], conninfo_to_dict(url)
    settings = {**before.settings_dict, "NAME": parts["dbname"], "HOST": parts["host"], "USER": parts["user"]}
    connections["default"] = DatabaseWrapper({**settings, "OPTIONS": {}}, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


@contextlib.contextmanager
def sequencer(url):
    """Makes blocks every 20 ms for as long as the block lasts."""
    stop = threading.Event()

    def run():
        with django_on(url):
            while not stop.wait(0.02):
                services.sequence()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def write(connection, before_commit=0.0):
    connection.execute("INSERT INTO ledger_entry (kind, actor) VALUES ('test.done', 'system:test')")
    time.sleep(before_commit)
    connection.commit()


def writer(url, seed):
    die = random.Random(seed)
    with psycopg.connect(url) as connection:
        for _ in range(EACH):
            write(connection, die.choice([0, 0, 0.002, 0.03]))


def long_writer(url, began, end):
    """An import that writes first and commits last."""
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO ledger_entry (kind, actor) VALUES ('test.done', 'system:long')")
        began.set()
        end.wait()
        connection.commit()


class Readers:
    """Two readers that remember how far they are: one by id, one by block."""

    def __init__(self):
        self.by_id, self.by_block = [], []
        self.last_id = self.last_block = 0

    def read(self, connection):
        for (entry_id,) in connection.execute(
            "SELECT id FROM ledger_entry WHERE id > %s ORDER BY id", [self.last_id]
        ).fetchall():
            self.by_id.append(entry_id)
            self.last_id = entry_id
        for n, ids in connection.execute(
            "SELECT n, entry_ids FROM ledger_block WHERE n > %s ORDER BY n", [self.last_block]
        ).fetchall():
            assert n == self.last_block + 1
            self.by_block += ids
            self.last_block = n


def programme(url, readers):
    """Writers of all sorts at once, while both readers read on."""
    began, end, stop = threading.Event(), threading.Event(), threading.Event()

    def reader():
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.is_set():
                readers.read(connection)
                time.sleep(0.005)

    slow = threading.Thread(target=long_writer, args=[url, began, end])
    reading = threading.Thread(target=reader)
    writers = [threading.Thread(target=writer, args=[url, seed]) for seed in range(WRITERS)]
    slow.start()
    began.wait()
    reading.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    until_none_waits(url)  # the long transaction, still open, holds nobody back
    newest = one(url, "SELECT max(id) FROM ledger_entry")
    until(lambda: readers.last_id >= newest)  # and whoever reads by id is past it
    end.set()
    slow.join()
    until_none_waits(url)
    last = one(url, "SELECT max(n) FROM ledger_block")
    until(lambda: readers.last_block >= last)
    stop.set()
    reading.join()


def until_none_waits(url):
    until(lambda: not one(url, "SELECT count(*) FROM ledger_pending"))


def one(url, sql):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql).fetchone()[0]


@pytest.fixture
def _django(django_db_blocker):
    with django_db_blocker.unblock():
        yield


def test_by_id_entries_are_lost_and_by_block_none_before_and_after_a_restore_into_a_new_cluster(tmp_path, _django):
    dump = tmp_path / "dump.sql"
    readers = Readers()
    with database.running(tmp_path / "old", FAST) as old:
        run("psql", old, "-q", "-v", "ON_ERROR_STOP=1", *(word for file in TABLES for word in ("-f", str(file))))
        with sequencer(old):
            programme(old, readers)
        assert sorted(readers.by_block) == sorted(ids(old))
        assert len(set(ids(old)) - set(readers.by_id)) >= 1  # the control: at least the long one
        with psycopg.connect(old) as connection:
            for _ in range(7):
                write(connection)  # these wait for their block in the dump
        with psycopg.connect(old, autocommit=True) as connection:
            for _ in range(1000):
                connection.execute("SELECT pg_current_xact_id()")
        old_transaction = one(old, "SELECT pg_current_xact_id()::text::bigint")
        run("pg_dump", old, "-f", str(dump))

    with database.running(tmp_path / "new", FAST) as new:
        run("psql", new, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))
        assert one(new, "SELECT pg_current_xact_id()::text::bigint") < old_transaction  # they start over
        lost_before = len(set(ids(new)) - set(readers.by_id)) - 7
        with sequencer(new):
            programme(new, readers)
        assert len(ids(new)) == 2 * (WRITERS * EACH + 1) + 7
        assert sorted(readers.by_block) == sorted(ids(new))
        assert len(set(ids(new)) - set(readers.by_id)) > lost_before
        with django_on(new):
            assert list(verify.findings()) == []


def ids(url):
    with psycopg.connect(url, autocommit=True) as connection:
        return [entry_id for (entry_id,) in connection.execute("SELECT id FROM ledger_entry")]


def run(program, url, *words):
    subprocess.run([database.binaries() / program, *words, "-d", url], check=True, capture_output=True)
