"""The worker's loop: puts entries into blocks, runs the consumers, and keeps the ledger's house."""

import logging
import threading
import time

from django.db import InterfaceError, OperationalError, connection

from groundswell.ledger import hooks, services

logger = logging.getLogger(__name__)

TICK = 0.2  # seconds between looks while there is nothing to do
CHORES = 3600.0  # seconds between looks at partitions and old keys
LONGEST_WAIT = 5.0  # seconds between tries while the database is away


def run(stop: threading.Event) -> None:
    """Run until `stop` is set. Any number of processes may; one sequences, and each consumer runs once.

    Outlives the database: while that is away it tries again, at most `LONGEST_WAIT` seconds later.
    """
    wait, chores_at = TICK, 0.0
    try:
        while not stop.is_set():
            try:
                if time.monotonic() >= chores_at:
                    services.ensure_months_ahead()
                    services.forget_old_keys()
                    chores_at = time.monotonic() + CHORES
                worked, wait = _once(), TICK
            except (OperationalError, InterfaceError) as error:
                connection.close()
                worked, wait = False, min(wait * 2, LONGEST_WAIT)
                logger.warning("The ledger waits %.1f s for the database: %s", wait, error)
            if not worked:
                stop.wait(wait)
    finally:
        connection.close()


def _once() -> bool:
    """Make one block and hand each consumer its next ones. Returns whether there was anything to do."""
    worked = services.sequence() > 0
    for consumer in hooks.consumers.values():
        try:
            worked |= services.consume(consumer) > 0
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: S112 - it is logged and stands on its cursor; the others go on
            continue
    return worked
