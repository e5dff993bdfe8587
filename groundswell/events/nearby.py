"""Reading what is near an event: others with room, for whoever finds it full. Sits on `selectors`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from groundswell.events import selectors
from groundswell.events.rules import SAME_DAYS
from groundswell.events.selectors import FindQuery, FoundEvent, PublicEvent, PublicShift
from groundswell.kit import clock, geo

OFFERED = 3


class Room(NamedTuple):
    """Events with room, the nearest first."""

    events: list[FoundEvent]
    same_days: bool  # else there is none on those days, and these are on others


def with_room(
    event: PublicEvent, shifts: Sequence[PublicShift] = (), limit: int = OFFERED, radius_m: float | None = None
) -> Room:
    """Where else there is room: within a day of `shifts`; where that gives nothing, or without shifts, at any time."""
    at = event.place
    place = None
    if at.latitude is not None and at.longitude is not None:
        place = geo.Place("", at.city, at.region, at.country, at.latitude, at.longitude, event.time_zone)
    asked = FindQuery(place=place, radius_m=radius_m, has_room=True, online=place is None, limit=limit + 1)
    if shifts:
        since = max(clock.now(), min(shift.starts_at for shift in shifts) - SAME_DAYS)
        until = max(shift.ends_at for shift in shifts) + SAME_DAYS
        if found := _others(event, selectors.find(replace(asked, since=since, until=until)), limit):
            return Room(found, same_days=True)
    return Room(_others(event, selectors.find(asked), limit), same_days=False)


def _others(event: PublicEvent, found: list[FoundEvent], limit: int) -> list[FoundEvent]:
    return [other for other in found if other.id != event.id][:limit]
