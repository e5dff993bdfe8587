"""What this floor reads in the ledger: its own entries, to write to guests and hosts."""

from groundswell.events.services import routing, telling
from groundswell.ledger.models import Batch


class Looking:
    """Sees to it that somebody looks every day at the events to come, once there are any."""

    name = "events.looking"
    kinds: frozenset[str] | None = frozenset({"event.published", "event.imported"})

    def handle(self, entries: Batch) -> None:
        routing.look_tomorrow()


class Confirmations:
    """Queues confirmations and notices, and again those that waited for an address to be confirmed."""

    name = "events.confirmations"
    kinds: frozenset[str] | None = telling.KINDS | {telling.CONFIRMED}

    def handle(self, entries: Batch) -> None:
        telling.tell(entries)
