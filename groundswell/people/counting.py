"""Reads of segments: who is in one, how many, and how two of them overlap; always within the viewer's reach.

An exact count is tried for a moment. Where it is not done by then, people are counted in a sample that is always the
same, and the answer says so.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.db.models import BigIntegerField, BooleanField, Count, Expression, F, Func, Q, QuerySet, Window
from psycopg.errors import QueryCanceled

from groundswell.kit import clock
from groundswell.people import segments
from groundswell.people.conditions import Moment, Sql
from groundswell.people.models import Bucket, Person, Segment
from groundswell.people.selectors import access_people
from groundswell.people.verbs import SEE
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

SHOWN = 20
BUCKETS = 1_024  # of `models.Bucket`
LOOKED_AT = 5_000  # people in a sample
TOO_FEW = 100  # found in a sample: a larger one is looked at, if that is quick
FEW = 20_000  # people of whom all are counted
EXACT_MS, SAMPLE_MS, LARGER_MS = 150, 800, 400


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people there are.

    Attributes:
        estimated: from a sample; the number is rounded.
        first: up to `SHOWN` of them, those we met last first.
    """

    people: int
    estimated: bool
    first: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Two segments: who is in both, and who in one of them only."""

    both: Counted
    only_one: Counted
    only_other: Counted


@dataclass(frozen=True, slots=True)
class Sorted:
    """How many people there are of each sort; `estimated` as in `Counted`."""

    people: dict[str, int]
    estimated: bool

    @property
    def total(self) -> int:
        return sum(self.people.values())


class TooSlow(Exception):
    """Not even a sample could be counted in time."""


# --- who -----------------------------------------------------------------------------------------------------------
def members(viewer: Viewer, segment: Segment, verb: str = SEE) -> QuerySet[Person]:
    """The people of a segment whom the viewer may see, or may do `verb` to; one statement."""
    return access_people(viewer, verb).filter(_holds(viewer, segment, verb))


def _holds(viewer: Viewer, segment: Segment, verb: str = SEE, *, one_by_one: bool = False) -> Q:
    """Whether somebody in reach is in the segment."""
    if segment.frozen_at:
        return Q(_Holds(Sql(_FROZEN.replace("{fence}", "OFFSET 0" if one_by_one else ""), (segment.pk,))))
    moment = Moment(clock.now(), ZoneInfo(movement().time_zone))
    held = Q(_Holds(segments.compile(segments.read(segment.tree), moment, one_by_one=one_by_one)))
    match segment.sample:
        case Segment.Sample.PERCENT:
            return held & Q(_Holds(Sql(_DRAWN, (segment.seed, round(segment.sample_size * 10_485.76)))))
        case Segment.Sample.NUMBER:
            order = _Draw(F("id"), seed=segment.seed)
            drawn = access_people(viewer, verb).filter(held).order_by(order, "id").values("pk")
            return Q(pk__in=drawn[: segment.sample_size])
    return held


_FROZEN = """EXISTS (SELECT FROM people_segmentmember member
    WHERE member.segment_id = %s AND member.person_id = people_person.id {fence})"""
_DRAWN = "((uuid_hash_extended(people_person.id, %s) & 1048575) < %s)"
_COLUMNS = ("id", "postal_code", "scope", "language", "added_at")


class _Holds(Func):
    """A condition in SQL on `people_person`, by whatever name the query calls that table."""

    output_field = BooleanField()

    def __init__(self, sql: Sql) -> None:
        super().__init__(*map(F, _COLUMNS))
        self.sql = sql

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        text = self.sql.text
        for name, column in zip(_COLUMNS, self.get_source_expressions(), strict=True):
            text = text.replace(f"people_person.{name}", compiler.compile(column)[0])
        return text, [*self.sql.params]


class _Draw(Func):
    """The place of a person in a draw: the same for the same seed."""

    template = "uuid_hash_extended(%(expressions)s, %(seed)s)"
    output_field = BigIntegerField()


# --- how many ------------------------------------------------------------------------------------------------------
def count(viewer: Viewer, segment: Segment) -> Counted:
    """How many of a segment are within reach, and the first of them. Raises TooSlow."""
    if segment.sample == Segment.Sample.NUMBER and not segment.frozen_at:
        return _drawn(viewer, segment)
    return _counted(viewer, lambda one_by_one: _holds(viewer, segment, one_by_one=one_by_one))


def some(viewer: Viewer, segment: Segment, limit: int) -> list[Person]:
    """Up to so many of a segment's people within reach, those we met last first; of a sample of all people where there
    are too many to look through. Raises TooSlow."""

    def looked(sample: Q, ms: int, *, one_by_one: bool) -> list[Person]:
        held = _holds(viewer, segment, one_by_one=one_by_one)
        found = access_people(viewer).alias(bucket=Bucket("id")).filter(sample, held)
        with _at_most(ms):
            return list(found.order_by("-added_at", "-id")[:limit])

    people = _people()
    with suppress(TooSlow):
        return looked(Q(), SAMPLE_MS if people <= FEW else EXACT_MS, one_by_one=False)
    buckets = min(max(math.ceil(BUCKETS * LOOKED_AT / max(people, LOOKED_AT)), 1), BUCKETS)
    return looked(Q(bucket__in=range(buckets)), SAMPLE_MS, one_by_one=True)


def sort(viewer: Viewer, segment: Segment, by: Expression, verb: str = SEE) -> Sorted:
    """How many of a segment's people within reach are of each sort; one statement.

    Args:
        by: on a person: the name of their sort.

    Raises:
        TooSlow: not even a sample could be sorted in time.
    """

    def looked(sample: Q, holds: Q, ms: int) -> dict[str, int]:
        people = access_people(viewer, verb).alias(bucket=Bucket("id")).filter(sample, holds).order_by()
        with _at_most(ms):
            return dict(people.values_list(by).annotate(number=Count("pk")))

    people = _people()
    with suppress(TooSlow):
        return Sorted(looked(Q(), _holds(viewer, segment, verb), SAMPLE_MS if people <= FEW else EXACT_MS), False)
    drawn = segment.sample == Segment.Sample.NUMBER and not segment.frozen_at
    whole = Segment(tree=segment.tree) if drawn else segment
    buckets = min(max(math.ceil(BUCKETS * LOOKED_AT / max(people, LOOKED_AT)), 1), BUCKETS)
    found = looked(Q(bucket__in=range(buckets)), _holds(viewer, whole, verb, one_by_one=True), SAMPLE_MS)
    times = BUCKETS / buckets
    if drawn:
        times = min(times, segment.sample_size / max(sum(found.values()), 1))
    return Sorted({sort: _rounded(number * times) for sort, number in found.items()}, True)


def compare(viewer: Viewer, one: Segment, other: Segment) -> Compared:
    """How two segments overlap within reach. Raises TooSlow."""

    def counted(of_one: bool, of_other: bool) -> Counted:
        def holds(one_by_one: bool) -> Q:
            held = [_holds(viewer, segment, one_by_one=one_by_one) for segment in (one, other)]
            return (held[0] if of_one else ~held[0]) & (held[1] if of_other else ~held[1])

        return _counted(viewer, holds)

    return Compared(counted(True, True), counted(True, False), counted(False, True))


def _drawn(viewer: Viewer, segment: Segment) -> Counted:
    """A sample of so many: as many as there are, at most; whom it draws only where all can be looked at in time."""
    with suppress(TooSlow):
        return _exact(viewer, _holds(viewer, segment), EXACT_MS)
    all_of_them = count(viewer, Segment(tree=segment.tree))
    return Counted(min(all_of_them.people, segment.sample_size), all_of_them.people < segment.sample_size)


def _counted(viewer: Viewer, holds: Callable[[bool], Q]) -> Counted:
    people = _people()
    with suppress(TooSlow):
        return _exact(viewer, holds(False), SAMPLE_MS if people <= FEW else EXACT_MS)
    share = LOOKED_AT / max(people, LOOKED_AT)
    estimate = _estimate(viewer, holds(True), share, SAMPLE_MS)
    if estimate.people * share < TOO_FEW:
        with suppress(TooSlow):
            return _estimate(viewer, holds(True), 8 * share, LARGER_MS)
    return estimate


def _exact(viewer: Viewer, holds: Q, ms: int) -> Counted:
    with _at_most(ms):
        number, first = _look(access_people(viewer).filter(holds))
    return Counted(number, False, first)


def _estimate(viewer: Viewer, holds: Q, share: float, ms: int) -> Counted:
    buckets = min(max(math.ceil(share * BUCKETS), 1), BUCKETS)
    with _at_most(ms):
        sample = access_people(viewer).alias(bucket=Bucket("id")).filter(bucket__in=range(buckets))
        number, first = _look(sample.filter(holds))
    return Counted(_rounded(number * BUCKETS / buckets), buckets < BUCKETS, first)


def _rounded(number: float) -> int:
    """To two figures: more would promise what a sample cannot know."""
    return int(round(number, min(1 - math.floor(math.log10(number)), 0))) if number >= 1 else 0


def _look(people: QuerySet[Person]) -> tuple[int, tuple[Person, ...]]:
    """How many, and the first of them: one statement for the number, one for what is shown of these."""
    ordered = people.annotate(number=Window(Count("*"))).order_by("-added_at", "-id")
    rows = list(ordered.values_list("pk", "number")[:SHOWN])
    found = Person.objects.in_bulk([pk for pk, _number in rows])
    return (rows[0][1], tuple(found[pk] for pk, _number in rows if pk in found)) if rows else (0, ())


def _people() -> int:
    """How many people there are, as the planner believes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'people_person'::regclass")
        return int(cursor.fetchone()[0])


@contextmanager
def _at_most(ms: int) -> Iterator[None]:
    """Let no statement run longer. Raises TooSlow."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)", [str(ms)]
            )
            before = cursor.fetchone()[0]
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from error
        raise
