"""The end of a mailing: it is finished when its states add up to its audience, and not before."""

from uuid import UUID

from django.db.models import Count

from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import record
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.services import steering

State = Delivery.State


def end(lease: Lease, mailing_id: UUID) -> None:
    """Finish the mailing if nothing of it waits or is on the wire. One that does not add up waits for a person."""
    open_ = Delivery.objects.filter(mailing_id=mailing_id, state__in=[State.QUEUED, State.SENDING])
    if open_.exists():
        return
    with lease.transaction():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        if mailing.state != Mailing.State.SENDING or mailing.frozen_at is None:
            return
        found = Delivery.objects.filter(mailing=mailing).order_by().values_list("state").annotate(n=Count("pk"))
        counted: dict[str, int] = dict(found)
        if not rules.adds_up(mailing.people, counted):
            steering.pause(mailing, why="sum")
            return
        mailing.state, mailing.ended_at = Mailing.State.FINISHED, clock.now()
        mailing.save(update_fields=["state", "ended_at"])
        record(
            "mailing.finished",
            actor=system_actor("sending"),
            on=("mailing", mailing.pk),
            data={"people": mailing.people, "sent": counted.get(State.SENT, 0)},
        )


def sweep(lease: Lease) -> None:
    """What was on the wire of a process that died is in doubt."""
    now = clock.now()
    with lease.transaction():
        Delivery.objects.filter(state=State.SENDING, moved_at__lt=now - rules.IN_DOUBT).update(
            state=State.UNKNOWN, moved_at=now, problem="The process that sent it died."
        )
