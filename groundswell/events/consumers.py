"""What this floor reads in the ledger: its own entries, to write to guests and hosts."""

from groundswell.events.services import telling
from groundswell.ledger.models import Batch


class Confirmations:
    """Queues confirmations and notices, and again those that waited for an address to be confirmed."""

    name = "events.confirmations"
    kinds: frozenset[str] | None = telling.KINDS | {telling.CONFIRMED}

    def handle(self, entries: Batch) -> None:
        telling.tell(entries)
