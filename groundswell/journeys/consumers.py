"""What this floor reads in the ledger: the deeds that begin a journey. Which kinds those are is known only when it
reads; where no journey runs that a deed begins, it looks at no entry."""

from groundswell.journeys.services import walking
from groundswell.ledger.models import Batch


class Beginnings:
    """Lets people in."""

    name = "journeys.beginnings"
    kinds: frozenset[str] | None = None

    def handle(self, entries: Batch) -> None:
        if kinds := walking.deeds():
            walking.let_in(Batch(entries.ids, entries.first, entries.last, kinds))
