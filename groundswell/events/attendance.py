"""Reading from the ledger who came in the past, and what to expect of events to come. Sits on `forecasting`."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection

from groundswell.events import forecasting
from groundswell.events.forecasting import LEADS, Past, Rates, Spread
from groundswell.events.models import Event, Shift
from groundswell.kit import clock

LOOKED_BACK = timedelta(days=365)
KEPT_S = 600  # attendance is marked once; nobody waits for it
EARLY = len(LEADS)  # RSVPs that came as a number count as said long before

# For each shift that is over, and how long before it they said so: the places of those marked, and of those who came.
# While one runs, and where it was called off in the middle, only who came is marked: nothing is learned of it.
_PAST = """
SELECT shift.id, event.type, width_bucket(extract(epoch FROM shift.starts_at - rsvp.at), %(leads)s::float8[]),
       host.person_id, sum(entry.quantity), sum(entry.quantity) FILTER (WHERE entry.kind = 'event.attended')
FROM ledger_entry entry
JOIN events_rsvp rsvp ON rsvp.id = (entry.data->>'rsvp')::uuid AND rsvp.state = 'going'
JOIN events_shift shift ON shift.id = rsvp.shift_id
JOIN events_event event ON event.id = shift.event_id AND event.state <> 'cancelled'
LEFT JOIN events_host host ON host.event_id = event.id AND host.lead
WHERE entry.kind IN ('event.attended', 'event.missed') AND entry.at > %(since)s AND shift.ends_at <= %(now)s
GROUP BY 1, 2, 3, 4
HAVING sum(entry.quantity) > 0
"""
# Places taken so far, by how long before.
_TAKEN = """
SELECT shift.id, width_bucket(extract(epoch FROM shift.starts_at - rsvp.at), %(leads)s::float8[]), sum(1 + rsvp.guests)
FROM events_shift shift JOIN events_rsvp rsvp ON rsvp.shift_id = shift.id AND rsvp.state = 'going'
WHERE shift.event_id = %(event)s GROUP BY 1, 2
"""
_LEADS = [limit.total_seconds() for limit in LEADS]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of one shift."""

    shift: Shift
    share: float  # of the places that are taken, who come
    comes: Spread
    over: float  # the chance that more come than fit
    known: bool  # from enough past events; else it is a guess


def rates() -> Rates:
    """What the past year says; at most ten minutes old."""
    global _kept
    kept = _kept
    if kept is None or time.monotonic() - kept[0] > KEPT_S:
        with _lock:
            kept = _kept = (time.monotonic(), forecasting.learned(past()))
    return kept[1]


def forget_rates() -> None:
    """Read them again next time."""
    global _kept
    _kept = None


_kept: tuple[float, Rates] | None = None
_lock = threading.Lock()


def past() -> list[Past]:
    """Whoever was marked as come or not, of the past year."""
    with connection.cursor() as cursor:
        cursor.execute(_PAST, {"leads": _LEADS, "since": clock.now() - LOOKED_BACK, "now": clock.now()})
        return [
            Past(shift, type, lead, host, int(places), int(came or 0))
            for shift, type, lead, host, places, came in cursor.fetchall()
        ]


def forecasts(event: Event) -> list[Forecast]:
    """What is to be expected of its shifts that are not over, the soonest first."""
    learned, shares = rates(), shares_of(event)
    found = []
    for shift in event.shifts.filter(ends_at__gt=clock.now()).order_by("starts_at", "pk"):
        share = shares[shift.pk]
        over = 0.0
        if shift.capacity is not None and shift.filled > shift.capacity:
            over = forecasting.chance_over(shift.filled, shift.capacity, share, learned.strength)
        comes = forecasting.spread(shift.filled, share, learned.strength)
        found.append(Forecast(shift, share, comes, over, learned.known))
    return found


def shares_of(event: Event) -> dict[UUID, float]:
    """For each shift the share to expect of its places."""
    learned = rates()
    host = event.host_set.filter(lead=True).values_list("person_id", flat=True).first()
    taken: dict[UUID, dict[int, int]] = {
        shift.pk: {EARLY: shift.opening} if shift.opening else {} for shift in event.shifts.all()
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, {"leads": _LEADS, "event": event.pk})
        for shift, lead, places in cursor.fetchall():
            taken[shift][lead] = taken[shift].get(lead, 0) + int(places)
    return {shift: learned.share(event.type, host, places) for shift, places in taken.items()}


def extras(event: Event, shifts: Sequence[Shift]) -> dict[UUID, int]:
    """How many places each shift may offer beyond its capacity, by what its host accepts. None while too little is
    known."""
    learned = rates()
    if not event.overbook or not learned.known:
        return {shift.pk: 0 for shift in shifts}
    shares = shares_of(event)
    return {
        shift.pk: forecasting.beyond(shift.capacity, shares[shift.pk], learned.strength, event.overbook / 100)
        if shift.capacity
        else 0
        for shift in shifts
    }
