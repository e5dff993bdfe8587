"""Reading what is near an event: others with room, for whoever finds it full. Sits on `selectors`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from groundswell.events import rules, selectors
from groundswell.events.selectors import FindQuery, FoundEvent, PublicEvent, PublicShift
from groundswell.kit import clock, geo

OFFERED = 3
NEAR_M = 50_000
FAR_M = 250_000  # where nothing is near
LOOKED_THROUGH = 40  # events of the time around, some of which may be on other days


class Days(StrEnum):
    """When others are, on the clock of the one that is full."""

    SAME = "same"
    NEXT = "next"  # the day before or after
    OTHER = "other"


class Room(NamedTuple):
    """Events with room, the nearest first."""

    events: list[FoundEvent]
    days: Days
    far: bool  # none is within `NEAR_M`

    @property
    def same_days(self) -> bool:
        return self.days is Days.SAME


def with_room(event: PublicEvent, shifts: Sequence[PublicShift] = (), limit: int = OFFERED) -> Room:
    """Where else there is room: near on the days of `shifts`, near on the days around them, further away on these, then
    on any other; without shifts at any time."""
    found: list[Room] = []
    for days in (Days.SAME, Days.NEXT, Days.OTHER) if shifts else (Days.OTHER,):
        if days is Days.OTHER and found:
            break
        others = _others(event, shifts, days, FAR_M)
        near = [one for one in others if (one.distance_m or 0) <= NEAR_M]
        if near:
            return Room(near[:limit], days, far=False)
        if others:
            found.append(Room(others[:limit], days, far=True))
    return found[0] if found else Room([], Days.OTHER, far=False)


def near_same_days(event: PublicEvent, limit: int) -> list[FoundEvent]:
    """Those near with room on the very days of its shifts."""
    return _others(event, event.shifts, Days.SAME, NEAR_M)[:limit]


def _others(event: PublicEvent, shifts: Sequence[PublicShift], days: Days, radius_m: float) -> list[FoundEvent]:
    """With those of their shifts that are on these days."""
    at, zone = event.place, ZoneInfo(event.time_zone)
    place = None
    if at.latitude is not None and at.longitude is not None:
        place = geo.Place("", at.city, at.region, at.country, at.latitude, at.longitude, event.time_zone)
    asked = FindQuery(place=place, radius_m=radius_m, has_room=True, online=place is None, limit=LOOKED_THROUGH)
    if days is Days.OTHER:
        return [one for one in selectors.find(asked) if one.id != event.id]
    wanted = {rules.local_day(shift.starts_at, event.time_zone) for shift in shifts}
    if days is Days.NEXT:
        wanted = {day + timedelta(days=n) for day in wanted for n in (-1, 1)} - wanted
    since = max(clock.now(), datetime.combine(min(wanted), time(), zone))
    until = datetime.combine(max(wanted) + timedelta(days=1), time(), zone)
    found = []
    for one in selectors.find(replace(asked, since=since, until=until)):
        then = tuple(s for s in one.shifts if rules.local_day(s.starts_at, event.time_zone) in wanted)
        if one.id != event.id and any(shift.room for shift in then):
            found.append(replace(one, shifts=then))
    return found
