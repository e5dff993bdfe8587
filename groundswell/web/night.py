"""What the board of the night shows: deeds as they are committed, places, where they are short, who will come.

Each process counts at most twice a second, however many look; a board is then at most a second behind the ledger.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from groundswell.events import attendance
from groundswell.events import selectors as events
from groundswell.events.selectors import Fill
from groundswell.kit import maps
from groundswell.kit.clock import now
from groundswell.ledger import selectors as ledger
from groundswell.powers import words
from groundswell.powers.movement import movement
from groundswell.web.rules import MOST_SEEN, Forecast, forecast

T = TypeVar("T")

# The kinds that make a number of places, each with its sign, and those of which every event has one.
NAMED = {
    **dict.fromkeys(("event.rsvp", "event.promoted", "event.rsvp_changed", "event.moved_in"), 1),
    **dict.fromkeys(("event.rsvp_cancelled", "event.moved_on"), -1),
}
PLACES = {
    "named": NAMED,
    "taken": NAMED | {"event.opening_balance": 1},
    "waiting": {
        **dict.fromkeys(("event.waiting", "event.waiting_changed"), 1),
        **dict.fromkeys(("event.promoted", "event.left_waiting"), -1),
    },
}
MADE = ("event.created", "event.imported")
DEEDS = ("event.rsvp", "event.waiting", "event.attended", "event.missed")
DEEDS_KEPT_S = 0.5
PLACES_KEPT_S = 1.0
OLD_S = 5.0  # nobody looked for so long: the next one waits for what is new
PATIENCE_S = 3.0
MOST = 6  # rows of a list


class Kept(Generic[T]):
    """What `make` gave, made anew when somebody asks and it is older than `seconds`. One thread makes it; the others
    meanwhile take the one before."""

    def __init__(self, make: Callable[[], T], seconds: float) -> None:
        self.make, self.seconds = make, seconds
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.value: T | None = None
        self.made = -math.inf

    def get(self) -> T | None:
        """None while the first is being made, and that takes long."""
        made = self.made
        age = time.monotonic() - made
        if age > self.seconds and self.lock.acquire(timeout=PATIENCE_S if age > OLD_S else 0):
            try:
                if self.made == made:
                    begun = time.monotonic()
                    self.value = self.make()
                    self.made = begun
            finally:
                self.lock.release()
        return self.value if time.monotonic() - self.made < OLD_S + PATIENCE_S else None


@dataclass(frozen=True)
class Somewhere:
    """A state or a city: who comes there, who waits, and the places that are free."""

    name: str
    scope: str
    city: str
    events: int
    filled: int
    free: int
    waiting: int


@dataclass(frozen=True)
class Places:
    """Published events that are not over."""

    events: int
    full: int
    places: int  # of events with a limit
    filled: int
    taken_share: int  # percent of the places of events with a limit
    waiting: int
    sketch: maps.Sketch
    most: list[list[Somewhere]]  # where most people come: states, cities
    short: list[Somewhere]  # where more people wait than there are places


@dataclass(frozen=True)
class Night:
    """All of it but the names, which depend on who looks."""

    deeds: ledger.Minutes
    places: Places
    forecast: Forecast
    known: bool  # whether the forecast is from the past, or a guess
    minutes: list[datetime]  # of the last hour, the running one last

    def in_minute(self, kind: str, minute: datetime) -> ledger.Count:
        return self.deeds.minutes.get((kind, minute)) or ledger.Count()


def night() -> Night | None:
    """The night as it is now; None while it is being counted for the first time."""
    deeds, places = _deeds.get(), _places.get()
    if deeds is None or places is None:
        return None
    this = now().replace(second=0, microsecond=0)
    rates = attendance.rates()  # of shifts that are over: while they run, only those who come are noted
    seen = MOST_SEEN if rates.known else 0
    return Night(
        deeds=deeds,
        places=places,
        forecast=forecast(places.filled, seen * rates.mean, seen * (1 - rates.mean)),
        known=rates.known,
        minutes=[this - timedelta(minutes=ago) for ago in range(59, -1, -1)],
    )


def forget() -> None:
    """Count again next time."""
    global _deeds
    _deeds = Kept(ledger.Follower(DEEDS).look, DEEDS_KEPT_S)
    _places.forget()


def _count_places() -> Places:
    fills = events.fills()
    limited = [fill for fill in fills if fill.places is not None]
    places, taken = sum(fill.places or 0 for fill in limited), sum(fill.filled for fill in limited)
    by_city = _gathered(fills, lambda fill: (_region(fill.scope), fill.city))
    return Places(
        events=len(fills),
        full=sum(fill.filled >= (fill.places or 0) for fill in limited),
        places=places,
        filled=sum(fill.filled for fill in fills),
        taken_share=min(100, taken * 100 // places) if places else 0,
        waiting=sum(fill.waiting for fill in fills),
        sketch=maps.filling(
            (
                (fill.latitude, fill.longitude, fill.filled, fill.places)
                for fill in fills
                if fill.latitude is not None and fill.longitude is not None
            ),
            movement().country,
        ),
        most=[
            _most(_gathered(fills, lambda fill: (_region(fill.scope), "")), lambda place: place.filled),
            _most((place for place in by_city if place.city), lambda place: place.filled),
        ],
        short=_most(by_city, lambda place: place.waiting and place.waiting - place.free),
    )


def _gathered(fills: Iterable[Fill], key: Callable[[Fill], tuple[str, str]]) -> list[Somewhere]:
    groups: dict[tuple[str, str], list[Fill]] = {}
    for fill in fills:
        groups.setdefault(key(fill), []).append(fill)
    return [
        Somewhere(
            name=f"{city}, {scope.rpartition('.')[2].upper()}" if city else words.place(scope),
            scope=scope,
            city=city,
            events=len(group),
            filled=sum(fill.filled for fill in group),
            free=sum(fill.free for fill in group),
            waiting=sum(fill.waiting for fill in group),
        )
        for (scope, city), group in groups.items()
    ]


def _region(scope: str) -> str:
    """The state of a scope; a country where it has none; as `events.counted` takes it."""
    return ".".join(scope.split(".")[:4])


def _most(found: Iterable[Somewhere], count: Callable[[Somewhere], int]) -> list[Somewhere]:
    return sorted((place for place in found if count(place) > 0), key=lambda place: (-count(place), place.name))[:MOST]


_deeds = Kept(ledger.Follower(DEEDS).look, DEEDS_KEPT_S)
_places = Kept(_count_places, PLACES_KEPT_S)
