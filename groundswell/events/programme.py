"""Reading where places and where people are short, for headquarters. Sits on `attendance`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from groundswell.events import attendance, forecasting
from groundswell.events.services.routing import THIN
from groundswell.kit import clock

AHEAD = timedelta(days=14)

_EVENTS = """
SELECT event.id, event.scope::text, event.title, event.type, event.city, event.region, event.starts_at, event.time_zone,
       event.online, host.person_id, sum(shift.opening + shift.taken), CASE WHEN count(shift.capacity) = count(*) THEN
       sum(shift.capacity + shift.extra) END, sum(shift.waiting), bool_and(coalesce(events_room(shift) <= 0, false)),
       max(shift.opening + shift.taken)
FROM events_event event
JOIN events_shift shift ON shift.event_id = event.id AND shift.ends_at > %(now)s
LEFT JOIN events_host host ON host.event_id = event.id AND host.lead
WHERE event.state = 'published' AND event.starts_at > %(now)s AND event.starts_at < %(until)s
  AND EXISTS (SELECT FROM unnest(%(scopes)s::ltree[]) AS outer_scope WHERE event.scope <@ outer_scope)
GROUP BY event.id, host.person_id
ORDER BY event.starts_at, event.id
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """An event to come. `places` is None without a limit; `expected` people at its fullest shift."""

    id: UUID
    scope: str
    title: str
    city: str
    region: str
    starts_at: datetime
    time_zone: str
    online: bool
    filled: int
    places: int | None
    waiting: int
    full: bool
    expected: int


@dataclass(frozen=True, slots=True)
class State:
    """How many of a state's events are full."""

    region: str
    events: int
    full: int

    @property
    def share(self) -> int:
        """In percent."""
        return round(100 * self.full / self.events)


@dataclass(frozen=True)
class Programme:
    """The events of the next two weeks.

    Attributes:
        short_of_places: full; where most wait first, then the soonest.
        short_of_people: few are to be expected; the soonest first.
        states: all, where most are full first.
    """

    short_of_places: list[Standing]
    short_of_people: list[Standing]
    states: list[State]


def programme(scopes: Sequence[str], region: str = "") -> Programme:
    """What is short where, within these scopes; of one state only the lists are narrowed. One statement."""
    rates, now = attendance.rates(), clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, {"now": now, "until": now + AHEAD, "scopes": list(scopes)})
        rows = cursor.fetchall()
    found = []
    for pk, scope, title, kind, city, state, starts, zone, online, host, filled, places, waiting, full, most in rows:
        expected = forecasting.spread(most, rates.share(kind, host, {}), rates.strength).expected
        found.append(
            Standing(pk, scope, title, city, state, starts, zone, online, filled, places, waiting, full, expected)
        )
    totals: dict[str, list[int]] = {}
    for one in found:
        total = totals.setdefault(one.region, [0, 0])
        total[0] += 1
        total[1] += one.full
    states = [State(name, *total) for name, total in totals.items() if name]
    shown = [one for one in found if not region or one.region == region]
    return Programme(
        sorted((one for one in shown if one.full), key=lambda one: -one.waiting),
        [one for one in shown if not one.full and one.expected < THIN],
        sorted(states, key=lambda one: (-one.share, -one.events, one.region)),
    )
