"""Events as iCalendar files (RFC 5545): one entry a shift, whose UID stays the same through every change."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.urls import reverse

from groundswell.events.rules import plain
from groundswell.events.selectors import PublicEvent, PublicPlace
from groundswell.kit import clock
from groundswell.powers.movement import movement


def file(event: PublicEvent, *, shifts: Collection[UUID] | None = None, gone: bool = False) -> str:
    """A calendar with the shifts of an event, as this reader may see it.

    Args:
        event: exact for guests, else without the exact place and the link to join.
        shifts: only these; None: all.
        gone: these are to be taken out of the reader's calendar, as they do not come any more.
    """
    said = _Said(
        settings.BASE_URL + reverse("events:event", args=[event.id]),
        event.sequence,
        event.title,
        event.description,
        event.online,
        event.online_url,
        event.place,
        event.time_zone,
        event.starts_at.year,
        tuple((one.id, one.starts_at, one.ends_at) for one in event.shifts if shifts is None or one.id in shifts),
        gone or event.state == "cancelled",
        movement().name,
    )
    return _file(said).replace(_NEVER, f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}")


def addressed(text: str, address: str) -> tuple[str, str]:
    """A file made for one reader, whose calendar takes what changes by itself (iTIP, RFC 5546), and its method.

    One message is about one entry; a file of several is published, and its reader takes it as it is.
    """
    gone = "METHOD:CANCEL" in text
    if text.count("BEGIN:VEVENT") > 1:
        return text, "CANCEL" if gone else "PUBLISH"
    reader = icalendar.vCalAddress(f"mailto:{quote(address, safe='@+')}")
    reader.params |= {"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    line = icalendar.parser.Contentline.from_parts("ATTENDEE", reader.params, reader, sorted=False)
    text = text.replace("END:VEVENT", f"{str(line.to_ical(), 'utf-8')}\r\nEND:VEVENT")
    return (text, "CANCEL") if gone else (text.replace("METHOD:PUBLISH", "METHOD:REQUEST"), "REQUEST")


class _Said(NamedTuple):
    """What the file says, but when it was made."""

    url: str
    sequence: int
    title: str
    description: str
    online: bool
    online_url: str
    place: PublicPlace
    time_zone: str
    year: int
    shifts: tuple[tuple[UUID, datetime, datetime], ...]
    gone: bool
    organizer: str


_NEVER = "DTSTAMP:19700101T000000Z"


@lru_cache(maxsize=2_000)  # on the night every guest of an event gets the same one: two kilobytes each
def _file(said: _Said) -> str:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Groundswell//Events//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if said.gone else "PUBLISH")
    calendar.add_component(_clock(said.time_zone, said.year))
    for shift in said.shifts:
        calendar.add_component(_entry(said, *shift))
    return str(calendar.to_ical(), "utf-8")


def _entry(said: _Said, shift: UUID, starts_at: datetime, ends_at: datetime) -> icalendar.Event:
    zone = ZoneInfo(said.time_zone)
    entry = icalendar.Event()
    entry.add("uid", f"{shift}@{urlsplit(said.url).hostname}")
    entry.add("dtstamp", datetime(1970, 1, 1, tzinfo=UTC))
    entry.add("sequence", said.sequence)
    organizer = icalendar.vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["CN"] = said.organizer
    entry.add("organizer", organizer)
    entry.add("status", "CANCELLED" if said.gone else "CONFIRMED")
    entry.add("dtstart", starts_at.astimezone(zone))
    entry.add("dtend", ends_at.astimezone(zone))
    entry.add("summary", said.title)
    entry.add("location", said.online_url or said.url if said.online else address(said.place))
    entry.add("url", said.url)
    entry.add("description", "\n\n".join(filter(None, [plain(said.description), said.online_url, said.url])))
    return entry


@lru_cache(maxsize=100)
def _clock(time_zone: str, year: int) -> icalendar.Timezone:
    """When the clocks change around that year."""
    return icalendar.Timezone.from_tzid(time_zone, first_date=date(year - 1, 1, 1), last_date=date(year + 3, 1, 1))


def address(place: PublicPlace) -> str:
    """A place in one line; empty parts left out."""
    return ", ".join(
        filter(None, [place.venue, place.street, place.city, f"{place.region} {place.postal_code}".strip()])
    )
