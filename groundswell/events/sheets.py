"""The sign-in sheet: a short code for each guest, and the sheet as a PDF.

The codes are made of the RSVPs' ids and kept nowhere, so a sheet that was printed can be typed in whoever joins later.
"""

import io
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import UUID

import segno
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from groundswell.events import calendar, selectors
from groundswell.events.forms.coming import consent_words
from groundswell.events.models import RSVP, Event
from groundswell.kit import clock
from groundswell.kit.paper import pdf
from groundswell.kit.templatetags.kit import shown_clock, shown_date, shown_span
from groundswell.kit.text import fold
from groundswell.powers.movement import movement

SIGNS = "34679CDFHJKMNPRTWXY"  # none that looks like another, and no vowel to make a word with
LENGTH = 4
TRIES = 8  # codes of one length that are tried for a guest before a longer one is
EMPTY_ROWS = 12
LETTER_COUNTRIES = ("US", "CA", "MX", "PH")  # elsewhere paper is A4
TEMPLATE = Path(__file__).with_name("sheet.typ")


def codes(ids: Iterable[UUID]) -> dict[str, UUID]:
    """A code for each RSVP of an event. Ids rise with time and the older ones choose first, so that one more guest
    changes no code that was printed."""
    taken: dict[str, UUID] = {}
    for pk in sorted(ids):
        attempt = 0
        while (code := _code(pk, attempt)) in taken:
            attempt += 1
        taken[code] = pk
    return taken


def _code(pk: UUID, attempt: int) -> str:
    number = int.from_bytes(blake2b(pk.bytes + attempt.to_bytes(4), digest_size=16).digest())
    signs = ""
    for _n in range(LENGTH + attempt // TRIES):
        number, sign = divmod(number, len(SIGNS))
        signs += SIGNS[sign]
    return signs


def guests_of(event: Event) -> list[RSVP]:
    """Who stands on the sheet: those who come or wait, to the shifts that are not over, or to all once the event is."""
    said = [rsvp for rsvp in selectors.guest_list(event) if rsvp.state in (RSVP.State.GOING, RSVP.State.WAITING)]
    return [rsvp for rsvp in said if rsvp.shift.ends_at > clock.now()] or said


def sheet(event: Event, guests: Sequence[RSVP], desk_url: str) -> bytes:
    """The sheet as a PDF, in the reader's language: `guests` as `guests_of` gives them, then rows for who walks in."""
    coded = {pk: code for code, pk in codes(_ids(event)).items()}
    shown = selectors.shown(event, exact=True)
    now, zone = clock.now(), event.time_zone
    shifts = {rsvp.shift_id: rsvp.shift for rsvp in guests}
    times = {shift.pk: shown_span(shift.starts_at, shift.ends_at, zone) for shift in shifts.values()}
    parts = []
    for pk, time in times.items():
        for state, plain in ((RSVP.State.GOING, _("They said they come")), (RSVP.State.WAITING, _("Waiting list"))):
            here = [rsvp for rsvp in guests if rsvp.shift_id == pk and rsvp.state == state]
            if not here:
                continue
            label = plain if len(times) == 1 else time if state == RSVP.State.GOING else f"{time}: {plain}"
            parts.append({"label": label, "guests": [_row(rsvp, coded[rsvp.pk]) for rsvp in _by_name(here)]})
    made = f"{shown_date(now, zone)}, {shown_clock(now, zone)}"
    return pdf(
        TEMPLATE,
        {
            "paper": "us-letter" if movement().country in LETTER_COUNTRIES else "a4",
            "language": (get_language() or "en")[:2],
            "rtl": get_language_bidi(),
            "title": event.title,
            "when": shown_span(event.starts_at, event.ends_at, zone) if len(shown.shifts) == 1 else "",
            "where": _("online") if event.online else calendar.address(shown.place),
            "qr": _qr(desk_url),
            "parts": parts,
            "consents": list(zip("ABC", consent_words(), strict=True)),
            "empty": EMPTY_ROWS,
            "words": {
                "sheet": _("Sign-in sheet of %(movement)s") % {"movement": movement().name},
                "how": _(
                    "Tick everybody who is here; of a party of which not all are here, write how many into the box. "
                    "Afterwards type in the codes of the ticked rows: that is all."
                ),
                "qr": _("The host’s desk"),
                "came": _("Here"),
                "name": _("Name"),
                "places": _("Places"),
                "code": _("Code"),
                "walk-ins": _("New here? Please write who you are. Tick A, B or C only if you want it."),
                "email": _("Email"),
                "phone": _("Phone"),
                "footer": _("Names in trust: keep this sheet with you, destroy it once it is typed in.") + f" {made}",
            },
        },
    )


def found(event: Event) -> dict[str, RSVP]:
    """Each code of the event with its RSVP, shift and person."""
    rsvps = {rsvp.pk: rsvp for rsvp in selectors.guest_list(event)}
    return {code: rsvps[pk] for code, pk in codes(rsvps).items()}


def _ids(event: Event) -> list[UUID]:
    return list(RSVP.objects.filter(shift__event=event).values_list("pk", flat=True))


def _by_name(rsvps: Sequence[RSVP]) -> list[RSVP]:
    return sorted(rsvps, key=lambda rsvp: fold(rsvp.person.name))


def _row(rsvp: RSVP, code: str) -> dict[str, Any]:
    return {"name": rsvp.person.name or _("Somebody"), "places": rsvp.places, "code": code}


def _qr(url: str) -> str:
    image = io.BytesIO()
    segno.make(url, error="m").save(image, kind="svg", border=0, xmldecl=False, svgns=True)
    return image.getvalue().decode()
