"""Pure decisions of this floor: values in, a value or an error out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from groundswell.powers.verbs import EVERYTHING


class Refused(Exception):
    """Somebody may not do this; the message is a sentence for them."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Power:
    """What a grant holds.

    Attributes:
        limit: how many times in all; None: no limit.
        ends_at: aware; None: no end.
        may_hand_on: how many levels below it may be handed on.
    """

    verb: str
    scope: str
    limit: int | None = None
    ends_at: datetime | None = None
    may_hand_on: int = 0


def covers(scope: str, inner: str) -> bool:
    """Whether `inner` is the scope or below it."""
    return inner == scope or inner.startswith(f"{scope}.")


def alive(chain: Iterable[tuple[datetime | None, datetime | None]], at: datetime) -> bool:
    """Whether no link, given as (revoked at, ends at), is revoked or ended."""
    return all(revoked is None and (ends is None or ends > at) for revoked, ends in chain)


def room(limit: int | None, used: int, n: int) -> bool:
    """Whether `n` more times fit."""
    return limit is None or used + n <= limit


def outermost(scopes: Iterable[str]) -> list[str]:
    """The scopes without those that another one covers, sorted."""
    kept: list[str] = []
    for scope in sorted(set(scopes)):
        if not any(covers(outer, scope) for outer in kept):
            kept.append(scope)
    return kept


def handed_on(
    parent: Power,
    *,
    verb: str | None = None,
    scope: str | None = None,
    limit: int | None = None,
    ends_at: datetime | None = None,
    may_hand_on: int = 0,
    at: datetime,
) -> Power:
    """The power that may come from `parent`; what is None stays as the parent has it.

    Raises:
        Refused: it would exceed the parent in verb, scope, count, time or depth, or be empty.
    """
    child = Power(
        verb or parent.verb,
        scope or parent.scope,
        parent.limit if limit is None else limit,
        ends_at or parent.ends_at,
        may_hand_on,
    )
    if parent.may_hand_on < 1:
        raise Refused(_("This power may not be handed on."))
    if not 0 <= child.may_hand_on < parent.may_hand_on:
        raise Refused(_("It may be handed on at most %(levels)d more times.") % {"levels": parent.may_hand_on - 1})
    if child.verb != parent.verb and parent.verb != EVERYTHING:
        raise Refused(_("One can only hand on a power one holds."))
    if not covers(parent.scope, child.scope):
        raise Refused(_("The place is outside of where you hold this power."))
    if child.limit is not None and child.limit < 1:
        raise Refused(_("The number of times must be at least 1."))
    if parent.limit is not None and child.limit is not None and child.limit > parent.limit:
        raise Refused(_("It can be handed on for at most %(limit)d times.") % {"limit": parent.limit})
    if child.ends_at is not None and child.ends_at <= at:
        raise Refused(_("The end must be in the future."))
    if parent.ends_at is not None and child.ends_at is not None and child.ends_at > parent.ends_at:
        raise Refused(_("It cannot end later than the power it comes from."))
    return child


# --- the movement's settings -------------------------------------------------------------------------------------
LOGO_BYTES = 300 * 1024
_LOGO_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def logo_type(data: bytes) -> str | None:
    """The media type by the first bytes, whatever the file is called: PNG, JPEG or WebP; None: something else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _LOGO_TYPES.items() if data.startswith(magic)), None)
