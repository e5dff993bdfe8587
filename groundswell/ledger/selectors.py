"""Reading the ledger: tallies, timelines, and how far behind its readers are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from groundswell.ledger import hooks
from groundswell.ledger.models import Cursor, Entry, Tally

Mark = tuple[datetime, int]  # (at, id) of the last entry of a page: the next page begins before it


# --- tallies -------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Count:
    """How many entries, the sum of their quantities, and of their money: minor units by currency."""

    entries: int = 0
    quantity: int = 0
    amount: dict[str, int] = field(default_factory=dict)

    def add(self, tally: Tally) -> None:
        self.entries += tally.entries
        self.quantity += tally.quantity
        if tally.currency:
            self.amount[tally.currency] = self.amount.get(tally.currency, 0) + tally.amount


@dataclass(frozen=True, slots=True)
class Hour:
    """The count of one kind in the hour that begins at `hour`."""

    kind: str
    hour: datetime
    count: Count


def tally(kind: str, on_id: UUID = Tally.ALL) -> Count:
    """The count of one kind in total: all of it, or what was done to one subject."""
    return tallies([kind], on_id)[kind]


def tallies(kinds: Iterable[str], on_id: UUID = Tally.ALL) -> dict[str, Count]:
    """As `tally`, for several kinds; those that never happened count zero."""
    counts = {kind: Count() for kind in kinds}
    for row in Tally.objects.filter(kind__in=list(counts), on_id=on_id, hour=None):
        counts[row.kind].add(row)
    return counts


def per_hour(
    kinds: Iterable[str], since: datetime, until: datetime | None = None, on_id: UUID = Tally.ALL
) -> list[Hour]:
    """The hours from `since` (inclusive) to `until` (exclusive) in which something happened, earliest first."""
    hours: dict[tuple[datetime, str], Count] = {}
    rows = Tally.objects.filter(kind__in=list(kinds), on_id=on_id, hour__gte=since)
    for row in rows.filter(hour__lt=until) if until else rows:
        assert row.hour is not None
        hours.setdefault((row.hour, row.kind), Count()).add(row)
    return [Hour(kind, hour, hours[hour, kind]) for hour, kind in sorted(hours)]


# --- what changed --------------------------------------------------------------------------------------------------
MOST_NEWS = 5_000  # entries looked at, at once


@dataclass(frozen=True, slots=True)
class News:
    """What the entries since a block are about. `subjects` is None where there were too many to look at."""

    block: int
    kinds: frozenset[str]
    subjects: frozenset[UUID] | None


def newest_block() -> int:
    """The number of the newest block; 0 where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(n), 0) FROM ledger_block")
        return int(cursor.fetchone()[0])


def news(block: int) -> News:
    """What was committed since a block, whether or not it is in a block by now; a little of it comes twice."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, {"block": block, "most": MOST_NEWS})
        newest, count, kinds, subjects = cursor.fetchone()
    return News(newest, frozenset(kinds), frozenset(subjects) if count < MOST_NEWS else None)


# One statement, one snapshot: an entry is seen as pending or in a block, never in neither.
_NEWS = """
WITH new AS (
    SELECT entry_id, first_at, last_at FROM ledger_block, unnest(entry_ids) AS entry_id WHERE n > %(block)s
    UNION ALL
    SELECT id, at, at FROM ledger_pending
    LIMIT %(most)s
), entry AS (
    SELECT e.kind, e.on_id FROM new CROSS JOIN LATERAL (
        SELECT kind, on_id FROM ledger_entry
        WHERE id = new.entry_id AND at BETWEEN new.first_at AND new.last_at OFFSET 0
    ) e
)
SELECT (SELECT coalesce(max(n), 0) FROM ledger_block), (SELECT count(*) FROM new),
       coalesce(array_agg(DISTINCT kind), '{}'),
       coalesce(array_agg(DISTINCT on_id) FILTER (WHERE on_id IS NOT NULL), '{}')
FROM entry
"""


# --- entries -------------------------------------------------------------------------------------------------------
def newest(kinds: Iterable[str] | None = None, limit: int = 50, before: Mark | None = None) -> list[Entry]:
    """The newest entries of these kinds (None: all), newest first."""
    wanted = list(hooks.kinds if kinds is None else kinds)
    at, entry_id = before or (None, None)
    return list(Entry.objects.raw(_NEWEST, {"kinds": wanted, "limit": limit, "at": at, "id": entry_id}))


# One index scan per kind, newest partition first, each stopping at the limit.
_NEWEST = """
SELECT entry.* FROM unnest(%(kinds)s::text[]) AS wanted
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entry
    WHERE kind = wanted AND (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s::timestamptz, %(id)s::bigint))
    ORDER BY at DESC, id DESC LIMIT %(limit)s
) entry ORDER BY at DESC, id DESC LIMIT %(limit)s
"""


def of_person(person_id: UUID, limit: int = 100, before: Mark | None = None) -> list[Entry]:
    """What a person did or had done to them, newest first."""
    return _page(Entry.objects.filter(person_id=person_id), limit, before)


def of_subject(
    on_id: UUID, limit: int = 100, before: Mark | None = None, kinds: Iterable[str] | None = None
) -> list[Entry]:
    """What was done to one subject, of these kinds (None: all), newest first."""
    found = Entry.objects.filter(on_id=on_id)
    return _page(found if kinds is None else found.filter(kind__in=list(kinds)), limit, before)


def _page(entries: QuerySet[Entry], limit: int, before: Mark | None) -> list[Entry]:
    if before:
        at, entry_id = before
        entries = entries.filter(Q(at__lt=at) | Q(at=at, id__lt=entry_id), at__lte=at)
    return list(entries.order_by("-at", "-id")[:limit])


def sentence(entry: Entry) -> str:
    """What happened, in the reader's language, as its kind says it; the kind's name when nobody declares it now."""
    kind = hooks.kinds.get(entry.kind)
    if kind is None:
        return entry.kind
    said = str(kind.sentence).format(**{"quantity": entry.quantity, **entry.data})
    return gettext("taken back: %(what)s") % {"what": said} if entry.quantity < 0 else said


# --- how far behind ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ConsumerLag:
    """How far one consumer is behind the last block, and what is wrong with it."""

    name: str
    block: int
    behind: int  # entries
    moved_at: datetime | None
    problem: str
    failures: int
    retry_at: datetime | None


@dataclass(frozen=True)
class Lag:
    """How far behind the ledger's readers are."""

    pending: int  # entries that are in no block yet
    oldest_s: float  # seconds since the oldest of them was written
    block: int  # the last block
    consumers: list[ConsumerLag]


def lag() -> Lag:
    """How far behind the sequencer and each consumer are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0) FROM ledger_pending"
        )
        pending, oldest = cursor.fetchone()
        cursor.execute("SELECT coalesce(max(n), 0) FROM ledger_block")
        (last,) = cursor.fetchone()
        kept = {row.consumer: row for row in Cursor.objects.all()}
        consumers = []
        for name in hooks.consumers:
            row = kept.get(name) or Cursor(consumer=name)
            cursor.execute("SELECT coalesce(sum(count), 0) FROM ledger_block WHERE n > %s", [row.block])
            (behind,) = cursor.fetchone()
            consumers.append(
                ConsumerLag(name, row.block, int(behind), row.moved_at, row.problem, row.failures, row.retry_at)
            )
    return Lag(pending, max(float(oldest), 0.0), last, consumers)


def troubled() -> list[ConsumerLag]:
    """The consumers that failed and wait; a person should look."""
    return [consumer for consumer in lag().consumers if consumer.failures]
