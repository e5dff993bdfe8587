"""Does the ledger still say what it said? Every entry against its block, every block against the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from groundswell.ledger import rules
from groundswell.ledger.models import Block


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written.

    Attributes:
        what: altered, missing, added, twice, block or guard.
        block: the block concerned; None where no block is.
        entry_id, kind, at: the entry concerned, as it stands now; None where there is none.
    """

    what: str
    detail: str
    block: int | None = None
    entry_id: int | None = None
    kind: str | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        parts = [self.what]
        if self.entry_id is not None:
            parts.append(f"entry {self.entry_id}")
        if self.kind is not None and self.at is not None:
            parts.append(f"{self.kind} of {self.at.isoformat()}")
        if self.block is not None:
            parts.append(f"block {self.block}")
        return f"{', '.join(parts)}: {self.detail}"


def head() -> tuple[int, str]:
    """The last block's number and chain hash in hex. Kept outside, it proves later that nothing before it changed."""
    last = Block.objects.order_by("-n").values_list("n", "chain").first() or (0, rules.GENESIS)
    return last[0], bytes(last[1]).hex()


def chain_at(n: int) -> str | None:
    """The chain hash of block `n` in hex; None where there is no such block."""
    found = Block.objects.filter(n=n).values_list("chain", flat=True).first()
    return bytes(found).hex() if found is not None else None


def waiting() -> tuple[int, int, int]:
    """How many entries are in no block yet, so that nothing proves them, and the smallest and largest of their ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM ledger_pending")
        count, first, last = cursor.fetchone()
    return count, first, last


def findings() -> Iterator[Finding]:
    """Everything that was altered, taken away or put in behind the ledger's back. Nothing: all is well."""
    yield from _guards()
    chain, n = rules.GENESIS, 0
    for block in Block.objects.order_by("n").iterator(10):
        if block.n != n + 1:
            yield Finding("block", f"blocks {n + 1} to {block.n - 1} are gone", block.n)
            chain = b""  # nothing to compare with
        leaves = bytes(block.leaves)
        stored = [leaves[i : i + 32] for i in range(0, len(leaves), 32)]
        yield from _entries(block, stored)
        root = bytes(block.root)
        if rules.merkle_root(stored) != root:
            yield Finding("block", "its hashes do not make its root", block.n)
        if chain and rules.chain(chain, block.n, root) != bytes(block.chain):
            yield Finding("block", "it does not follow from the block before", block.n)
        chain, n = bytes(block.chain), block.n
    yield from _strays()


def _entries(block: Block, stored: list[bytes]) -> Iterator[Finding]:
    now = _leaves(block.entry_ids, block.first_at, block.last_at)
    if lost := [entry_id for entry_id in block.entry_ids if entry_id not in now]:
        now |= _leaves(lost)  # perhaps its time was altered
    for entry_id, leaf in zip(block.entry_ids, stored, strict=True):
        if entry_id not in now:
            span = f"it was written between {block.first_at.isoformat()} and {block.last_at.isoformat()}"
            yield Finding("missing", span, block.n, entry_id)
        elif now[entry_id][2] != leaf:
            kind, at, _ = now[entry_id]
            yield Finding("altered", "it does not say what it said", block.n, entry_id, kind, at)
    times = [at for _, at, _ in now.values()]
    if len(now) == block.count and (min(times), max(times)) != (block.first_at, block.last_at):
        yield Finding("block", "its time span is not that of its entries", block.n)


def _leaves(
    ids: list[int], first: datetime | None = None, last: datetime | None = None
) -> dict[int, tuple[str, datetime, bytes]]:
    """Kind, time and hash of these entries as they stand now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.kind, e.at, ledger_leaf(e) FROM ledger_entry e WHERE e.id = ANY (%s)"
            " AND e.at BETWEEN coalesce(%s::timestamptz, '-infinity') AND coalesce(%s::timestamptz, 'infinity')",
            [ids, first, last],
        )
        return {entry_id: (kind, at, bytes(leaf)) for entry_id, kind, at, leaf in cursor.fetchall()}


def _strays() -> Iterator[Finding]:
    """Entries in no block that do not wait for one either, and ids that blocks name twice."""
    with connection.cursor() as cursor:
        cursor.execute(_ADDED)
        for entry_id, kind, at in cursor.fetchall():
            yield Finding("added", "it is in no block and does not wait for one", None, entry_id, kind, at)
        cursor.execute(_WAITING_FOR_NOTHING)
        for entry_id, at in cursor.fetchall():
            yield Finding("missing", f"it waits for a block, written {at.isoformat()}, but is gone", None, entry_id)
        cursor.execute(_TWICE)
        for entry_id, blocks in cursor.fetchall():
            yield Finding("twice", f"it is in the blocks {blocks}", blocks[0], entry_id)


# Each one statement, so one snapshot: entries that arrive meanwhile are either pending or in a block.
_ADDED = """
SELECT e.id, e.kind, e.at FROM ledger_entry e
LEFT JOIN (SELECT unnest(entry_ids) AS id FROM ledger_block UNION ALL SELECT id FROM ledger_pending) known USING (id)
WHERE known.id IS NULL ORDER BY e.id
"""
_WAITING_FOR_NOTHING = """
SELECT p.id, p.at FROM ledger_pending p
WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.id = p.id AND e.at = p.at) ORDER BY p.id
"""
_TWICE = """
SELECT id, array_agg(n ORDER BY n) FROM (
    SELECT unnest(entry_ids) AS id, n FROM ledger_block UNION ALL SELECT id, 0 FROM ledger_pending
) named GROUP BY id HAVING count(*) > 1 ORDER BY id
"""


def _guards() -> Iterator[Finding]:
    """The triggers that make the ledger append-only, on the log, each of its partitions, and the blocks."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        rows: list[tuple[str, str, Any]] = cursor.fetchall()
    for table, trigger, state in rows:
        if state is None:
            yield Finding("guard", f"the trigger {trigger} on {table} is gone")
        elif state not in ("O", "A"):
            yield Finding("guard", f"the trigger {trigger} on {table} is switched off")


_TRIGGERS = """
SELECT guarded.name::regclass::text, wanted, t.tgenabled
FROM (
    SELECT 'ledger_entry'::regclass AS name, 'log' AS what
    UNION ALL SELECT inhrelid, 'log' FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass
    UNION ALL SELECT 'ledger_block'::regclass, 'blocks'
) guarded
CROSS JOIN unnest(ARRAY['ledger_refuse_change', 'ledger_refuse_truncate', 'ledger_await_block']) AS wanted
LEFT JOIN pg_trigger t ON t.tgrelid = guarded.name AND t.tgname = wanted
WHERE (what = 'log' OR wanted <> 'ledger_await_block') AND (t.tgenabled IS NULL OR t.tgenabled NOT IN ('O', 'A'))
ORDER BY 1, 2
"""
