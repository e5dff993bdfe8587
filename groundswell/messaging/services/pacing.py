"""Setting how fast mail goes out, and letting a held system go on."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction

from groundswell.jobs import services as jobs
from groundswell.kit import clock
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import record
from groundswell.messaging.models import Domain, Hold, Mailing
from groundswell.messaging.services.queueing import wake
from groundswell.messaging.services.steering import GO_ON
from groundswell.powers.viewer import Viewer


@transaction.atomic
def save_domain(viewer: Viewer, name: str, warm_from: date | None, per_hour: Mapping[int, int]) -> Domain:
    """How fast mail goes out from a domain.

    Args:
        warm_from: the first day of its warming up; None: it is known already.
        per_hour: at most, by `Mailbox`; missing: any number.
    """
    assert viewer.user is not None
    kept, _new = Domain.objects.update_or_create(
        name=name, defaults={"warm_from": warm_from, "per_hour": {str(int(box)): n for box, n in per_hour.items()}}
    )
    record("sending.pace_changed", actor=user_actor(viewer.user.pk))
    return kept


@transaction.atomic
def let_go_on(viewer: Viewer) -> bool:
    """Send again. Returns whether it was held."""
    assert viewer.user is not None
    now = clock.now()
    held = Hold.objects.select_for_update().exclude(held_at=None).first()
    if held is None:
        return False
    Hold.objects.filter(pk=held.pk).update(held_at=None, why="", beat_at=now)
    record("sending.resumed", actor=user_actor(viewer.user.pk))
    wake({now})
    for mailing_id in Mailing.objects.filter(state=Mailing.State.SENDING).values_list("pk", flat=True):
        jobs.enqueue(GO_ON, queueing_lock=f"{GO_ON} {mailing_id}", mailing_id=str(mailing_id))
    return True
