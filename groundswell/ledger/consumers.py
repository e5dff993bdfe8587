"""The ledger's own consumer: tallies."""

from collections.abc import Sequence

from groundswell.ledger.models import Entry


class Tallies:
    """Counts entries per kind and subject, in total and per hour."""

    name = "tallies"
    kinds: frozenset[str] | None = None

    def handle(self, entries: Sequence[Entry]) -> None:
        raise NotImplementedError
