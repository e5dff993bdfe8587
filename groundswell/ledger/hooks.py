"""What the ledger asks of floors above: kinds to be declared and consumers to be run. Filled in `AppConfig.ready()`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.functional import Promise

from groundswell.ledger.models import Batch


@dataclass(frozen=True)
class Kind:
    """One kind of entry.

    Attributes:
        name: `app.what_happened`, in the past.
        sentence: what a timeline says, lazily translated; may name `{quantity}` and the fields of `data`.
        data: the fields that `data` may carry and their types. Ids and values only, never names or free text.
    """

    name: str
    sentence: str | Promise
    data: dict[str, type] = field(default_factory=dict)


class Consumer(Protocol):
    """A reader of the ledger.

    `handle` gets each entry of `kinds` (None: every kind) once, in block order, inside a transaction that also moves
    the cursor. It must not commit, and must not call anything outside the database.
    """

    name: str
    kinds: frozenset[str] | None

    def handle(self, entries: Batch) -> None: ...


class Projection(Consumer, Protocol):
    """A consumer whose whole effect is tables of its own, so that they can be made anew from nothing."""

    def reset(self) -> None:
        """Empty the tables."""
        ...

    def digest(self) -> str:
        """A hash of what the tables say, the same for the same entries."""
        ...


kinds: dict[str, Kind] = {}
consumers: dict[str, Consumer] = {}


def register_kinds(declared: Iterable[Kind]) -> None:
    """Declare kinds; a name declared twice with different meaning is a mistake of ours."""
    for kind in declared:
        if kinds.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"The ledger kind {kind.name} is declared twice.")


def register_consumer(consumer: Consumer) -> None:
    """Let the worker run this consumer."""
    if consumers.setdefault(consumer.name, consumer) is not consumer:
        raise ValueError(f"The consumer {consumer.name} is registered twice.")
