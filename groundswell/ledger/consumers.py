"""The ledger's own consumer: tallies."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection

from groundswell.ledger.models import Entry, Tally

Key = tuple[str, UUID, datetime | None, str]


class Tallies:
    """Counts entries per kind and subject, in total and per hour."""

    name = "tallies"
    kinds: frozenset[str] | None = None

    def handle(self, entries: Sequence[Entry]) -> None:
        counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
        for entry in entries:
            hour = entry.at.replace(minute=0, second=0, microsecond=0)
            for on_id in {Tally.ALL, entry.on_id or Tally.ALL}:
                for when in (None, hour):
                    count = counts[entry.kind, on_id, when, entry.currency or ""]
                    count[0] += 1
                    count[1] += entry.quantity
                    count[2] += entry.amount or 0
        # One statement, rows in one order: two runners can never wait for each other in a circle.
        keys = sorted(counts, key=lambda key: (key[0], key[1], key[2].timestamp() if key[2] else 0.0, key[3]))
        columns = [*zip(*keys, strict=True), *zip(*(counts[key] for key in keys), strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [list(column) for column in columns])

    def reset(self) -> None:
        Tally.objects.all().delete()

    def digest(self) -> str:
        digest = sha256()
        rows = Tally.objects.order_by("kind", "on_id", "hour", "currency").values_list(
            "kind", "on_id", "hour", "currency", "entries", "quantity", "amount"
        )
        for row in rows.iterator(10_000):
            digest.update(repr(tuple(map(str, row))).encode())
        return digest.hexdigest()


_ADD = """
INSERT INTO ledger_tally AS kept (kind, on_id, hour, currency, entries, quantity, amount)
SELECT * FROM unnest(%s::text[], %s::uuid[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
ON CONFLICT (kind, on_id, hour, currency) DO UPDATE SET
    entries = kept.entries + excluded.entries,
    quantity = kept.quantity + excluded.quantity,
    amount = kept.amount + excluded.amount
"""
