"""Merge fields: what of a person may stand in a mail. A closed list of plain strings; `{first_name|friend}` writes the
first name, or "friend" where we do not know it.

Nothing of what people write is ever a template of Django's or a format string: those reach further than a name.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from groundswell.kit.text import clean_line


@dataclass(frozen=True, slots=True)
class Field:
    """A place where something of the reader's goes. `otherwise`: what is written where we do not know it."""

    name: str
    otherwise: str = ""


Text = tuple[str | Field, ...]
Values = Mapping[str, str]


class BadField(ValueError):
    """The message says what is wrong, in the writer's words; `at` is where, counted in characters."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


_FIELD = re.compile(r"\{([^{}]*)\}|([{}])")


def parsed(text: str, known: Collection[str]) -> Text:
    """The text in its pieces.

    Raises:
        BadField: a name that is not in `known`, or a brace without its other half.
    """
    pieces: list[str | Field] = []
    last = 0
    for found in _FIELD.finditer(text):
        if found[2]:
            raise BadField(_("There is a “%(sign)s” without its other half.") % {"sign": found[2]}, found.start())
        name, _sign, otherwise = (part.strip() for part in found[1].partition("|"))
        if name not in known:
            raise BadField(_unknown(name, known), found.start())
        pieces += [text[last : found.start()], Field(name, otherwise)]
        last = found.end()
    return tuple(piece for piece in [*pieces, text[last:]] if piece)


def filled(text: Text, values: Values, escape: Callable[[str], str] = str) -> str:
    """The text as this reader gets it. A value is one line, whatever it was."""
    return "".join(piece if isinstance(piece, str) else escape(value_of(piece, values)) for piece in text)


def value_of(field: Field, values: Values) -> str:
    """What stands in the field's place."""
    return clean_line(values.get(field.name, "")) or field.otherwise


def fields_of(text: Text) -> Iterator[Field]:
    """The fields in it, in their order."""
    return (piece for piece in text if isinstance(piece, Field))


def _unknown(name: str, known: Collection[str]) -> str:
    return _("There is no field “%(name)s”. There are: %(known)s.") % {
        "name": name,
        "known": ", ".join(f"{{{one}}}" for one in sorted(known)),
    }
