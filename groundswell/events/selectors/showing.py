"""What the public and guests see of an event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Prefetch, QuerySet

from groundswell.events import rules
from groundswell.events.models import RSVP, Event, Host, Shift
from groundswell.kit import clock
from groundswell.people.selectors import NotFound


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
    merged_into: UUID | None  # the event to which those who came go instead

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
    shifts = list(
        Shift.objects.filter(event=event_id, event__state__in=[Event.State.PUBLISHED, Event.State.CANCELLED])
        .select_related("event")
        .annotate(hosts=ArraySubquery(_hosts(event_id)))
        .order_by("starts_at", "pk")
    )  # one statement: this is asked for every page that is not in memory
    if not shifts:
        raise NotFound
    return _shown(shifts[0].event, shifts, shifts[0].hosts)


def next_public() -> PublicEvent | None:
    """The next event that everybody may see."""
    coming = Event.objects.filter(
        state=Event.State.PUBLISHED, visibility=Event.Visibility.PUBLIC, starts_at__gt=clock.now()
    )
    event = with_shifts(coming.order_by("starts_at")).prefetch_related(HOSTS).first()
    return shown(event) if event else None


def guest_event(rsvp: RSVP) -> PublicEvent:
    """The event as somebody sees it who comes: with the exact place and the link to join.

    Those who wait or have cancelled see what everybody sees.
    """
    event = with_shifts(Event.objects.filter(shifts=rsvp.shift_id)).prefetch_related(HOSTS).get()
    return shown(event, exact=rsvp.state == RSVP.State.GOING)


def shown(event: Event, *, exact: bool = False) -> PublicEvent:
    """An event as it may be shown. `exact` is for guests and for those who run it."""
    return _shown(event, event.shifts.all(), [host.person.given_name for host in event.host_set.all()], exact=exact)


def _shown(event: Event, shifts: Iterable[Shift], hosts: Iterable[str], *, exact: bool = False) -> PublicEvent:
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
        shifts=[public_shift(shift) for shift in shifts],
        hosts=[name for name in hosts if name],
        sequence=event.sequence,
        merged_into=event.merged_into_id,
    )


def loaded(event_ids: Iterable[UUID]) -> dict[UUID, Event]:
    """Events with shifts and hosts, as `shown` needs them."""
    rows = with_shifts(Event.objects.filter(pk__in=list(event_ids))).prefetch_related(HOSTS)
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


def public_shift(shift: Shift) -> PublicShift:
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


_HOSTS_ORDER = ("-lead", "at", "pk")
HOSTS = Prefetch("host_set", Host.objects.select_related("person").order_by(*_HOSTS_ORDER))


def _hosts(event_id: UUID) -> QuerySet[Host, str]:
    """Their first names."""
    return Host.objects.filter(event=event_id).order_by(*_HOSTS_ORDER).values_list("person__given_name", flat=True)


def with_shifts(events: QuerySet[Event]) -> QuerySet[Event]:
    return events.prefetch_related(Prefetch("shifts", Shift.objects.order_by("starts_at", "pk")))
