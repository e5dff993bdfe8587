"""The jobs of this floor."""

from groundswell.jobs.services import Lease
from groundswell.journeys import services


def walk(lease: Lease) -> None:
    """Lead on whose time has come."""
    services.walk(lease)


def look(lease: Lease) -> None:
    """Let in whose day it is, and who came into a segment."""
    services.look(lease)
