"""The job of this floor."""

from groundswell.jobs.services import Lease
from groundswell.messaging import services


def send(lease: Lease) -> None:
    """Send what waits."""
    services.send_due(lease)
