"""What this floor reads in the ledger: addresses that were confirmed."""

from groundswell.ledger.models import Batch
from groundswell.messaging import services


class Released:
    """Lets out what waited for an address to be confirmed."""

    name = "messaging.released"
    kinds: frozenset[str] | None = frozenset({"person.contact_verified"})

    def handle(self, entries: Batch) -> None:
        services.release([entry.person_id for entry in entries if entry.person_id])
