"""The jobs of this floor."""

from uuid import UUID

from groundswell.jobs.services import Lease
from groundswell.messaging import services
from groundswell.messaging.services import beginning, delivering, figures, steering


def send(lease: Lease) -> None:
    """Send what waits."""
    services.send_due(lease)


def begin(lease: Lease, *, mailing_id: str) -> None:
    """Begin a mailing whose time has come."""
    beginning.begin(lease, UUID(mailing_id))


def freeze(lease: Lease, *, mailing_id: str, number: int) -> None:
    """Freeze a part of a mailing's audience."""
    beginning.freeze_part(lease, UUID(mailing_id), number)


def go_on(lease: Lease, *, mailing_id: str) -> None:
    """Go on with a mailing where it was paused."""
    beginning.go_on(lease, UUID(mailing_id))


def deliver(lease: Lease, *, mailing_id: str, lane: int) -> None:
    """Send what is due of a mailing, for a while."""
    delivering.deliver(lease, UUID(mailing_id), lane)


def tend(lease: Lease) -> None:
    """See to it that no mailing stands still."""
    beginning.tend(lease)


def clear(lease: Lease, *, mailing_id: str) -> None:
    """Suppress what waits of a stopped mailing."""
    steering.clear(lease, mailing_id)


def fall_back(lease: Lease) -> None:
    """Make drafts again of what nobody agreed to."""
    steering.fall_back(lease)


def count(lease: Lease) -> None:
    """Count how mailings do."""
    figures.count(lease)
