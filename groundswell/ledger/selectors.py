"""Reading the ledger: tallies, timelines, and how far behind its readers are."""

import math
import time
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count as Counted
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext

from groundswell.kit import clock
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


def tallies_of(kinds: Iterable[str], on_ids: Iterable[UUID]) -> dict[str, Count]:
    """As `tallies`, of what was done to any of these subjects; without money."""
    counts = {kind: Count() for kind in kinds}
    rows = Tally.objects.filter(kind__in=list(counts), on_id__in=list(on_ids), hour=None)
    for kind, entries, quantity in rows.values_list("kind").annotate(Sum("entries"), Sum("quantity")):
        counts[kind].entries, counts[kind].quantity = entries, quantity
    return counts


def counted(kinds: Iterable[str], since: datetime, until: datetime) -> dict[str, Count]:
    """As `tallies`, of the entries from `since` (inclusive) to `until` (exclusive); without money. For short spans: it
    counts the entries themselves."""
    counts = {kind: Count() for kind in kinds}
    rows = Entry.objects.filter(kind__in=list(counts), at__gte=since, at__lt=until).values_list("kind")
    for kind, entries, quantity in rows.annotate(Counted("id"), Sum("quantity")):
        counts[kind].entries, counts[kind].quantity = entries, quantity
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
@dataclass(frozen=True, slots=True)
class News:
    """What the blocks since another one speak of.

    Attributes:
        block: the newest.
        kinds: of their entries.
        subjects: of their entries; None where the blocks are of too long ago to tell.
        named: of those of the kinds that were asked for; as far as anybody can tell.
        late: whether entries have waited for a block for more than half a second.
    """

    block: int
    kinds: frozenset[str]
    subjects: frozenset[UUID] | None
    named: frozenset[UUID]
    late: bool


def newest_block() -> int:
    """The number of the newest block; 0 where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(n), 0) FROM ledger_block")
        return int(cursor.fetchone()[0])


def news(block: int, kinds: Iterable[str] = ()) -> News:
    """What the blocks after this one speak of."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, {"block": block, "kinds": list(kinds)})
        newest, late, told, found, subjects, named = cursor.fetchone()
    about = frozenset(subjects) if told == newest - block else None
    return News(newest, frozenset(found), about, frozenset(named), late)


_NEWS = """
SELECT (SELECT coalesce(max(n), 0) FROM ledger_block),
       EXISTS (SELECT FROM ledger_pending WHERE since < clock_timestamp() - interval '0.5 seconds'),
       (SELECT count(DISTINCT block) FROM ledger_news WHERE block > %(block)s),
       ARRAY (SELECT DISTINCT kind FROM ledger_news WHERE block > %(block)s),
       ARRAY (SELECT DISTINCT unnest(subjects) FROM ledger_news WHERE block > %(block)s),
       ARRAY (SELECT DISTINCT unnest(subjects) FROM ledger_news
              WHERE block > %(block)s AND kind = ANY (%(kinds)s::text[]))
"""


# --- minute by minute ----------------------------------------------------------------------------------------------
MINUTES_OF = timedelta(hours=1)
MOST_WAITING = 20_000  # entries in no block yet that are looked at, at once
FOLLOWED_S = 900.0  # seconds without a look after which it is cheaper to begin anew


@dataclass(frozen=True)
class Minutes:
    """How often kinds happened: in all, and in each minute of the last hour in which something did.

    Attributes:
        late_s: seconds since the oldest entry was written that is in no block yet; 0 where there is none.
    """

    totals: dict[str, Count]
    minutes: dict[tuple[str, datetime], Count]
    late_s: float


class Follower:
    """Counts kinds minute by minute in the memory of this process. The first look reads the last hour; each further
    one costs what was written since. What is committed counts at once, whether or not it is in a block."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self.kinds = list(kinds)
        self.block = 0
        self.looked = -math.inf
        self.totals: dict[str, Count] = {}
        self.minutes: dict[tuple[str, datetime], Count] = {}

    def look(self) -> Minutes:
        """The counts as they are committed now. For one thread at a time."""
        since = clock.now().replace(second=0, microsecond=0) - MINUTES_OF
        anew = time.monotonic() - self.looked > FOLLOWED_S
        with connection.cursor() as cursor:
            asked: dict[str, Any] = {"kinds": self.kinds, "block": self.block, "since": since}
            asked |= {"most": MOST_WAITING, "all": Tally.ALL}
            cursor.execute(_BEGIN if anew else _FOLLOW, asked)
            counted = cursor.fetchall()
        rows = [row for row in counted if row[0] is not None]
        ((*_nothing, newest, late),) = (row for row in counted if row[0] is None)
        if newest < self.block:  # the database was replaced by an older copy
            self.block, self.looked = 0, -math.inf
            return self.look()
        if anew:
            self.totals, self.minutes = {kind: Count() for kind in self.kinds}, {}
        self.minutes = {key: count for key, count in self.minutes.items() if key[1] >= since}
        _add(self.totals, self.minutes, since, (row for row in rows if row[0]))
        self.block, self.looked = int(newest), time.monotonic()
        totals, minutes = deepcopy(self.totals), deepcopy(self.minutes)
        _add(totals, minutes, since, (row for row in rows if not row[0]))
        return Minutes(totals, minutes, max(float(late), 0.0))


def _add(
    totals: dict[str, Count], minutes: dict[tuple[str, datetime], Count], since: datetime, rows: Iterable[Any]
) -> None:
    for _settled, kind, minute, in_total, entries, quantity in rows:
        counts = [totals[kind]] if in_total else []
        if minute and minute >= since:
            counts.append(minutes.setdefault((kind, minute), Count()))
        for count in counts:
            count.entries += int(entries)
            count.quantity += int(quantity)


# Is it in a block? kind, minute, does it count in total? entries, quantity; and one row with the newest block and how
# late the oldest waiting entry is. One statement, one snapshot: each entry is in a block or waits.
_NEW = """
WITH new AS (
    SELECT true AS settled, entry_id, first_at, last_at FROM ledger_block, unnest(entry_ids) AS entry_id
    WHERE n > {block}
    UNION ALL
    (SELECT false, id, at, at FROM ledger_pending LIMIT %(most)s)
)
SELECT NULL AS settled, NULL AS kind, NULL AS minute, NULL AS in_total,
       (SELECT coalesce(max(n), 0) FROM ledger_block),
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0) FROM ledger_pending)
UNION ALL
SELECT settled, kind, {minute}, true, count(*), sum(quantity)
FROM new CROSS JOIN LATERAL (
    SELECT kind, at, quantity FROM ledger_entry WHERE id = entry_id AND at BETWEEN first_at AND last_at OFFSET 0
) entry
WHERE kind = ANY (%(kinds)s) GROUP BY 1, 2, 3
"""
_FOLLOW = _NEW.format(block="%(block)s", minute="date_trunc('minute', at, 'UTC')")

# The totals begin with the tallies and go on with the blocks that these have not read; the minutes begin with the
# hour's entries that are in blocks.
_HOUR = """
UNION ALL
SELECT true, kind, NULL, true, entries, quantity FROM ledger_tally
WHERE kind = ANY (%(kinds)s) AND on_id = %(all)s AND hour IS NULL
UNION ALL
SELECT true, kind, date_trunc('minute', at, 'UTC'), false, count(*), sum(quantity) FROM ledger_entry
WHERE kind = ANY (%(kinds)s) AND at >= %(since)s AND id NOT IN (SELECT id FROM ledger_pending) GROUP BY 2, 3
"""
_NOT_TALLIED = _NEW.format(
    block="coalesce((SELECT block FROM ledger_cursor WHERE consumer = 'tallies'), 0)",
    minute="CASE WHEN NOT settled THEN date_trunc('minute', at, 'UTC') END",
)
_BEGIN = _NOT_TALLIED + _HOUR


# --- entries -------------------------------------------------------------------------------------------------------
def newest(
    kinds: Iterable[str] | None = None, limit: int = 50, before: Mark | None = None, since: datetime | None = None
) -> list[Entry]:
    """The newest entries of these kinds (None: all), newest first."""
    wanted = list(hooks.kinds if kinds is None else kinds)
    at, entry_id = before or (None, None)
    asked = {"kinds": wanted, "limit": limit, "at": at, "id": entry_id, "since": since}
    return list(Entry.objects.raw(_NEWEST, asked))


def newest_of(on_ids: Iterable[UUID], kinds: Iterable[str], limit: int = 50, before: Mark | None = None) -> list[Entry]:
    """The newest entries of these kinds that were done to any of these subjects, newest first."""
    at, entry_id = before or (None, None)
    asked = {"on": list(on_ids), "kinds": list(kinds), "limit": limit, "at": at, "id": entry_id}
    return list(Entry.objects.raw(_NEWEST_OF, asked))


# One index scan per kind, newest partition first, each stopping at the limit.
_NEWEST = """
SELECT entry.* FROM unnest(%(kinds)s::text[]) AS wanted
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entry
    WHERE kind = wanted AND (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s::timestamptz, %(id)s::bigint))
      AND at >= coalesce(%(since)s::timestamptz, '-infinity')
    ORDER BY at DESC, id DESC LIMIT %(limit)s
) entry ORDER BY at DESC, id DESC LIMIT %(limit)s
"""

# As before, one index scan per subject.
_NEWEST_OF = """
SELECT entry.* FROM unnest(%(on)s::uuid[]) AS wanted
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entry
    WHERE on_id = wanted AND kind = ANY (%(kinds)s)
      AND (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s::timestamptz, %(id)s::bigint))
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
