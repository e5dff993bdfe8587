"""The words of the mails that the house sends by itself: a movement's own where it wrote some, else ours. A movement's
are kept for a second per process; the database is the truth."""

import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import get_language

from groundswell.messaging import hooks
from groundswell.messaging.fields import BadField, Text, Values, filled, parsed
from groundswell.messaging.hooks import Letter
from groundswell.messaging.models import Worded

_kept: tuple[float, dict[tuple[str, str], tuple[str, str]]] | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A letter's own words, filled in for its reader."""

    subject: str
    paragraphs: tuple[str, ...]


def said(name: str, values: Values) -> Said:
    """The words of a registered letter in the active language."""
    letter = hooks.letters[name]
    own = _own().get((name, get_language() or ""))
    if own:
        with suppress(BadField):  # it was written when the letter had other fields
            words = filled_in(letter, *own, values)
            if words.subject:
                return words
    return filled_in(letter, *ours(letter), values)


def filled_in(letter: Letter, subject: str, text: str, values: Values) -> Said:
    """These words with their fields filled in. Raises BadField."""
    known = tuple(letter.fields)
    paragraphs = (filled(paragraph, values) for paragraph in _paragraphs(text, known))
    return Said(filled(_parsed(subject, known), values), tuple(filter(None, map(str.strip, paragraphs))))


def ours(letter: Letter) -> tuple[str, str]:
    """Subject and text of ours, as headquarters would write them."""
    fields = {name: f"{{{name}}}" for name in letter.fields}
    return str(letter.subject) % fields, "\n\n".join(str(one) % fields for one in letter.paragraphs)


def in_force(letter: Letter, language: str) -> tuple[str, str, bool]:
    """Subject and text in the active `language`, and whether they are the movement's own."""
    own = Worded.objects.filter(letter=letter.name, language=language).values_list("subject", "text").first()
    return (*(own or ours(letter)), own is not None)


def worded() -> set[tuple[str, str]]:
    """Letter and language of those that have the movement's own words."""
    return set(Worded.objects.values_list("letter", "language"))


def forget() -> None:
    """Read them again next time."""
    global _kept
    _kept = None


def _own() -> dict[tuple[str, str], tuple[str, str]]:
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > 1:
        rows: Iterable[Worded] = Worded.objects.all()
        _kept = (time.monotonic(), {(row.letter, row.language): (row.subject, row.text) for row in rows})
    return _kept[1]


@lru_cache(maxsize=500)
def _parsed(text: str, known: tuple[str, ...]) -> Text:
    return parsed(text, known)


@lru_cache(maxsize=500)
def _paragraphs(text: str, known: tuple[str, ...]) -> tuple[Text, ...]:
    return tuple(parsed(one, known) for one in re.split(r"\n\s*\n", text) if one.strip())
