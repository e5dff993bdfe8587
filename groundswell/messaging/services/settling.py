"""Settling by hand what the machines do not know: whether a copy arrived. It is never sent again."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.kit import clock
from groundswell.kit.text import clean_line
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import record
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.rules import Refused
from groundswell.messaging.selectors.mailings import NotFound
from groundswell.messaging.selectors.results import copies
from groundswell.powers.viewer import Viewer

ENDS = (Delivery.State.SENT, Delivery.State.FAILED)
NOTE_LIMIT = 200


@transaction.atomic
def settle(viewer: Viewer, mailing: Mailing, delivery_id: UUID, state: str, note: str) -> None:
    """Say of a copy of unknown fate that it arrived, or that it did not.

    Args:
        state: one of `ENDS`.
        note: how they know.

    Raises:
        NotFound: there is no such copy in reach.
        Refused: its fate is known.
    """
    assert viewer.user is not None and state in ENDS
    row = copies(viewer, mailing).filter(pk=delivery_id).select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound
    if row.state != Delivery.State.UNKNOWN:
        raise Refused(_("What became of this copy is known by now."))
    Delivery.objects.filter(pk=row.pk).update(state=state, moved_at=clock.now(), problem=clean_line(note)[:NOTE_LIMIT])
    record(
        "mailing.settled",
        actor=user_actor(viewer.user.pk),
        person_id=row.person_id,
        on=("mailing", mailing.pk),
        data={"state": str(state)},
    )
