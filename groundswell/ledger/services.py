"""Writing the ledger: entries, blocks, consumers' cursors, and idempotency keys."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from psycopg.types.json import Jsonb

from groundswell.kit import clock
from groundswell.kit.money import Money
from groundswell.ledger import hooks, rules
from groundswell.ledger.models import Batch, Cursor, IdempotencyKey

logger = logging.getLogger(__name__)

BATCH = 10_000  # entries per COPY, and per transaction of the sequencer
BLOCK = 1_000  # entries per block, and per transaction of a consumer
CATCH_UP = 5_000  # entries per transaction of a consumer that catches up: each commit waits for the disk
KEEP_KEYS = timedelta(hours=24)
MONTHS_AHEAD = timedelta(days=62)

_COLUMNS = "at, kind, person_id, actor, on_kind, on_id, team_id, source_id, quantity, amount, currency, data"
_months: set[tuple[int, int]] = set()  # months whose partition this process knows to be there


# --- entries -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be written. `on` is (kind of subject, its id); `at` is in the past for imports, else now."""

    kind: str
    actor: str
    person_id: UUID | None = None
    on: tuple[str, UUID] | None = None
    team_id: UUID | None = None
    source_id: UUID | None = None
    quantity: int = 1
    money: Money | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    at: datetime | None = None


def record(
    kind: str,
    *,
    actor: str,
    person_id: UUID | None = None,
    on: tuple[str, UUID] | None = None,
    team_id: UUID | None = None,
    source_id: UUID | None = None,
    quantity: int = 1,
    money: Money | None = None,
    data: Mapping[str, object] | None = None,
    at: datetime | None = None,
) -> int:
    """Write one entry in the caller's transaction.

    Returns:
        The id of the entry.

    Raises:
        ValueError: unknown kind or actor, undeclared or mistyped data, free text.
        transaction.TransactionManagementError: no transaction is open.
    """
    row = _row(NewEntry(kind, actor, person_id, on, team_id, source_id, quantity, money, data or {}, at))
    _need_transaction()
    ensure_months([row[0]])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ledger_entry ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(row))}) RETURNING id",  # noqa: S608
            row,
        )
        return int(cursor.fetchone()[0])


def record_many(entries: Iterable[NewEntry]) -> int:
    """Write many entries in the caller's transaction, by COPY. Raises as `record`.

    Returns:
        How many were written.
    """
    _need_transaction()
    rows, written = map(_row, entries), 0
    while batch := list(islice(rows, BATCH)):
        ensure_months(row[0] for row in batch)
        with connection.cursor() as cursor, cursor.copy(f"COPY ledger_entry ({_COLUMNS}) FROM STDIN") as copy:
            for row in batch:
                copy.write_row(row)
        written += len(batch)
    return written


def _row(new: NewEntry) -> tuple[Any, ...]:
    """The values of `_COLUMNS`, checked."""
    if new.kind not in hooks.kinds:
        raise ValueError(f"Nobody declared the ledger kind {new.kind!r}.")
    rules.check_actor(new.actor)
    on_kind, on_id = new.on or ("", None)
    if new.on:
        rules.check_code(on_kind, "The kind of subject")
    if new.at is not None and new.at.tzinfo is None:
        raise ValueError("An entry's time must be aware.")
    return (
        new.at or clock.now(),
        new.kind,
        new.person_id,
        new.actor,
        on_kind,
        on_id,
        new.team_id,
        new.source_id,
        new.quantity,
        new.money.amount if new.money else None,
        new.money.currency if new.money else None,
        Jsonb(rules.checked_data(new.kind, hooks.kinds[new.kind].data, new.data)),
    )


def _need_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "The ledger is written in the transaction of the change it records: open one first."
        )


def ensure_months(times: Iterable[datetime]) -> None:
    """Make the partitions these times need. What this process has seen committed is not asked again.

    For whoever writes entries by the database's own `ledger_record`; `record` does it itself.
    """
    utc = (at.astimezone(UTC) for at in times)
    missing = {(at.year, at.month) for at in utc} - _months
    for year, month in missing:
        first = datetime(year, month, 1, tzinfo=UTC)
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_ensure_months(%s, %s)", [first, first])
    if missing:
        transaction.on_commit(lambda: _months.update(missing))


def ensure_months_ahead() -> None:
    """Make the partitions of this month and the next two."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_ensure_months(%s, %s)", [clock.now(), clock.now() + MONTHS_AHEAD])


# --- blocks --------------------------------------------------------------------------------------------------------
def sequence(*, wait: bool = False) -> int:
    """Put the next committed entries, at most `BATCH`, into blocks. One at a time in the whole installation.

    Args:
        wait: for another sequencer to finish; otherwise leave it to that one.

    Returns:
        How many entries; 0 when there were none or another sequencer is at work.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        lock = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
        cursor.execute(f"SELECT {lock}(hashtext('ledger_sequence'))")
        if cursor.fetchone()[0] is False:
            return 0
        # A statement of its own: its snapshot is taken after the lock, so it sees the block before.
        cursor.execute(_TAKE_PENDING, [BATCH])
        taken = cursor.fetchall()
        if not taken:
            return 0
        cursor.execute("SELECT n, chain FROM ledger_block ORDER BY n DESC LIMIT 1")
        n, chain = cursor.fetchone() or (0, rules.GENESIS)
        for start in range(0, len(taken), BLOCK):
            ids, times, leaves, kinds, subjects = zip(*taken[start : start + BLOCK], strict=True)
            leaves = tuple(map(bytes, leaves))
            n, root = n + 1, rules.merkle_root(leaves)
            chain = rules.chain(bytes(chain), n, root)
            cursor.execute(
                "INSERT INTO ledger_block (n, count, first_at, last_at, entry_ids, leaves, root, chain)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [n, len(ids), min(times), max(times), list(ids), b"".join(leaves), root, chain],
            )
            cursor.executemany(_NEWS, [(n, kind, about) for kind, about in _said(kinds, subjects).items()])
        return len(taken)


def _said(kinds: Iterable[str], subjects: Iterable[UUID | None]) -> dict[str, list[UUID]]:
    """The subjects of each kind, once each."""
    said: dict[str, set[UUID]] = {}
    for kind, subject in zip(kinds, subjects, strict=True):
        said.setdefault(kind, set()).update([subject] if subject else ())
    return {kind: list(about) for kind, about in said.items()}


_NEWS = """
INSERT INTO ledger_news (block, kind, subjects) VALUES (%s, %s, %s::uuid[])
ON CONFLICT (block, kind) DO UPDATE SET subjects = excluded.subjects
"""

# The lateral subquery with OFFSET keeps the plan what it must be at any size: one index probe per entry, in the one
# partition its time names. A pending row whose entry is gone stays, for `verify` to name.
_TAKE_PENDING = """
WITH next AS MATERIALIZED (
    SELECT p.ctid AS place, p.id, p.at, e.leaf, e.kind, e.on_id
    FROM (SELECT ctid, id, at FROM ledger_pending ORDER BY id LIMIT %s) p
    CROSS JOIN LATERAL (
        SELECT ledger_leaf(entry) AS leaf, entry.kind, entry.on_id
        FROM ledger_entry entry WHERE entry.id = p.id AND entry.at = p.at OFFSET 0
    ) e
), gone AS (
    DELETE FROM ledger_pending WHERE ctid = ANY (ARRAY (SELECT place FROM next))
)
SELECT id, at, leaf, kind, on_id FROM next ORDER BY id
"""


# --- consumers -----------------------------------------------------------------------------------------------------
def consume(consumer: hooks.Consumer, *, wait: bool = False, up_to: int | None = None, most: int = BLOCK) -> int:
    """Hand the next blocks to a consumer and move its cursor, in one transaction.

    Args:
        wait: for a runner that holds the cursor, and do not mind that the consumer failed a moment ago.
        up_to: the last block to hand over.
        most: how many entries at once, where there is more than one block.

    Returns:
        How many blocks were handed over; 0 when there were none, another runner is at work, or the consumer waits
        after a failure.

    Raises:
        Exception: whatever the consumer raises; by then its problem stands on its cursor and nothing else changed.
    """
    try:
        with transaction.atomic():
            return _consume(consumer, wait, up_to, most)
    except (OperationalError, InterfaceError):
        raise  # the database, not the consumer
    except Exception as error:
        _note_failure(consumer.name, error)
        raise


def _consume(consumer: hooks.Consumer, wait: bool, up_to: int | None, most: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_MY_CURSOR + ("" if wait else " SKIP LOCKED"), [consumer.name, wait, clock.now()])
        if (found := cursor.fetchone()) is None:
            if not Cursor.objects.filter(consumer=consumer.name).exists():
                Cursor.objects.bulk_create([Cursor(consumer=consumer.name)], ignore_conflicts=True)
                return _consume(consumer, wait, up_to, most)
            return 0
        cursor.execute(_NEXT_BLOCKS, [found[0], up_to, most])
        blocks = cursor.fetchall()
    if not blocks:
        return 0
    ids = [entry_id for _, _, _, entry_ids in blocks for entry_id in entry_ids]
    batch = Batch(ids, min(b[1] for b in blocks), max(b[2] for b in blocks), consumer.kinds)
    if consumer.kinds is None or batch:
        consumer.handle(batch)
    Cursor.objects.filter(consumer=consumer.name).update(
        block=blocks[-1][0], moved_at=clock.now(), problem="", failures=0, retry_at=None
    )
    return len(blocks)


_MY_CURSOR = """
SELECT block FROM ledger_cursor
WHERE consumer = %s AND (%s OR retry_at IS NULL OR retry_at <= %s)
  AND pg_try_advisory_xact_lock_shared(hashtext('ledger_rebuild'), hashtext(consumer))
FOR UPDATE"""

_NEXT_BLOCKS = """
SELECT n, first_at, last_at, entry_ids FROM (
    SELECT *, sum(count) OVER (ORDER BY n) - count AS before
    FROM (
        SELECT * FROM ledger_block WHERE n > %s AND n <= coalesce(%s, 9223372036854775807) ORDER BY n LIMIT 500
    ) next
) counted WHERE before = 0 OR before + count <= %s ORDER BY n
"""


def _note_failure(name: str, error: Exception) -> None:
    logger.exception("The ledger consumer %s failed", name)
    with transaction.atomic():
        cursor = Cursor.objects.select_for_update().get_or_create(consumer=name)[0]
        Cursor.objects.filter(consumer=name).update(
            problem=f"{type(error).__name__}: {error}"[:2000],
            failures=cursor.failures + 1,
            retry_at=clock.now() + rules.backoff(cursor.failures + 1),
        )


def catch_up() -> int:
    """Sequence and run every consumer until nothing is left. For commands, the demo and tests.

    Returns:
        How many entries were put into blocks.

    Raises:
        Exception: of the first consumer that failed, after the others are through.
    """
    sequenced, failed = 0, dict[str, Exception]()
    while True:
        new = sequence(wait=True)
        moved = 0
        for consumer in hooks.consumers.values():
            if consumer.name in failed:
                continue
            try:
                moved += consume(consumer, wait=True, most=CATCH_UP)
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:
                failed[consumer.name] = error
        sequenced += new
        if not new and not moved:
            break
    for first in failed.values():
        raise first
    return sequenced


@dataclass(frozen=True)
class Rebuilt:
    """A projection before and after it was made anew from the blocks up to `block`."""

    block: int
    before: str
    after: str


def rebuild(projection: hooks.Projection, progress: Callable[[int, int], None] = lambda done, all: None) -> Rebuilt:
    """Make a projection anew from nothing, up to the block it stood at; the worker keeps away from it meanwhile.

    In batches, so its tables are incomplete until the end. If this process dies, the worker finishes the work.

    Args:
        progress: called with (blocks done, blocks in all) after each batch.
    """
    with connection.cursor() as cursor:
        lock = "hashtext('ledger_rebuild'), hashtext(%s)"
        cursor.execute(f"SELECT pg_advisory_lock({lock})", [projection.name])
        try:
            with transaction.atomic():
                consumer = Cursor.objects.select_for_update().get_or_create(consumer=projection.name)[0]
                before, last = projection.digest(), consumer.block
                projection.reset()
                Cursor.objects.filter(consumer=projection.name).update(block=0, problem="", failures=0, retry_at=None)
            done = 0
            while last and (blocks := consume(projection, wait=True, up_to=last, most=CATCH_UP)):
                done += blocks
                progress(done, last)
            return Rebuilt(last, before, projection.digest())
        finally:
            cursor.execute(f"SELECT pg_advisory_unlock({lock})", [projection.name])


# --- idempotency keys ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class KeyReused(Exception):
    """The key came before with another request. HTTP 422."""


class KeyInFlight(Exception):
    """The first request with this key is not answered yet. HTTP 409."""

    retry_after = 1  # seconds


def idempotent(scope: str, key: str, asked: bytes, run: Callable[[], Reply]) -> Reply:
    """Answer a request once: the effect of `run` and its reply are stored in one transaction, the reply given again.

    A run that raises, or whose reply is 400 or above, changes and stores nothing, so it may be tried again.

    Args:
        scope: who asks for what; keys of two scopes never meet.
        key: the asker's own.
        asked: the request, byte for byte.

    Raises:
        KeyReused: the key came before with another request.
        KeyInFlight: the first request with this key is still running.
    """
    fingerprint = sha256(asked).digest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_KEY_LOCK, [f"{scope}\n{key}"])
            if not cursor.fetchone()[0]:
                raise KeyInFlight
        if kept := IdempotencyKey.objects.filter(scope=scope, key=key).first():
            if bytes(kept.fingerprint) != fingerprint:
                raise KeyReused
            return Reply(kept.status, kept.headers, bytes(kept.body))
        reply = run()
        if reply.status >= 400:
            transaction.set_rollback(True)
        else:
            IdempotencyKey.objects.create(
                scope=scope,
                key=key,
                fingerprint=fingerprint,
                status=reply.status,
                headers=reply.headers,
                body=reply.body,
                at=clock.now(),
            )
    return reply


_KEY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"


def forget_old_news() -> None:
    """Delete what blocks older than an hour spoke of."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_news WHERE made_at < now() - interval '1 hour'")


def forget_old_keys() -> int:
    """Delete idempotency keys older than a day."""
    return IdempotencyKey.objects.filter(at__lt=clock.now() - KEEP_KEYS).delete()[0]
