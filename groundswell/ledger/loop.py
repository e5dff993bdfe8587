"""The worker's loop: puts entries into blocks, runs the consumers, and keeps the ledger's house."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from django.db import InterfaceError, OperationalError, connection

from groundswell.ledger import hooks, services

logger = logging.getLogger(__name__)

TICK = 0.2  # seconds between looks while there is nothing to do
CHORES = 3600.0  # seconds between looks at partitions and old keys
LONGEST_WAIT = 5.0  # seconds between tries while the database is away


def run(stop: threading.Event) -> None:
    """Run until `stop` is set. Any number of processes may; one sequences, and each consumer runs once.

    Blocks are made in a thread of their own: readers who follow them do not wait for a slow consumer. Outlives the
    database: while that is away it tries again, at most `LONGEST_WAIT` seconds later. An error in one thread ends both,
    and sets `stop`.
    """
    with ThreadPoolExecutor(2, "ledger") as threads:
        running = [threads.submit(_repeat, work, stop) for work in (_Blocks(), _consume)]
        wait(running, return_when=FIRST_COMPLETED)
        stop.set()
    for one in running:
        one.result()


def _repeat(work: Callable[[], bool], stop: threading.Event) -> None:
    pause = TICK
    try:
        while not stop.is_set():
            try:
                worked, pause = work(), TICK
            except (OperationalError, InterfaceError) as error:
                connection.close()
                worked, pause = False, min(pause * 2, LONGEST_WAIT)
                logger.warning("The ledger waits %.1f s for the database: %s", pause, error)
            if not worked:
                stop.wait(pause)
    finally:
        connection.close()


class _Blocks:
    """Makes a block, and keeps the ledger's house now and then. Returns whether there was anything to do."""

    chores_at = 0.0

    def __call__(self) -> bool:
        if time.monotonic() >= self.chores_at:
            services.ensure_months_ahead()
            services.forget_old_keys()
            services.forget_old_news()
            self.chores_at = time.monotonic() + CHORES
        return services.sequence() > 0


def _consume() -> bool:
    """Hand each consumer its next blocks. Returns whether there was anything to do."""
    worked = False
    for consumer in hooks.consumers.values():
        try:
            worked |= services.consume(consumer) > 0
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: S112 - it is logged and stands on its cursor; the others go on
            continue
    return worked
