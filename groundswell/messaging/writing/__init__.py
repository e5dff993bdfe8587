"""Writing: what somebody typed becomes a mail in HTML and text, once for each subject; a copy fills in its reader.

In a finished document `{name|otherwise}` is a field of the reader, `{unsubscribe_url}`, `{web_url}`, `{open_url}`,
`{trap_url}` and `{link_0}` are addresses of the copy, `{slot_0}` is a block made for this reader; a brace that is none
of these is doubled. `taken_apart` reads that; `fields.parsed` reads what people write, where a doubled brace is a
mistake.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from groundswell.messaging import hooks
from groundswell.messaging.fields import Field, Text, Values, value_of
from groundswell.messaging.hooks import BadBlock, Part, PersonalBlock, Words
from groundswell.messaging.models import Subject
from groundswell.messaging.tokens import token
from groundswell.messaging.writing import letter, markup
from groundswell.messaging.writing.letter import OPEN, TRAP, UNSUBSCRIBE, WEB
from groundswell.messaging.writing.markup import MARK, BadText, Marks
from groundswell.messaging.writing.merging import KNOWN, values_of
from groundswell.people.models import Person
from groundswell.powers.movement import movement

__all__ = [
    "KNOWN",
    "UNSUBSCRIBE",
    "BadText",
    "Written",
    "compiled",
    "copy",
    "made_for",
    "of_single",
    "taken_apart",
    "values_of",
    "written",
]

_SINGLE = {UNSUBSCRIBE: "mail_choices", OPEN: "mail_opened"}
MACHINE = (UNSUBSCRIBE, WEB, OPEN, TRAP)  # fields that a writer cannot use: the addresses of a copy


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it is before it knows its reader.

    Attributes:
        subject, preview, text, html: documents, as told above; `text` and `html` are whole.
        links: where `{link_0}`, `{link_1}`... lead, in HTML and text alike.
        images: the addresses of its pictures.
        slots: the blocks made for each reader, as `made_for` takes them.
    """

    subject: str
    preview: str
    text: str
    html: str
    links: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()


def written(subject: Subject, *, paged: bool = True) -> Written:
    """The mail under one of its subjects. Raises BadText; what was saved is good as long as its blocks are there."""
    version = subject.version
    return compiled(subject.text, version.preview, version.body, version.language, paged=paged)


def compiled(subject: str, preview: str, body: str, language: str, *, paged: bool = True) -> Written:
    """The mail of what was typed. Raises BadText.

    Args:
        paged: its copies can be read in the browser, as those of mailings can.
    """
    marks = Marks()
    line, shown = (markup.line_marked(one, KNOWN, marks) for one in (subject, preview))
    parts: list[Part] = []
    for one in markup.read(body, KNOWN, marks):
        parts += [one] if isinstance(one, Words) else _used(one, marks)
    face = letter.face_of(movement())
    return Written(
        subject=_finished(line, marks),
        preview=_finished(shown, marks),
        text=_finished(letter.text(parts, marks, face, language), marks),
        html=_finished(letter.html(shown, parts, marks, face, language, paged=paged), marks),
        links=tuple(marks.links),
        images=tuple(part.url for part in parts if isinstance(part, hooks.Image)),
        slots=tuple(marks.slots),
    )


def _used(use: markup.Use, marks: Marks) -> Sequence[Part]:
    if isinstance(use.block, PersonalBlock):
        slot = marks.of_slot(use)
        return [Words(slot, slot)]
    try:
        return use.block.parts(use.arguments)
    except BadBlock as wrong:
        raise markup.at_line(use.line, str(wrong)) from None


def _finished(document: str, marks: Marks) -> str:
    return MARK.sub(
        lambda found: _shown(marks.fields[int(found[1][1:])]) if found[1][1:].isdigit() else f"{{{found[1]}}}",
        document.replace("{", "{{").replace("}", "}}"),
    )


def _shown(field: Field) -> str:
    return f"{{{field.name}|{field.otherwise}}}" if field.otherwise else f"{{{field.name}}}"


# --- copies --------------------------------------------------------------------------------------------------------
_PIECE = re.compile(r"((?:[^{}]+|\{\{|\}\})*)(?:\{([^{}]*)\})?")


def taken_apart(document: str) -> Text:
    """The pieces of a finished document: what all readers get, and the fields between."""
    pieces: list[str | Field] = []
    for same, own in _PIECE.findall(document):
        if same:
            pieces.append(same.replace("{{", "{").replace("}}", "}"))
        if own:
            name, _sign, otherwise = own.partition("|")
            pieces.append(Field(name, otherwise))
    return tuple(pieces)


def made_for(slot: str, people: Sequence[Person], language: str) -> Mapping[UUID, Words]:
    """What stands in a slot for each of these people; its HTML with styles. Raises whatever the block does, and
    LookupError where it leaves somebody out."""
    name, _colon, arguments = slot.partition(": ")
    block = hooks.blocks[name]
    assert isinstance(block, PersonalBlock)
    colours = letter.face_of(movement()).colours
    with translation.override(language):
        made = block.fill(arguments, people)
    if any(one.pk not in made for one in people):
        raise LookupError(f"The block {name} leaves somebody out.")
    return {one: Words(letter.styled(words.html, colours), words.text) for one, words in made.items()}


def of_single(delivery_id: UUID) -> dict[str, str]:
    """The addresses of a copy that is a single mail."""
    own = token(delivery_id)
    return {name: f"{settings.BASE_URL}{reverse(page, args=[own])}" for name, page in _SINGLE.items()}


def copy(mail: Written, values: Values, slots: Sequence[Words], addresses: Mapping[str, str]) -> Written:
    """The mail as one reader gets it, where links lead straight to their ends: to look at, not to send to many.

    Args:
        slots: for each of the mail's.
        addresses: for the names in `MACHINE`; missing ones lead nowhere.
    """
    links = {f"link_{place}": url for place, url in enumerate(mail.links)}
    plain = {**values, **{name: addresses.get(name, "#") for name in MACHINE}, **links}
    own = {f"slot_{place}": words for place, words in enumerate(slots)}

    def filled(document: str, made: Mapping[str, str], quoted: Callable[[str], str]) -> str:
        return "".join(
            piece
            if isinstance(piece, str)
            else made[piece.name]
            if piece.name in made
            else quoted(value_of(piece, plain))
            for piece in taken_apart(document)
        )

    return Written(
        subject=filled(mail.subject, {}, str),
        preview=filled(mail.preview, {}, str),
        text=filled(mail.text, {name: words.text for name, words in own.items()}, str),
        html=filled(mail.html, {name: words.html for name, words in own.items()}, escape),
        links=mail.links,
        images=mail.images,
        slots=mail.slots,
    )
