"""Reading deliveries: for HQ, and for the addresses that stand in copies."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from groundswell.messaging.models import Delivery
from groundswell.people.models import Person


def states(since: datetime) -> dict[str, int]:
    """How many deliveries that were queued since then are in each state."""
    counted = Delivery.objects.filter(queued_at__gte=since).order_by().values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(Delivery.State.values, 0) | dict(counted)


def of_person(person: Person, limit: int = 50) -> QuerySet[Delivery]:
    """What we sent to a person, the newest first."""
    return Delivery.objects.filter(person=person).order_by("-queued_at")[:limit]


# --- addresses in copies -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that somebody holds, as far as its addresses need it: when it went out is None while nobody knows."""

    id: UUID
    mailing_id: UUID | None
    sent_at: datetime | None


_COPY = ("pk", "mailing_id", "state", "moved_at")
_OUT = (Delivery.State.SENT, Delivery.State.UNKNOWN)


def copy_of(delivery_id: UUID) -> Copy | None:
    """The copy; None where it is gone."""
    row = Delivery.objects.filter(pk=delivery_id).values_list(*_COPY).first()
    return _copy(*row) if row else None


def followed(link_id: int, delivery_id: UUID) -> tuple[str, Copy] | None:
    """Where a link of a mailing leads, and the copy of it in which it was followed; None: it has no such link."""
    found = Delivery.objects.filter(pk=delivery_id, mailing__links=link_id)
    row = found.values_list("mailing__links__url", *_COPY).first()
    return (row[0], _copy(*row[1:])) if row else None


def _copy(pk: UUID, mailing_id: UUID | None, state: str, moved_at: datetime | None) -> Copy:
    return Copy(pk, mailing_id, moved_at if state in _OUT else None)


def source_code(mailing_id: UUID) -> str:
    """The source code on a mailing's links to our own pages."""
    return f"mailing-{mailing_id.hex[-12:]}"
