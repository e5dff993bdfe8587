"""The ledger's own consumer: tallies."""

from hashlib import sha256

from django.db import connection

from groundswell.ledger.models import ONE_BY_ONE, Batch, Tally


class Tallies:
    """Counts entries per kind and subject, in total and per hour."""

    name = "tallies"
    kinds: frozenset[str] | None = None

    def handle(self, entries: Batch) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, {"all": Tally.ALL, "ids": entries.ids, "first": entries.first, "last": entries.last})

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


# Each entry counts four times: (all of its kind, its subject) x (in total, in its hour). One statement, rows in one
# order: two runners can never wait for each other in a circle.
_ADD = f"""
INSERT INTO ledger_tally AS kept (kind, on_id, hour, currency, entries, quantity, amount)
SELECT kind, subject, counted.hour, coalesce(currency, ''), count(*), sum(quantity), coalesce(sum(amount), 0)
FROM {ONE_BY_ONE}
CROSS JOIN LATERAL (SELECT %(all)s::uuid UNION SELECT coalesce(on_id, %(all)s::uuid)) AS done_to (subject)
CROSS JOIN LATERAL (VALUES (NULL), (date_trunc('hour', at, 'UTC'))) AS counted (hour)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT (kind, on_id, hour, currency) DO UPDATE SET
    entries = kept.entries + excluded.entries,
    quantity = kept.quantity + excluded.quantity,
    amount = kept.amount + excluded.amount
"""  # noqa: S608  (a constant)
