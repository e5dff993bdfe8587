"""What people asks of floors above: how the subjects of a timeline are called and where they are. Filled in
`AppConfig.ready()`."""

from collections.abc import Callable, Iterable
from uuid import UUID

Subjects = Callable[[Iterable[UUID]], dict[UUID, tuple[str, str]]]

subjects: dict[str, Subjects] = {}


def register_subject(on_kind: str, find: Subjects) -> None:
    """Let timelines link what entries of `on_kind` were done to: `find` gives (label, address or "") by id."""
    if subjects.setdefault(on_kind, find) is not find:
        raise ValueError(f"The subject {on_kind} is registered twice.")
