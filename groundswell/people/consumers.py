"""This floor's reader of the ledger: how often each person did what."""

from hashlib import sha256

from django.db import connection

from groundswell.ledger.models import ONE_BY_ONE, Batch
from groundswell.people.models import Deed


class Deeds:
    """Counts entries per person and kind, with the first and the last."""

    name = "deeds"
    kinds: frozenset[str] | None = None

    def handle(self, entries: Batch) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, {"ids": entries.ids, "first": entries.first, "last": entries.last})

    def reset(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE people_deed")

    def digest(self) -> str:
        digest = sha256()
        rows = Deed.objects.order_by("person_id", "kind").values_list(
            "person_id", "kind", "done", "taken_back", "first_at", "last_at"
        )
        for row in rows.iterator(10_000):
            digest.update(repr(tuple(map(str, row))).encode())
        return digest.hexdigest()


# Rows in one order: two runners can never wait for each other in a circle.
_ADD = f"""
INSERT INTO people_deed AS kept (person_id, kind, done, taken_back, first_at, last_at)
SELECT person_id, kind, count(*) FILTER (WHERE quantity > 0), count(*) FILTER (WHERE quantity < 0),
       min(at) FILTER (WHERE quantity > 0), max(at) FILTER (WHERE quantity > 0)
FROM {ONE_BY_ONE}
WHERE person_id IS NOT NULL AND quantity <> 0
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (person_id, kind) DO UPDATE SET
    done = kept.done + excluded.done,
    taken_back = kept.taken_back + excluded.taken_back,
    first_at = least(kept.first_at, excluded.first_at),
    last_at = greatest(kept.last_at, excluded.last_at)
"""  # noqa: S608  (a constant)
