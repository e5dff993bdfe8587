"""The jobs of this floor."""

from groundswell.jobs.services import Lease
from groundswell.messaging import services
from groundswell.messaging.services import figures, steering


def send(lease: Lease) -> None:
    """Send what waits."""
    services.send_due(lease)


def clear(lease: Lease, *, mailing_id: str) -> None:
    """Suppress what waits of a stopped mailing."""
    steering.clear(lease, mailing_id)


def fall_back(lease: Lease) -> None:
    """Make drafts again of what nobody agreed to."""
    steering.fall_back(lease)


def count(lease: Lease) -> None:
    """Count how mailings do."""
    figures.count(lease)
