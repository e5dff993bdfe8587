"""The same work in many threads at the same moment, as people press and processes run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, connections


def together(work: Callable[[int], Any], count: int, returned: type[Exception] | tuple[type[Exception], ...] = ()):
    """Run `work(number)` in `count` threads that start at once, each connected before; their answers by number.

    An exception of the kinds in `returned` is an answer; any other is raised.
    """
    start = Barrier(count)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            start.wait(30)
            return work(number)
        except returned as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
