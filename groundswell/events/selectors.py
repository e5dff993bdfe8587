"""Reading events: finding, the map, what the public sees, the gate for those who run them.

The public sees a `PublicEvent`; a guest sees the same with the exact place and the link to join. Nothing else of an
event leaves this floor for people who do not run it.
"""

import math
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects
from django.urls import reverse

from groundswell.events import rules, verbs
from groundswell.events.models import RSVP, Event, Host, Shift
from groundswell.events.rules import EventDetails, ShiftDetails
from groundswell.kit import clock, geo
from groundswell.ledger import selectors as ledger
from groundswell.ledger.rules import person_actor
from groundswell.people.models import Person
from groundswell.people.selectors import NotFound, display_name
from groundswell.powers.models import User
from groundswell.powers.rules import covers
from groundswell.powers.viewer import Viewer

MAP_KEPT_S = 2


# --- what the public sees ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PublicPlace:
    """Where an event is. Unless `exact`, the point is on a grid of two kilometres, and venue and street are empty."""

    exact: bool
    venue: str
    street: str
    city: str
    region: str
    postal_code: str
    country: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class PublicShift:
    """A time slot. `free` is None where there is no limit."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    opening: int  # places of RSVPs that came as a number, without names
    taken: int  # places of those who come
    waiting: int
    past: bool
    extra: int = 0  # places offered beyond the capacity

    @property
    def offered(self) -> int | None:
        """The places there are to take."""
        return None if self.capacity is None else self.capacity + self.extra

    @property
    def filled(self) -> int:
        return self.opening + self.taken

    @property
    def free(self) -> int | None:
        left = rules.room(self.capacity, self.filled, self.extra)
        return None if left is None else max(0, left)

    @property
    def room(self) -> bool:
        return self.free != 0


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """An event as its page shows it. `online_url` is empty except for those who said they would come."""

    id: UUID
    state: str  # published or cancelled; for those who run it also draft and waiting
    past: bool
    type: str
    type_label: str
    title: str
    description: str  # clean HTML
    accessibility: str
    languages: list[str]
    official: bool
    visibility: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    online: bool
    online_url: str
    place: PublicPlace
    place_shown: str
    shifts: list[PublicShift]
    hosts: list[str]  # first names
    sequence: int

    @property
    def open(self) -> bool:
        """Whether one can still say one comes."""
        return self.state == Event.State.PUBLISHED and not self.past

    @property
    def taken(self) -> int:
        return sum(shift.taken for shift in self.shifts)

    @property
    def filled(self) -> int:
        return sum(shift.filled for shift in self.shifts)


def public_event(event_id: UUID) -> PublicEvent:
    """A published or cancelled event, listed or not. Raises NotFound."""
    event = (
        _with_shifts(Event.objects.filter(pk=event_id, state__in=[Event.State.PUBLISHED, Event.State.CANCELLED]))
        .prefetch_related(_HOSTS)
        .first()
    )
    if event is None:
        raise NotFound
    return shown(event)


def guest_event(rsvp: RSVP) -> PublicEvent:
    """The event as somebody sees it who comes: with the exact place and the link to join.

    Those who wait or have cancelled see what everybody sees.
    """
    event = _with_shifts(Event.objects.filter(shifts=rsvp.shift_id)).prefetch_related(_HOSTS).get()
    return shown(event, exact=rsvp.state == RSVP.State.GOING)


def shown(event: Event, *, exact: bool = False) -> PublicEvent:
    """An event as it may be shown. `exact` is for guests and for those who run it."""
    return PublicEvent(
        id=event.pk,
        state=event.state,
        past=event.ends_at <= clock.now(),
        type=event.type,
        type_label=str(Event.Type(event.type).label),
        title=event.title,
        description=event.description,
        accessibility=event.accessibility,
        languages=event.languages,
        official=event.official,
        visibility=event.visibility,
        time_zone=event.time_zone,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        online=event.online,
        online_url=event.online_url if exact else "",
        place=place_of(event, exact=exact),
        place_shown=event.place_shown,
        shifts=[_shift(shift) for shift in event.shifts.all()],
        hosts=[host.person.given_name for host in event.host_set.all() if host.person.given_name],
        sequence=event.sequence,
    )


def loaded(event_ids: Iterable[UUID]) -> dict[UUID, Event]:
    """Events with shifts and hosts, as `shown` needs them."""
    rows = _with_shifts(Event.objects.filter(pk__in=list(event_ids))).prefetch_related(_HOSTS)
    return {event.pk: event for event in rows}


def place_of(event: Event, *, exact: bool = False) -> PublicPlace:
    """The event's place, exact only where everybody or this reader may know it."""
    exact = exact or event.place_shown == Event.PlaceShown.EVERYONE
    point = event.latitude, event.longitude
    latitude, longitude = point if exact else (None if at is None else rules.blurred(at) for at in point)
    return PublicPlace(
        exact=exact,
        venue=event.venue if exact else "",
        street=event.street if exact else "",
        city=event.city,
        region=event.region,
        postal_code=event.postal_code,
        country=event.country,
        latitude=latitude,
        longitude=longitude,
    )


def _shift(shift: Shift) -> PublicShift:
    return PublicShift(
        id=shift.pk,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        capacity=shift.capacity,
        opening=shift.opening,
        taken=shift.taken,
        waiting=shift.waiting,
        past=shift.ends_at <= clock.now(),
        extra=shift.extra,
    )


_HOSTS = Prefetch("host_set", Host.objects.select_related("person").order_by("-lead", "at", "pk"))


def _with_shifts(events: QuerySet[Event]) -> QuerySet[Event]:
    return events.prefetch_related(Prefetch("shifts", Shift.objects.order_by("starts_at", "pk")))


# --- finding -------------------------------------------------------------------------------------------------------
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


def _listed(query: FindQuery, events: list[Event]) -> list[FoundEvent]:
    shifts = Shift.objects.filter(ends_at__gt=query.since or clock.now()).order_by("starts_at", "pk")
    if query.until:
        shifts = shifts.filter(starts_at__lt=query.until)
    prefetch_related_objects(events, Prefetch("shifts", shifts))
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
            shifts=tuple(map(_shift, event.shifts.all())),
        )
        for event in events
        if event.shifts.all()
    ]


def _arc_m(chord_m: float) -> float:
    """The distance on the surface of a chord, both in metres."""
    return 2 * geo.EARTH_RADIUS_M * math.asin(min(1.0, chord_m / (2 * geo.EARTH_RADIUS_M)))


# --- the map -------------------------------------------------------------------------------------------------------
class MapPoint(NamedTuple):
    """A listed event on the map, of the present or the future."""

    id: UUID
    latitude: float
    longitude: float
    title: str
    starts_at: datetime
    time_zone: str
    room: bool


class Bounds(NamedTuple):
    """A part of the map, in degrees. Where west is greater than east it crosses the date line."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        if self.west <= self.east:
            across = self.west <= longitude <= self.east
        else:
            across = longitude >= self.west or longitude <= self.east
        return across and self.south <= latitude <= self.north


def map_points(bounds: Bounds | None = None) -> list[MapPoint]:
    """Every listed event that has a place, the soonest first; at most two seconds old, one statement per process."""
    global _map
    kept = _map
    if time.monotonic() - kept[0] > MAP_KEPT_S:
        with _map_lock:  # one thread asks, the others take what it brings
            if (kept := _map)[0] < time.monotonic() - MAP_KEPT_S:
                kept = _map = (time.monotonic(), _all_points())
    return kept[1] if bounds is None else [p for p in kept[1] if bounds.holds(p.latitude, p.longitude)]


def forget_map() -> None:
    """Read it again next time."""
    global _map
    _map = (-math.inf, [])


_map: tuple[float, list[MapPoint]] = (-math.inf, [])
_map_lock = threading.Lock()


def _all_points() -> list[MapPoint]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.latitude, e.longitude, e.place_shown = 'guests', e.title, e.starts_at, e.time_zone,"
            " bool_or(s.capacity IS NULL OR events_room(s) > 0)"
            " FROM events_event e JOIN events_shift s ON s.event_id = e.id AND s.ends_at > %(now)s"
            " WHERE e.state = 'published' AND e.visibility = 'public' AND e.ends_at > %(now)s"
            " AND e.latitude IS NOT NULL GROUP BY e.id ORDER BY e.starts_at, e.id",
            {"now": clock.now()},
        )
        return [
            MapPoint(pk, rules.blurred(lat) if private else lat, rules.blurred(lng) if private else lng, *shown)
            for pk, lat, lng, private, *shown in cursor.fetchall()
        ]


# --- for those who run events --------------------------------------------------------------------------------------
def access_event(viewer: Viewer, event_id: UUID, verb: str = verbs.CHANGE) -> Event:
    """The event, for its hosts and for whoever holds the verb over its scope; a review is not for its hosts. Who has
    used the power up still looks: the service refuses with a sentence.

    Raises:
        NotFound: also when it exists and is out of reach.
    """
    event = Event.objects.filter(pk=event_id).first()
    if event is None or viewer.user is None:
        raise NotFound
    hosting = verb != verbs.REVIEW and Host.objects.filter(event=event, person__user=viewer.user).exists()
    if not hosting and not any(covers(scope, event.scope) for scope in viewer.scopes(verb)):
        raise NotFound
    return event


def review_queue(viewer: Viewer) -> QuerySet[Event]:
    """Events that wait for review where the viewer may review, the longest waiting first."""
    scopes = viewer.scopes(verbs.REVIEW)
    if not scopes:
        return Event.objects.none()
    within = reduce(or_, (Q(scope__within=scope) for scope in scopes))
    waiting = Event.objects.filter(within, state=Event.State.WAITING, ends_at__gt=clock.now())
    return _with_shifts(waiting).prefetch_related(_HOSTS).order_by("created_at")


def hosted_by(person: Person) -> QuerySet[Event]:
    """Events the person hosts, the newest first, with shifts."""
    return _with_shifts(Event.objects.filter(host_set__person=person)).order_by("-starts_at")


def hosts_of(event: Event) -> QuerySet[Host]:
    """The lead first, with persons."""
    return event.host_set.select_related("person").order_by("-lead", "at", "pk")


def is_actor(person: Person, actor: str) -> bool:
    """Whether the actor of an entry is this person."""
    return actor in (person_actor(person.pk), f"user:{person.user_id}")


def changed_by(event: Event) -> str:
    """Who changed what it says last, as they are called; empty where that is not known."""
    for entry in ledger.of_subject(event.pk, 1, kinds=["event.changed"]):
        kind, _colon, key = entry.actor.partition(":")
        user = User.objects.filter(pk=key).first() if kind == "user" else None
        return display_name(user) if user else ""
    return ""


def guest_list(event: Event) -> QuerySet[RSVP]:
    """Who comes, who waits and who cancelled, shift by shift in order of joining, with persons. For those who passed
    the gate."""
    return (
        RSVP.objects.filter(shift__event=event)
        .select_related("person", "shift")
        .order_by("shift__starts_at", "shift_id", "state", "at", "pk")
    )


def details_of(event: Event) -> EventDetails:
    """What the host said, as a form shows it: times on the event's own clock, the description as plain text."""
    zone = ZoneInfo(event.time_zone)
    fields = {
        name: getattr(event, name)
        for name in EventDetails.__dataclass_fields__
        if name not in ("shifts", "description", "latitude", "longitude")
    }
    shifts = [
        ShiftDetails(
            starts_at=shift.starts_at.astimezone(zone).replace(tzinfo=None),
            ends_at=shift.ends_at.astimezone(zone).replace(tzinfo=None),
            capacity=shift.capacity,
            id=shift.pk,
        )
        for shift in event.shifts.order_by("starts_at", "pk")
    ]
    return EventDetails(**fields, description=rules.plain(event.description), shifts=shifts)


# --- for everybody's own page, boards and timelines ----------------------------------------------------------------
def rsvps_of(person: Person) -> QuerySet[RSVP]:
    """The person's RSVPs with shift and event, what comes next first, the past last."""
    return (
        RSVP.objects.filter(person=person)
        .select_related("shift__event")
        .annotate(over=Q(shift__ends_at__lte=clock.now()))
        .order_by("over", "shift__starts_at")
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """Published events that are not over, and who comes."""

    events: int
    places: int  # of shifts with a limit
    taken: int
    rsvps: int
    waiting: int  # places
    opening_rsvps: int  # came as a number, without names
    to_review: int


def counts() -> Counts:
    """How the programme stands now; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH open AS (
              SELECT id, opening_rsvps FROM events_event WHERE state = 'published' AND ends_at > %(now)s
            )
            SELECT (SELECT count(*) FROM open),
                   coalesce(sum(s.capacity), 0), coalesce(sum(s.taken), 0),
                   (SELECT count(*) FROM events_rsvp r JOIN events_shift t ON t.id = r.shift_id
                    JOIN open ON open.id = t.event_id WHERE r.state = 'going'),
                   coalesce(sum(s.waiting), 0),
                   (SELECT coalesce(sum(opening_rsvps), 0) FROM open),
                   (SELECT count(*) FROM events_event WHERE state = 'waiting' AND ends_at > %(now)s)
            FROM open JOIN events_shift s ON s.event_id = open.id
            """,
            {"now": clock.now()},
        )
        return Counts(*map(int, cursor.fetchone()))


class Fill(NamedTuple):
    """How full a published event is that is not over. `places` is None where one shift has no limit."""

    scope: str
    city: str
    latitude: float | None
    longitude: float | None
    places: int | None
    filled: int
    free: int  # of shifts with a limit
    waiting: int


def fills() -> list[Fill]:
    """How full each published event is that is not over; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.place_shown = 'guests', e.scope::text, e.city, e.latitude, e.longitude,"
            " CASE WHEN count(s.capacity) = count(*) THEN sum(s.capacity) END, sum(s.opening + s.taken),"
            " coalesce(sum(greatest(events_room(s), 0)), 0), sum(s.waiting)"
            " FROM events_event e JOIN events_shift s ON s.event_id = e.id"
            " WHERE e.state = 'published' AND e.ends_at > %s GROUP BY e.id",
            [clock.now()],
        )
        return [
            Fill(scope, city, *((lat, lng) if lat is None or not private else map(rules.blurred, (lat, lng))), *counts)
            for private, scope, city, lat, lng, *counts in cursor.fetchall()
        ]


def within(scope: str, city: str = "") -> list[UUID]:
    """Every event in a part of the movement's tree, or only those of one city there."""
    found = Event.objects.filter(scope__within=scope)
    return list((found.filter(city=city) if city else found).values_list("pk", flat=True))


def subjects(event_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """What events are called and where they are, for timelines."""
    titles = Event.objects.filter(pk__in=list(event_ids)).values_list("pk", "title")
    return {pk: (title, reverse("events:event", args=[pk])) for pk, title in titles}
