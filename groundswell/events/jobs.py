"""The jobs of this floor."""

from collections.abc import Sequence

from groundswell.events.services import mornings, reminding, routing, telling
from groundswell.events.services.writing import deliver
from groundswell.jobs.services import Lease


def invite_nearest(lease: Lease, *, event_id: str, actor: str) -> None:
    """Invite the people who live nearest to an event."""
    routing.invite_nearest(lease, event_id=event_id, actor=actor)


def look(lease: Lease) -> None:
    """Look at the events of the next days."""
    routing.look(lease)


def remind(lease: Lease) -> None:
    """Remind those who come of what is soon."""
    reminding.remind(lease)


def tell_hosts(lease: Lease) -> None:
    """Write to the hosts whose morning it is."""
    mornings.tell_hosts(lease)


def tell_everybody(
    lease: Lease, *, entry: int, kind: str, event_id: str, shifts: Sequence[str] | None, actor: str
) -> None:
    """Write to everybody of an event that was changed or cancelled."""
    telling.tell_everybody(lease, entry=entry, kind=kind, event_id=event_id, shifts=shifts, actor=actor)


def write_to_guests(lease: Lease, *, entry: int, written: str, event_id: str, to: str, letter: dict[str, str]) -> None:
    """Write to guests what their host says."""
    deliver(lease, entry=entry, written=written, event_id=event_id, to=to, letter=letter)
