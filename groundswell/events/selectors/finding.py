"""Finding listed events: near a place, on a day, with room."""

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from groundswell.events.models import Event
from groundswell.events.selectors.showing import PublicPlace, PublicShift, place_of
from groundswell.kit import clock, geo


@dataclass(frozen=True)
class FindQuery:
    """What somebody looks for.

    Attributes:
        place: events near it, the nearest first, then online ones; None: all, the soonest first.
        radius_m: how far from the place; None: anywhere.
        since: None: now.
        until: begins before this.
        types: any of these; none: all.
        has_room: at least one shift with a free place.
        online: also list events without a place.
    """

    place: geo.Place | None = None
    radius_m: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    types: Sequence[str] = ()
    has_room: bool = False
    online: bool = True
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event in a list. Times and room are of the shifts that were asked for; `distance_m` None: online."""

    id: UUID
    title: str
    type: str
    type_label: str
    time_zone: str
    online: bool
    official: bool
    place: PublicPlace
    distance_m: float | None
    shifts: tuple[PublicShift, ...]

    @property
    def starts_at(self) -> datetime:
        return self.shifts[0].starts_at

    @property
    def ends_at(self) -> datetime:
        return self.shifts[0].ends_at

    @property
    def room(self) -> bool:
        return any(shift.room for shift in self.shifts)

    @property
    def taken(self) -> int:
        return sum(shift.taken for shift in self.shifts)

    @property
    def capacity(self) -> int | None:
        capacities = [shift.capacity for shift in self.shifts]
        return None if None in capacities else sum(filter(None, capacities))


def find(query: FindQuery) -> list[FoundEvent]:
    """Listed events. Near a place: the nearest first, then online ones by time. Two statements, three where the page
    goes beyond what is near."""
    if query.place is None:
        where = "TRUE" if query.online else "NOT online"
        return _listed(query, _rows(query, where, _SOONEST, query.limit, query.offset))
    near, point = _near(query)
    found = _rows(query, near, _NEAREST, query.limit, query.offset, point)
    if query.online and len(found) < query.limit:
        passed = query.offset - _count(query, near, point) if query.offset and not found else 0
        found += _rows(query, "online AND earth IS NULL", _SOONEST, query.limit - len(found), passed)
    return _listed(query, found)


_FIND = Path(__file__).with_name("find.sql").read_text()
_COLUMNS = (
    "id, type, title, official, time_zone, starts_at, ends_at, online, venue, street, city, region, postal_code,"
    " country, latitude, longitude, place_shown"
)
_POINT = "cube(ARRAY[%(x)s, %(y)s, %(z)s]::float8[])"
_SOONEST = "ORDER BY starts_at, id LIMIT %(limit)s OFFSET %(offset)s"
_NEAREST = f"ORDER BY earth <-> {_POINT}, id LIMIT %(limit)s OFFSET %(offset)s"


def _near(query: FindQuery) -> tuple[str, dict[str, float]]:
    """The condition and the point. Distances are straight through the earth: the order is the same, and the index
    knows no other."""
    assert query.place
    lat, lng = math.radians(query.place.latitude), math.radians(query.place.longitude)
    point = {
        "x": geo.EARTH_RADIUS_M * math.cos(lat) * math.cos(lng),
        "y": geo.EARTH_RADIUS_M * math.cos(lat) * math.sin(lng),
        "z": geo.EARTH_RADIUS_M * math.sin(lat),
    }
    if query.radius_m is None:
        return "earth IS NOT NULL", point
    near = f"earth <@ cube_enlarge({_POINT}, %(reach)s::float8, 3) AND earth <-> {_POINT} <= %(reach)s"
    return near, point | {"reach": geo.chord_m(query.radius_m)}


def _asked(query: FindQuery) -> dict[str, Any]:
    return {
        "since": query.since or clock.now(),
        "until": query.until,
        "types": list(query.types),
        "has_room": query.has_room,
        "by_shift": query.has_room or query.until is not None,  # else the event's own times say it
    }


def _rows(
    query: FindQuery, where: str, order: str, limit: int, offset: int, point: dict[str, float] | None = None
) -> list[Event]:
    columns = f"{_COLUMNS}, earth <-> {_POINT} AS chord" if point else f"{_COLUMNS}, NULL AS chord"
    text = _FIND.format(columns=columns, where=where, order=order)
    return list(Event.objects.raw(text, {**_asked(query), **(point or {}), "limit": limit, "offset": offset}))


def _count(query: FindQuery, where: str, point: dict[str, float]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FIND.format(columns="count(*)", where=where, order=""), {**_asked(query), **point})
        return int(cursor.fetchone()[0])


_SHIFTS = """
SELECT event_id, id, starts_at, ends_at, capacity, opening, taken, waiting, extra FROM events_shift
WHERE event_id = ANY (%(events)s) AND ends_at > %(since)s
  AND (%(until)s::timestamptz IS NULL OR starts_at < %(until)s)
ORDER BY starts_at, id
"""


def _listed(query: FindQuery, events: list[Event]) -> list[FoundEvent]:
    """With the shifts that were asked for, read without their models: those took a seventh of a search."""
    now = clock.now()
    shifts: dict[UUID, list[PublicShift]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _SHIFTS, {"events": [event.pk for event in events], "since": query.since or now, "until": query.until}
        )
        for event_id, pk, starts_at, ends_at, capacity, opening, taken, waiting, extra in cursor.fetchall():
            past = ends_at <= now
            shifts[event_id].append(PublicShift(pk, starts_at, ends_at, capacity, opening, taken, waiting, past, extra))
    return [
        FoundEvent(
            id=event.pk,
            title=event.title,
            type=event.type,
            type_label=str(Event.Type(event.type).label),
            time_zone=event.time_zone,
            online=event.online,
            official=event.official,
            place=place_of(event),
            distance_m=None if (chord := getattr(event, "chord", None)) is None else _arc_m(chord),
            shifts=tuple(shifts[event.pk]),
        )
        for event in events
        if event.pk in shifts
    ]


def _arc_m(chord_m: float) -> float:
    """The distance on the surface of a chord, both in metres."""
    return 2 * geo.EARTH_RADIUS_M * math.asin(min(1.0, chord_m / (2 * geo.EARTH_RADIUS_M)))


# --- what changes a list -------------------------------------------------------------------------------------------
# These may put an event on a list, or on another place of it. What else happens to those on it says their own ids.
LISTING = ("event.published", "event.imported", "event.changed", "event.cancelled", "event.sent_back")
_ONLINE = "near.online"
_EDGE = 0.05  # degrees: where a place is known only about, it is found across the edge of its square


def squares(place: geo.Place, radius_m: float) -> list[str]:
    """Names of the squares of one degree that a circle touches, and of the online events that follow in its list."""
    high = math.degrees(radius_m / geo.EARTH_RADIUS_M) + _EDGE
    wide = min(180.0, high / max(0.01, math.cos(math.radians(min(90.0, abs(place.latitude) + high)))))
    rows = range(math.floor(place.latitude - high), math.floor(place.latitude + high) + 1)
    columns = range(math.floor(place.longitude - wide), math.floor(place.longitude + wide) + 1)
    return [_ONLINE, *{_square(row, column) for row in rows for column in columns}]


def squares_of(event_ids: Collection[UUID]) -> frozenset[str]:
    """The names of the squares these events are in now."""
    if not event_ids:
        return frozenset()
    points = Event.objects.filter(pk__in=event_ids).values_list("latitude", "longitude")
    return frozenset(
        _ONLINE if lat is None or lng is None else _square(math.floor(lat), math.floor(lng)) for lat, lng in points
    )


def _square(row: int, column: int) -> str:
    return f"near.{row}.{(column + 180) % 360 - 180}"
