"""Where a row's event is, from what the row says about it, however little."""

from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from groundswell.kit import geo
from groundswell.kit.text import fold

NEAR_M = 200_000  # a point further from its ZIP is somewhere else
_POSTS = {"APO", "DPO", "FPO"}  # what stands for the city in military addresses
ABROAD = {"--", "-"}  # what forms for the US put into the state of other countries


class Nowhere(ValueError):
    """Nothing tells where it is: `field` and a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as far as it is known; degrees may be missing. `notes`: what is odd about it, by field."""

    postal_code: str
    city: str
    region: str
    country: str
    latitude: float | None
    longitude: float | None
    time_zone: str
    notes: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=20_000)
def spot(code: str, city: str, region: str, country: str, latitude: float | None, longitude: float | None) -> Spot:
    """The place of a row: its coordinates count most, then its ZIP, then its city. Raises Nowhere."""
    found = geo.find_zip(code) if country in ("", geo.HOME) else None
    if not found and code.isdigit() and len(code) in (3, 4):  # a spreadsheet took the leading zeros away
        padded = geo.find_zip(code.zfill(5))
        if padded and (region in ("", padded.region) or fold(city) == fold(padded.city)):
            found = padded
    if latitude is not None and longitude is not None:
        return _at(latitude, longitude, found, code, city, region, country)
    if found and region not in ABROAD:
        notes = _odd_code(code, found) + _odd_state(found, region)
        return Spot(
            found.postal_code,
            city or found.city,
            found.region,
            found.country,
            found.latitude,
            found.longitude,
            found.time_zone,
            notes,
        )
    return _by_city(code, city, region, country)


def _at(
    latitude: float, longitude: float, found: geo.Place | None, code: str, city: str, region: str, country: str
) -> Spot:
    zone = geo.time_zone_at(latitude, longitude)
    away = geo.distance_m(latitude, longitude, found.latitude, found.longitude) if found else 0.0
    if found and away <= NEAR_M:
        notes = _odd_code(code, found) + _odd_state(found, region)
        place = (found.postal_code, city or found.city, found.region, found.country)
        return Spot(*place, latitude, longitude, zone, notes)
    notes = ()
    if found:
        reason = _("ZIP %(zip)s is in %(city)s, %(state)s, but the coordinates are %(km)s km away. They count.")
        km = f"{away / 1000:,.0f}"
        notes = (("zip", reason % {"zip": code, "city": found.city, "state": found.region, "km": km}),)
    elif code and country in ("", geo.HOME):
        notes = (("zip", _("No gazetteer knows the ZIP “%(zip)s”. The coordinates count.") % {"zip": code}),)
    there = country or geo.country_at(latitude, longitude) or geo.HOME
    keeps = there == geo.HOME and region not in ABROAD
    return Spot(code, city, region if keeps or country else "", there, latitude, longitude, zone, notes)


def _by_city(code: str, city: str, region: str, country: str) -> Spot:
    post = geo.find_post_abroad(code.zfill(5)) if code.isdigit() else None
    if post and country not in ("", geo.HOME, post[0]):
        post = None
    if not city or (post and city.upper() in _POSTS):
        town = None
    elif post or country not in ("", geo.HOME):
        there = post[0] if post else country
        town = geo.find_city(city, there, region) or geo.find_city(city, there)
    else:
        town = geo.find_place(f"{city}, {region}" if region and region not in ABROAD else city)
    if town:
        unknown = [("zip", _("No gazetteer knows the ZIP “%(zip)s”. The city counts.") % {"zip": code})] if code else []
        return Spot(
            code if town.country != geo.HOME else "",
            town.city,
            town.region,
            town.country,
            town.latitude,
            town.longitude,
            town.time_zone,
            tuple(unknown) if town.country == geo.HOME or post else (),
        )
    if post and post[1]:
        reason = _(
            "ZIP %(zip)s is a military post office in %(country)s without a point on the map. The event is kept."
        )
        return Spot(
            code, city, "", post[0], None, None, post[1], (("zip", reason % {"zip": code, "country": post[0]}),)
        )
    if code and region not in ABROAD:
        raise Nowhere("zip", _("We do not know the ZIP “%(zip)s”, and nothing else tells the place.") % {"zip": code})
    if city:
        raise Nowhere(
            "city", _("We do not know the city “%(city)s”, and nothing else tells the place.") % {"city": city}
        )
    raise Nowhere("zip", _("Nothing tells where this is: no ZIP, no city, no coordinates."))


def _odd_code(code: str, found: geo.Place) -> tuple[tuple[str, str], ...]:
    if len(code) <= 5:
        return ()
    reason = _("No gazetteer knows the ZIP “%(zip)s”, but its first five figures: %(city)s, %(state)s.")
    return (("zip", reason % {"zip": code, "city": found.city, "state": found.region}),)


def _odd_state(found: geo.Place, region: str) -> tuple[tuple[str, str], ...]:
    if len(region) != 2 or region == found.region:
        return ()
    reason = _("ZIP %(zip)s is in %(state)s, not in %(said)s. The ZIP counts.")
    return (("state", reason % {"zip": found.postal_code, "state": found.region, "said": region}),)
