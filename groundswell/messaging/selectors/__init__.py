"""Reading deliveries: for HQ, and for the addresses that stand in copies."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from groundswell.messaging import hooks
from groundswell.messaging.models import Choice, Delivery
from groundswell.messaging.rules import EVERYTHING
from groundswell.people import lists
from groundswell.people import selectors as people
from groundswell.people.models import Consent, Person


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


def held(delivery_id: UUID) -> tuple[Delivery, Person] | None:
    """A copy and whose it is; None where one of the two is gone."""
    rows = Delivery.objects.select_related("mailing", "subject_line__version__draft")
    copy = rows.filter(pk=delivery_id, person__isnull=False).first()
    person = Person.objects.filter(pk=copy.person_id).first() if copy and copy.person_id else None
    return (copy, person) if copy and person else None


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


# --- what people chose ---------------------------------------------------------------------------------------------
def choice_of(person: Person) -> Choice:
    """What a person chose about how much comes; as we think, where they chose nothing."""
    return Choice.objects.filter(person=person).first() or Choice(person=person)


def has_left(person: Person, purpose: str) -> bool:
    """Whether the last word of a person on this purpose, or on all that comes by email, is that they want no more."""
    said = Consent.objects.filter(person=person, channel="email", purpose__in=[purpose, EVERYTHING])
    last = said.order_by("-at", "-id").first()
    return last is not None and not last.given


def has_left_everything(person: Person) -> bool:
    """Whether a person took back all that may come by email, and agreed to nothing since."""
    agreed = any(one.given and one.channel == "email" for one in people.consents(person))
    return has_left(person, EVERYTHING) and not agreed


def left_with_everything(person: Person) -> list[str]:
    """What a person took back when they last took back all that comes by email: those purposes."""
    last = {one.purpose: one for one in people.consents(person) if one.channel == "email" and not one.given}
    everything = last.pop(EVERYTHING, None)
    return sorted(purpose for purpose, one in last.items() if everything and one.at >= everything.at)


def name_of(purpose: str) -> str:
    """What mails of this purpose are called, in the middle of a sentence."""
    if found := hooks.of_purpose(purpose):
        own, about = found
        return own.name(about)
    if purpose == EVERYTHING:
        return _("all that you agreed to")
    return str(dict(lists.purposes()).get(purpose, purpose))
