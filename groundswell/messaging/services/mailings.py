"""Beginning a mailing, and changing one that is a draft: what it is called, to whom, for what, when."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from groundswell.kit.text import clean_line
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import record
from groundswell.messaging.models import Draft, Mailing
from groundswell.messaging.services.steering import drafting
from groundswell.people.models import Segment
from groundswell.powers.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Details:
    """What is set of a mailing, beside its words; the fields are those of `Mailing`."""

    name: str
    segment: Segment | None
    purpose: str
    priority: int = Mailing.Priority.NORMAL
    from_name: str = ""
    reply_to: str = ""
    wanted_at: datetime | None = None
    from_hour: int | None = None
    to_hour: int | None = None


@transaction.atomic
def save_mailing(viewer: Viewer, details: Details, mailing: Mailing | None = None) -> Mailing:
    """Begin a mailing, with an empty draft, or change one.

    Raises:
        Refused: it is not a draft any more.
    """
    assert viewer.user is not None
    kept = drafting(mailing.pk) if mailing else Mailing(made_by=viewer.user)
    kept.name, kept.from_name = clean_line(details.name), clean_line(details.from_name)
    for name in ("segment", "purpose", "priority", "reply_to", "wanted_at", "from_hour", "to_hour"):
        setattr(kept, name, getattr(details, name))
    kept.save()
    if not mailing:
        Draft.objects.create(mailing=kept, number=0)
        record("mailing.made", actor=user_actor(viewer.user.pk), on=("mailing", kept.pk))
    return kept


@transaction.atomic
def remove_mailing(mailing: Mailing) -> None:
    """Remove a draft that is not wanted. Raises Refused where it is no draft."""
    drafting(mailing.pk).delete()
