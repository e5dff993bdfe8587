"""One row of a file to one event with one shift, or to the reason why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from groundswell.events.services import OWN_SYSTEM, ImportedEvent, ImportedShift, check_imported, own_id
from groundswell.intake.columns import Columns
from groundswell.intake.places import Nowhere, Spot, spot
from groundswell.kit import geo
from groundswell.kit.tables import Problem, Row
from groundswell.kit.text import clean_line, fold

LENGTH = timedelta(hours=2)  # of an event that does not say when it ends
_TIMES = (
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%y %H:%M",
    "%m/%d/%y %I:%M %p",
    "%Y-%m-%d %I:%M %p",
    "%B %d, %Y %I:%M %p",
    "%b %d, %Y %I:%M %p",
)
# Words of a kind of event, the first that fits; after the codes themselves (`house_party`).
_KINDS = {
    "house_party": r"house ?part|watch ?part|debate watch|house meeting",
    "phone_bank": r"phone|calling|\bcalls?\b",
    "canvass": r"canvass|door|\blit ?drop|petition|signature|registering|voter reg|flyer|tabling",
    "fundraiser": r"fundrais",
    "training": r"train|workshop",
    "meeting": r"meet|barnstorm|town ?hall|organiz",
    "rally": r"rally|march|solidarity|visibility|launch|kickoff",
}
_NAMES = {  # what the events floor calls a field, to what it is called here
    "postal_code": "zip",
    "region": "state",
    "opening_rsvps": "rsvps",
    "starts_at": "start",
    "ends_at": "end",
    "external_id": "id",
}
_YES, _NO = {"yes", "y", "true", "t", "1"}, {"no", "n", "false", "f", "0"}


class BadRow(ValueError):
    """A row that cannot be loaded: (field, reason) for everything that is wrong with it."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Draft:
    """A row understood. `key` stands for its content where it has no id of its own."""

    line: int
    system: str
    key: str
    event: ImportedEvent
    notes: tuple[Problem, ...]


@dataclass(frozen=True)
class Reader:
    """How the rows of one file are to be understood.

    Attributes:
        system: where they come from.
        clock: the time zone of times without an offset; empty: that of the place.
        online_zone: the time zone of what is online and names none.
    """

    columns: Columns
    system: str
    clock: str
    online_zone: str

    def read(self, row: Row) -> Draft:
        """Understand a row. Raises BadRow."""
        said = {field: row.values[column].strip() for field, column in self.columns.of.items()}
        _refuse_unwanted(said)
        problems: list[tuple[str, str]] = []
        place = self._place(said, problems)
        zone = said.get("time_zone") or (place.time_zone if place else "UTC")
        shift = self._shift(said, zone, problems)
        external_id, system = said.get("id", ""), said.get("system") or self.system
        if not external_id and said.get("own_id"):
            external_id, system = said["own_id"], OWN_SYSTEM
        if system == OWN_SYSTEM:
            external_id = own_id(external_id)
        if problems or place is None or shift is None:
            raise BadRow(*problems)
        event = _event(said, external_id, place, zone, shift, problems)
        problems += [(_NAMES.get(field, field), reason) for field, reason in check_imported(event).items()]
        if problems:
            raise BadRow(*problems)
        notes = tuple(Problem(row.line, self.columns.named(field), reason) for field, reason in place.notes)
        return Draft(row.line, system, "" if external_id else _key(said), event, notes)

    def _place(self, said: Mapping[str, str], problems: list[tuple[str, str]]) -> Spot | None:
        online = _yes(said, "online", problems)
        latitude = _degrees(said.get("latitude", ""), 90, "latitude", problems)
        longitude = _degrees(said.get("longitude", ""), 180, "longitude", problems)
        if not latitude and not longitude:  # 0, 0 lies in the sea: what some programs write for nothing
            latitude = longitude = None
        country = _country(said.get("country", ""), problems)
        if problems:
            return None
        region = clean_line(said.get("state", ""))
        where = (clean_line(said.get("zip", "")), clean_line(said.get("city", "")), region)
        try:
            found = spot(*where, country, latitude, longitude)
        except Nowhere as nowhere:
            if online:
                return Spot(*where, country or geo.HOME, None, None, self.online_zone)
            problems.append((nowhere.field, str(nowhere)))
            return None
        if latitude is None and {"latitude", "longitude"} <= self.columns.of.keys() and not online:
            without = _("The row has no coordinates; its ZIP or city tells the place.")
            if found.latitude is None:
                without = _("The row has no coordinates, and nothing else tells the point; it is on no map.")
            found = replace(found, notes=(("latitude", without), *found.notes))
        return found

    def _shift(self, said: Mapping[str, str], zone: str, problems: list[tuple[str, str]]) -> ImportedShift | None:
        if not geo.is_time_zone(zone):
            reason = _("There is no time zone “%(zone)s”. Write one like America/New_York.")
            problems.append(("time_zone", reason % {"zone": clean_line(zone)[:60]}))
            return None
        clock = ZoneInfo(self.clock or zone)
        starts = _when(said, "start", clock, problems)
        ends = _when(said, "end", clock, problems)
        if starts is None and not problems:
            problems.append(("start", _("There is no start.")))
        capacity = _whole(said, "capacity", problems)
        if starts is None:
            return None
        return ImportedShift(starts, ends or starts + LENGTH, capacity or None)  # 0: no limit


def _event(
    said: Mapping[str, str],
    external_id: str,
    place: Spot,
    zone: str,
    shift: ImportedShift,
    problems: list[tuple[str, str]],
) -> ImportedEvent:
    volunteer, official = _yes(said, "volunteer", problems), _yes(said, "official", problems)
    kind = clean_line(said.get("type", ""))
    opening = None if "rsvps" not in said else _whole(said, "rsvps", problems) or 0
    return ImportedEvent(
        external_id=external_id,
        shifts=[replace(shift, opening_rsvps=opening)],
        title=clean_line(said.get("title", "")) or kind[:120],
        type=kind_of(kind),
        time_zone=zone,
        city=place.city,
        region=place.region,
        postal_code=place.postal_code,
        country=place.country,
        latitude=place.latitude,
        longitude=place.longitude,
        venue=said.get("venue"),
        street=said.get("street"),
        description=said.get("description"),
        accessibility=said.get("accessibility"),
        languages=re.findall(r"[A-Za-z][A-Za-z-]{1,7}", said["languages"]) if "languages" in said else None,
        official=not volunteer if official is None and volunteer is not None else official,
        online=_yes(said, "online", problems),
        online_url=said.get("online_url"),
        place_shown=_one_of(said, "place_shown", "guests", {"guests", "private", *_YES}, "everyone"),
        visibility=_one_of(said, "visibility", "unlisted", {"unlisted", "private"}, "public"),
        opening_rsvps=opening,
    )


def kind_of(words: str) -> str:
    """The kind of event that words in a file mean; `other` where none fits."""
    text = fold(words).replace("_", " ")
    if text.replace(" ", "_") in {*_KINDS, "other"}:
        return text.replace(" ", "_")
    return next((kind for kind, pattern in _KINDS.items() if re.search(pattern, text)), "other")


def moment(text: str, clock: tzinfo) -> datetime | None:
    """A date with a time as people and programs write it, in UTC; None where it is none. Months come before days.

    Of a time that comes twice when clocks are put back the first is meant; one that is skipped is an hour later.
    """
    text = re.sub(r"\s*(?:UTC|GMT)$", "+00:00", text)
    if re.fullmatch(r"[0-9]{9,10}", text):  # seconds since 1970
        return datetime.fromtimestamp(int(text), UTC)
    try:
        found = datetime.fromisoformat(text) if ":" in text else None
    except ValueError:
        found = None
    for pattern in () if found else _TIMES:
        try:
            found = datetime.strptime(text, pattern)  # noqa: DTZ007 - its clock is set below
        except ValueError:
            continue
        break
    if found is None or not 1900 <= found.year <= 2200:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=clock)).astimezone(UTC)


def _when(said: Mapping[str, str], field: str, clock: tzinfo, problems: list[tuple[str, str]]) -> datetime | None:
    utc = said.get(f"{field}_utc", "")
    text = utc or said.get(field, "")
    if not text:
        return None
    found = moment(text, UTC if utc else clock)
    if found is None:
        reason = _("“%(text)s” is not a date with a time. Write it like 2015-07-29 19:00 or 7/29/2015 7:00 PM.")
        problems.append((f"{field}_utc" if utc else field, reason % {"text": clean_line(text)[:40]}))
    return found


def _refuse_unwanted(said: Mapping[str, str]) -> None:
    if fold(said.get("approval", "")) not in ("", "approved"):
        raise BadRow(("approval", _("It is not approved there (“%(state)s”).") % {"state": said["approval"][:40]}))
    if said.get("deleted"):
        raise BadRow(("deleted", _("It is deleted there.")))


def _degrees(text: str, most: int, field: str, problems: list[tuple[str, str]]) -> float | None:
    if not text:
        return None
    try:
        degrees = float(text)
    except ValueError:
        degrees = float("nan")
    if -most <= degrees <= most:
        return degrees
    reason = _("“%(text)s” is not a point on the earth: degrees from -%(most)d to %(most)d.")
    problems.append((field, reason % {"text": clean_line(text)[:40], "most": most}))
    return None


def _whole(said: Mapping[str, str], field: str, problems: list[tuple[str, str]]) -> int | None:
    text = said.get(field, "")
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3}){1,3}|[0-9]{1,9}(\.0+)?", text):
        return int(text.replace(",", "").split(".")[0])
    reason = _("“%(text)s” is not a whole number from 0 on.")
    problems.append((field, reason % {"text": clean_line(text)[:40]}))
    return None


def _yes(said: Mapping[str, str], field: str, problems: list[tuple[str, str]]) -> bool | None:
    word = fold(said.get(field, ""))
    if word in _YES or word in _NO:
        return word in _YES
    if word:
        reason = _("“%(text)s” is neither yes nor no.")
        problems.append((field, reason % {"text": clean_line(said[field])[:40]}))
    return None


def _one_of(said: Mapping[str, str], field: str, value: str, words: set[str], otherwise: str) -> str | None:
    if not said.get(field):
        return None
    return value if fold(said[field]) in words else otherwise


def _country(text: str, problems: list[tuple[str, str]]) -> str:
    if fold(text) in {"usa", "united states", "united states of america"}:
        return geo.HOME
    if not text or re.fullmatch("[A-Za-z]{2}", text):
        return text.upper()
    problems.append(("country", _("“%(text)s”: write two letters, like US or CA.") % {"text": clean_line(text)[:40]}))
    return ""


def _key(said: Mapping[str, str]) -> str:
    """A code for the content of a row without the number of RSVPs, which grows."""
    content = "\x1f".join(f"{field}={fold(text)}" for field, text in sorted(said.items()) if field != "rsvps")
    return f"row-{sha256(content.encode()).hexdigest()[:24]}"
