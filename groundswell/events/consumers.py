"""What this floor reads in the ledger: its own entries, to write to guests and hosts."""

from groundswell.events.services import telling
from groundswell.ledger.models import Batch


class Confirmations:
    """Queues confirmations and notices."""

    name = "events.confirmations"
    kinds: frozenset[str] | None = telling.KINDS

    def handle(self, entries: Batch) -> None:
        telling.tell(entries)
