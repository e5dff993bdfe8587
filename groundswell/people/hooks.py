"""What people asks of floors above: how the subjects of a timeline are called and where they are, what segments can ask
of people, and where a person's page is. Filled in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.functional import Promise

if TYPE_CHECKING:
    from groundswell.people.conditions import Condition

Options = Callable[[], Sequence[tuple[str, str | Promise]]]
Subjects = Callable[[Iterable[UUID]], dict[UUID, tuple[str, str]]]

subjects: dict[str, Subjects] = {}


def register_subject(on_kind: str, find: Subjects) -> None:
    """Let timelines link what entries of `on_kind` were done to: `find` gives (label, address or "") by id."""
    if subjects.setdefault(on_kind, find) is not find:
        raise ValueError(f"The subject {on_kind} is registered twice.")


conditions: dict[str, Condition] = {}
deeds: dict[str, str | Promise] = {}
lists: dict[str, Options] = {}


def register_condition(*declared: Condition) -> None:
    """Let segments ask this of people."""
    for condition in declared:
        if conditions.setdefault(condition.name, condition) is not condition:
            raise ValueError(f"The condition {condition.name} is registered twice.")


def register_deeds(told: Mapping[str, str | Promise]) -> None:
    """Offer these kinds of entries first. Each is told of several people, in the past: "came to an event"."""
    deeds.update(told)


def register_list(name: str, options: Options) -> None:
    """What the fields of conditions choose from: `options` gives (value, label)."""
    if lists.setdefault(name, options) is not options:
        raise ValueError(f"The list {name} is registered twice.")


def _no_page(person_id: UUID) -> str:
    return ""


person_page: Callable[[UUID], str] = _no_page


def register_person_page(address: Callable[[UUID], str]) -> None:
    """Let names of people lead to their page."""
    global person_page
    person_page = address
