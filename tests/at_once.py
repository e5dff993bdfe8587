"""The same work in many threads at the same moment, as people press and processes run; and waiting for one another."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

HANGS_S = 120.0  # what takes longer never comes: a bound for a slow and busy machine, and no word on speed
_GATE = 1_957  # an advisory lock
STOP_AT_GATE = f"PERFORM pg_advisory_xact_lock_shared({_GATE});"


def together(work: Callable[[int], Any], count: int, returned: type[Exception] | tuple[type[Exception], ...] = ()):
    """Run `work(number)` in `count` threads that start at once, each connected before; their answers by number.

    An exception of the kinds in `returned` is an answer; any other is raised.
    """
    start = threading.Barrier(count)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            start.wait(HANGS_S)
            return work(number)
        except returned as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def until(true: Callable[[], Any], seconds: float = HANGS_S) -> None:
    """Wait until `true()` is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def waiting() -> int:
    """How many connections of the test's database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction would be told what it was told before
        cursor.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE datname = current_database() AND NOT granted"
        )
        return cursor.fetchone()[0]


@contextmanager
def gate(count: int) -> Iterator[None]:
    """Whoever comes to STOP_AT_GATE in a function's text goes on when `count` connections stand there."""
    shut = threading.Event()

    def keep() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [_GATE])
            shut.set()
            until(lambda: waiting() >= count)
        finally:
            shut.set()
            connection.close()  # opens it

    keeper = threading.Thread(target=keep)
    keeper.start()
    shut.wait()
    try:
        yield
    finally:
        keeper.join()
