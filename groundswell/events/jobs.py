"""The job of this floor."""

from collections.abc import Sequence

from groundswell.events.services import telling
from groundswell.jobs.services import Lease


def tell_everybody(
    lease: Lease, *, entry: int, kind: str, event_id: str, shifts: Sequence[str] | None, actor: str
) -> None:
    """Write to everybody of an event that was changed or cancelled."""
    telling.tell_everybody(lease, entry=entry, kind=kind, event_id=event_id, shifts=shifts, actor=actor)
