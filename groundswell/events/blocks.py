"""The block of mails that lists the events near whoever reads it: made once for each postal code, kept for some
minutes, as thousands of readers share one."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.core.cache import caches
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from groundswell.events import selectors
from groundswell.events.mails import event_url
from groundswell.events.selectors import FindQuery, FoundEvent
from groundswell.kit import geo
from groundswell.kit.templatetags.kit import shown_span
from groundswell.messaging.hooks import BadBlock, PersonalBlock, Words
from groundswell.people.models import Person

USUAL, MOST = 3, 5
NEAR_M = 50_000
KEPT_S = 600


def check(arguments: str) -> None:
    """A number, or nothing. Raises BadBlock."""
    if arguments and not (arguments.isdecimal() and 1 <= int(arguments) <= MOST):
        raise BadBlock(_("How many? Write a number from 1 to %(most)s.") % {"most": MOST})


def fill(arguments: str, people: Sequence[Person]) -> Mapping[UUID, Words]:
    """For each the nearest with room; where there is none near, a sentence that offers to host one."""
    limit = int(arguments) if arguments else USUAL
    places = {person.pk: geo.find_zip(person.postal_code) if person.postal_code else None for person in people}
    keys = {place: f"near:{get_language()}:{limit}:{place.postal_code if place else ''}" for place in places.values()}
    kept = caches["fragments"].get_many(keys.values())
    made = {key: _made(place, limit) for place, key in keys.items() if key not in kept}
    caches["fragments"].set_many(made, KEPT_S)
    known = kept | made
    return {pk: Words(*known[keys[place]]) for pk, place in places.items()}


def _made(place: geo.Place | None, limit: int) -> tuple[str, str]:
    near = FindQuery(place=place, radius_m=NEAR_M, has_room=True, online=False, limit=limit)
    context = {
        "events": [_told(event) for event in selectors.find(near)] if place else [],
        "place": place,
        "find": settings.BASE_URL + reverse("events:find"),
        "host": settings.BASE_URL + reverse("events:create"),
    }
    html, text = (render_to_string(f"events/mails/near.{kind}", context) for kind in ("html", "txt"))
    return html.strip(), text.strip()


def _told(event: FoundEvent) -> dict[str, str]:
    return {
        "title": event.title,
        "url": event_url(event.id),
        "when": shown_span(event.starts_at, event.ends_at, event.time_zone),
        "where": ", ".join(filter(None, [event.place.city, event.place.region])),
    }


NEAR = PersonalBlock("events near you", gettext_lazy("Events near the reader"), str(USUAL), check, fill)
