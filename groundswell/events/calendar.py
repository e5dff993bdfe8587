"""Events as iCalendar files (RFC 5545): one entry a shift, whose UID stays the same through every change."""

from collections.abc import Collection
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.urls import reverse

from groundswell.events.rules import plain
from groundswell.events.selectors import PublicEvent, PublicPlace, PublicShift
from groundswell.kit import clock


def file(event: PublicEvent, *, shifts: Collection[UUID] | None = None, gone: bool = False) -> str:
    """A calendar with the shifts of an event, as this reader may see it.

    Args:
        event: exact for guests, else without the exact place and the link to join.
        shifts: only these; None: all.
        gone: these are to be taken out of the reader's calendar, as they do not come any more.
    """
    gone = gone or event.state == "cancelled"
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Groundswell//Events//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if gone else "PUBLISH")
    calendar.add_component(_clock(event.time_zone, event.starts_at.year))
    for shift in event.shifts:
        if shifts is None or shift.id in shifts:
            calendar.add_component(_entry(event, shift, gone))
    return str(calendar.to_ical(), "utf-8")


def _entry(event: PublicEvent, shift: PublicShift, gone: bool) -> icalendar.Event:
    zone = ZoneInfo(event.time_zone)
    url = settings.BASE_URL + reverse("events:event", args=[event.id])
    entry = icalendar.Event()
    entry.add("uid", f"{shift.id}@{urlsplit(settings.BASE_URL).hostname}")
    entry.add("dtstamp", clock.now())
    entry.add("sequence", event.sequence)
    entry.add("status", "CANCELLED" if gone else "CONFIRMED")
    entry.add("dtstart", shift.starts_at.astimezone(zone))
    entry.add("dtend", shift.ends_at.astimezone(zone))
    entry.add("summary", event.title)
    entry.add("location", event.online_url or url if event.online else address(event.place))
    entry.add("url", url)
    entry.add("description", "\n\n".join(filter(None, [plain(event.description), event.online_url, url])))
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
