"""The listed events as points on a map."""

import math
import threading
import time
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from groundswell.events import rules
from groundswell.kit import clock

MAP_KEPT_S = 2


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
