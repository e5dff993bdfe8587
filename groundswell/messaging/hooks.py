"""What messaging asks of floors above: who writes to people of their own. Filled in `AppConfig.ready()`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from groundswell.people.models import Person


@dataclass(frozen=True)
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
