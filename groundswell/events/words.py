"""An event in words for other systems: share links, schema.org, the first lines of a description."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from groundswell.events.models import Event
from groundswell.events.rules import plain
from groundswell.events.selectors import PublicEvent
from groundswell.kit.templatetags.kit import shown_date
from groundswell.powers.movement import movement

_ESCAPED = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_ENDED = {
    "cancelled": "https://schema.org/EventCancelled",
    "published": "https://schema.org/EventScheduled",
}


def short(event: PublicEvent) -> str:
    """One line for search engines and link previews."""
    where = _("Online") if event.online else ", ".join(filter(None, [event.place.city, event.place.region]))
    lead = f"{shown_date(event.starts_at, event.time_zone)}, {where}."
    return Truncator(" ".join([lead, *strip_tags(plain(event.description)).split()])).chars(200)


def share_links(event: PublicEvent, url: str) -> list[dict[str, str]]:
    """Ways to pass an event on, as plain links."""
    text = _("Will you come with me? %(title)s, %(day)s") % {
        "title": event.title,
        "day": shown_date(event.starts_at, event.time_zone),
    }
    both = f"{text}: {url}"
    mail = urlencode({"subject": event.title, "body": both}, quote_via=quote)
    page = urlencode({"u": url})
    return [
        {"name": _("Text message"), "icon": "message", "url": f"sms:?&body={quote(both)}"},
        {"name": _("Email"), "icon": "mail", "url": f"mailto:?{mail}"},
        {"name": "WhatsApp", "icon": "phone", "url": f"https://wa.me/?{urlencode({'text': both})}"},
        {"name": "Facebook", "icon": "people", "url": f"https://www.facebook.com/sharer/sharer.php?{page}"},
    ]


def directions(event: PublicEvent) -> str:
    """A link that opens a map with the exact place, by its address or else its point; empty for online events."""
    at = event.place
    if event.online or not at.exact:
        return ""
    if at.street:
        address = ", ".join(filter(None, [at.street, at.city, f"{at.region} {at.postal_code}".strip()]))
        return f"https://www.openstreetmap.org/search?{urlencode({'query': address})}"
    if at.latitude is None:
        return ""
    return f"https://www.openstreetmap.org/?mlat={at.latitude:.5f}&mlon={at.longitude:.5f}#map=15/{at.latitude:.5f}/{at.longitude:.5f}"


def linked_data(event: PublicEvent, url: str) -> SafeString:
    """schema.org Event as JSON for a script element of data: nothing in it can end the element."""
    at = event.place
    place: dict[str, Any] = {"@type": "VirtualLocation", "url": url}
    if not event.online:
        address = {
            "@type": "PostalAddress",
            "streetAddress": at.street,
            "addressLocality": at.city,
            "addressRegion": at.region,
            "postalCode": at.postal_code,
            "addressCountry": at.country,
        }
        place = {
            "@type": "Place",
            "name": at.venue or at.city,
            "address": {name: value for name, value in address.items() if value},
        }
        if at.exact and at.latitude is not None:
            place["geo"] = {"@type": "GeoCoordinates", "latitude": at.latitude, "longitude": at.longitude}
    mode = "OnlineEventAttendanceMode" if event.online else "OfflineEventAttendanceMode"
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "url": url,
        "startDate": event.starts_at.isoformat(),
        "endDate": event.ends_at.isoformat(),
        "eventStatus": _ENDED[event.state],
        "eventAttendanceMode": f"https://schema.org/{mode}",
        "location": place,
        "description": plain(event.description),
        "inLanguage": event.languages,
        "isAccessibleForFree": event.type != Event.Type.FUNDRAISER,
        "organizer": {"@type": "Organization", "name": movement().name},
    }
    capacities = [shift.offered for shift in event.shifts]
    if None not in capacities:
        data["maximumAttendeeCapacity"] = sum(filter(None, capacities))
        data["remainingAttendeeCapacity"] = sum(shift.free or 0 for shift in event.shifts)
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(_ESCAPED))  # noqa: S308
