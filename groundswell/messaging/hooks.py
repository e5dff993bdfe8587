"""What messaging asks of floors above: the blocks that may stand in a mail, and who writes to people of their own.
Filled in `AppConfig.ready()`.

A block is a line of its own in the text of a mail: `[[name: arguments]]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.functional import Promise

if TYPE_CHECKING:
    from groundswell.people.models import Person


@dataclass(frozen=True, slots=True)
class Words:
    """A passage: `html` of paragraphs, lists, small headings and emphasis, escaped, without styles; the same as text.
    Links in the words of a block that is the same for everybody are parts of their own: a `Button`."""

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """A link to press. `url` begins with https:// or http://."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture; `alt` is what it says to those who do not see it."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Row:
    """Buttons beside each other."""

    buttons: tuple[Button, ...]


Part = Words | Button | Image | Row


class BadBlock(ValueError):
    """The arguments are not what the block takes; the message is for who wrote them."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is the same for everybody.

    Attributes:
        label: on the button that inserts it.
        example: the arguments that this button writes.
        parts: what stands in the mail, made once for each text. Raises BadBlock.
    """

    name: str
    label: str | Promise
    example: str | Promise
    parts: Callable[[str], Sequence[Part]]


@dataclass(frozen=True, slots=True)
class PersonalBlock:
    """A block that is made for each person.

    Attributes:
        label, example: as of `Block`.
        check: raises BadBlock where the arguments are wrong.
        fill: the words for each of these people, for every one of them, in the language that is active. It is asked
            for some thousands at a time and keeps what many have in common.
    """

    name: str
    label: str | Promise
    example: str | Promise
    check: Callable[[str], None]
    fill: Callable[[str, Sequence[Person]], Mapping[UUID, Words]]


blocks: dict[str, Block | PersonalBlock] = {}


def register_block(*declared: Block | PersonalBlock) -> None:
    """Let mails hold these."""
    for block in declared:
        if blocks.setdefault(block.name, block) is not block:
            raise ValueError(f"The block {block.name} is registered twice.")


# --- mails to one's own ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Own:
    """Somebody who writes to people of their own, such as the hosts of an event to its guests.

    Attributes:
        name: what such mails are called: "messages about “Open kitchen”".
        writers: who is told of answers.
        page: where they read and answer them; an absolute path.
    """

    name: Callable[[UUID], str]
    writers: Callable[[UUID], Sequence[Person]]
    page: Callable[[UUID], str]


own: dict[str, Own] = {}


def register_own(kind: str, declared: Own) -> None:
    """Let mails with the purpose `kind:<id>` be left by their name, and answers to them reach who wrote."""
    if own.setdefault(kind, declared) is not declared:
        raise ValueError(f"Own mails of the kind {kind} are registered twice.")


def of_purpose(purpose: str) -> tuple[Own, UUID] | None:
    """Who writes mails with this purpose, and about what; None: the movement."""
    kind, _colon, about = purpose.partition(":")
    try:
        return (own[kind], UUID(about)) if kind in own else None
    except ValueError:
        return None
