"""Typing in the sign-in sheet: who was ticked came; the others, if the host says so, did not."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.events import sheets
from groundswell.events.models import RSVP, Event
from groundswell.events.rules import Invalid
from groundswell.events.services.desk import mark_missed
from groundswell.events.services.rsvps import mark_attended
from groundswell.kit import clock

MOST_CODES = 500


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, as the sheet writes it. `rsvp` None: the sheet has no such code."""

    code: str
    rsvp: RSVP | None
    before: bool = False  # had been noted already
    besides: bool = False  # more came than have places: they walked in


def type_in(event: Event, text: str, actor: str) -> list[Typed]:
    """Note that those whose codes these are came; all of them or, where it is refused, nobody.

    Args:
        text: codes with anything between them, in capitals or not. After that of a party may stand how many of them
            came: `K7CM 2`.

    Raises:
        Invalid: `codes`; Refused: as `mark_attended`.
    """
    typed = dict(_read(re.findall(r"[A-Z0-9]+", text.upper())))
    if not typed:
        raise Invalid({"codes": _("Type at least one code of the sheet.")})
    if len(typed) > MOST_CODES:
        raise Invalid({"codes": _("Type at most %(most)d codes at once.") % {"most": MOST_CODES}})
    known = sheets.found(event)
    with transaction.atomic():
        return [_came(code, known.get(code), of_them, actor) for code, of_them in typed.items()]


def _read(words: Sequence[str]) -> Iterator[tuple[str, int | None]]:
    """Each code, and how many of them came where a number follows it: a code is longer."""
    for word, after in zip(words, [*words, ""][1:], strict=True):
        if not _is_number(word):
            yield word, int(after) if _is_number(after) else None


def _is_number(word: str) -> bool:
    return word.isdecimal() and len(word) < min(3, sheets.LENGTH)


def _came(code: str, rsvp: RSVP | None, of_them: int | None, actor: str) -> Typed:
    if rsvp is None:
        return Typed(code, None)
    before = rsvp.attended is True and of_them is None
    rsvp = mark_attended(rsvp, of_them != 0, actor, of_them=of_them)
    return Typed(code, rsvp, before, of_them is not None and of_them > rsvp.places)


def open_rsvps(event: Event) -> list[RSVP]:
    """Those who had a place in a shift that is over, of whom nobody noted whether they came."""
    said = RSVP.objects.filter(shift__event=event, shift__ends_at__lte=clock.now(), state=RSVP.State.GOING)
    return list(said.filter(attended=None).select_related("person").order_by("shift__starts_at", "at", "pk"))


def rest_missed(event: Event, actor: str) -> int:
    """Note of all `open_rsvps` that they did not come. Returns how many."""
    with transaction.atomic():
        return sum(mark_missed(shift, actor) for shift in event.shifts.filter(ends_at__lte=clock.now()).order_by("pk"))
