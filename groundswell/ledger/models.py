"""The ledger's tables. `Entry` and `Pending` are made by SQL in the first migration: partitions, triggers, guards."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import ClassVar, overload

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """One deed or decision. Append-only; partitioned by month on `at`."""

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.TextField()
    person_id = models.UUIDField(null=True)
    actor = models.TextField()  # user:<uuid>, person:<uuid>, key:<uuid> or system:<name>
    on_kind = models.TextField()
    on_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    source_id = models.UUIDField(null=True)
    quantity = models.IntegerField()
    amount = models.BigIntegerField(null=True)
    currency = models.TextField(null=True)
    data = models.JSONField()

    class Meta:
        managed = False
        db_table = "ledger_entry"

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


# One probe of the primary key per entry, whatever the statistics say: on a table that just grew the planner would
# rather read all entries of the span. OFFSET 0 keeps the subquery as it stands.
ONE_BY_ONE = """unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place) CROSS JOIN LATERAL (
    SELECT * FROM ledger_entry WHERE id = wanted.id AND at BETWEEN %(first)s AND %(last)s OFFSET 0
) AS entry"""


class Batch(Sequence[Entry]):
    """The entries of some blocks in their order, of some kinds; read when first looked at.

    Attributes:
        ids: of all entries of the blocks, of whatever kind.
        first, last: the span of their times.
    """

    def __init__(self, ids: list[int], first: datetime, last: datetime, kinds: frozenset[str] | None) -> None:
        self.ids, self.first, self.last, self._kinds = ids, first, last, kinds

    @cached_property
    def _entries(self) -> list[Entry]:
        return list(
            Entry.objects.raw(
                f"SELECT entry.* FROM {ONE_BY_ONE} WHERE %(every)s OR kind = ANY (%(kinds)s) ORDER BY place",  # noqa: S608  (a constant)
                {
                    "ids": self.ids,
                    "first": self.first,
                    "last": self.last,
                    "every": self._kinds is None,
                    "kinds": sorted(self._kinds or ()),
                },
            )
        )

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> list[Entry]: ...
    def __getitem__(self, at: int | slice) -> Entry | list[Entry]:
        return self._entries[at]


class Block(models.Model):
    """Entries in their final order, chained to the block before."""

    n = models.BigIntegerField(primary_key=True)
    made_at = models.DateTimeField()
    count = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    entry_ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField()  # the 32-byte hash of each entry, in order
    root = models.BinaryField()  # the Merkle root of the leaves
    chain = models.BinaryField()  # sha256(chain of block n - 1, n, root)

    class Meta:
        managed = False
        db_table = "ledger_block"

    def __str__(self) -> str:
        return f"block {self.n}"


class Cursor(models.Model):
    """How far a consumer has read."""

    consumer = models.TextField(primary_key=True)
    block = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", blank=True)
    failures = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.consumer} at {self.block}"


class Tally(models.Model):
    """Entries of one kind: all of them (`on_id` nil) or those done to one subject; in total or in one hour."""

    ALL: ClassVar[uuid.UUID] = uuid.UUID(int=0)

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    on_id = models.UUIDField(default=ALL)
    hour = models.DateTimeField(null=True)  # null: in total
    currency = models.TextField(default="", blank=True)
    entries = models.BigIntegerField(default=0)
    quantity = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "on_id", "hour", "currency"], nulls_distinct=False, name="tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_id} {self.hour}"


class IdempotencyKey(models.Model):
    """A reply that is given again, byte for byte, when the same request comes again with the same key."""

    id = models.BigAutoField(primary_key=True)
    scope = models.TextField()  # who asked: a form's path or an API key
    key = models.TextField()
    fingerprint = models.BinaryField()  # sha256 of what was asked
    status = models.IntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
