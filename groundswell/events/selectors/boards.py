"""For boards, timelines and everybody's own page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse

from groundswell.events import rules
from groundswell.events.models import RSVP, Event
from groundswell.kit import clock
from groundswell.people.models import Person

STATE = 3  # dots in the scope of one: movement.place.us.vt


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


def counted(scope: str = "", city: str = "", only: str = "") -> list[UUID]:
    """The events that a board counts.

    Args:
        scope: a part of the movement's tree: of a state all of it, of a wider part what is in none of its states.
        city: only those of one city there.
        only: those of `fills`: `coming` all, `limited` those with a limit, `full` those without a place.
    """
    found = Event.objects.all()
    if scope:
        found = found.filter(scope__within=scope) if scope.count(".") >= STATE else found.filter(scope=scope)
    if city:
        found = found.filter(city=city)
    if only:
        found = found.filter(state=Event.State.PUBLISHED, ends_at__gt=clock.now())
    if only in ("limited", "full"):
        found = found.annotate(shifts_limited=Count("shifts__capacity"), n=Count("shifts")).filter(
            n=F("shifts_limited")
        )
    if only == "full":
        filled, places = Sum(F("shifts__opening") + F("shifts__taken")), Sum("shifts__capacity")
        found = found.annotate(filled=filled, places=places).filter(filled__gte=F("places"))
    return list(found.values_list("pk", flat=True))


def subjects(event_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """What events are called and where they are, for timelines."""
    titles = Event.objects.filter(pk__in=list(event_ids)).values_list("pk", "title")
    return {pk: (title, reverse("events:event", args=[pk])) for pk, title in titles}
