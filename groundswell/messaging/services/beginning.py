"""The beginning of a mailing, and its going on: its audience is frozen, then lanes send what is due."""

from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from groundswell.jobs import services as jobs
from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery, Mailing, Part
from groundswell.messaging.services import steering
from groundswell.messaging.services.delivering import open_lanes
from groundswell.messaging.services.ending import end, sweep
from groundswell.messaging.services.freezing import PARTS, freeze
from groundswell.messaging.services.holding import beat, held_at, look
from groundswell.messaging.verbs import SEND
from groundswell.powers import selectors as powers

FREEZE = "messaging.freeze"
TEND = "messaging.tend"
TEND_EVERY = timedelta(seconds=20)
TURN = timedelta(seconds=5)  # after which a mailing asks again whether another one's audience is frozen
STILL = timedelta(minutes=1)  # so long nothing moved: whoever sent it is gone
TURNS = 7_215_001  # the lock of those that begin

State = Mailing.State


def begin(lease: Lease, mailing_id: UUID) -> None:
    """Begin a mailing whose time has come. One that missed its time waits for a person; so does all of a system that is
    held. Audiences are frozen one after the other, or two mailings would both take somebody's last slot of the week."""
    look()
    with lease.transaction():
        _one_at_a_time()
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        now = clock.now()
        if mailing.state != State.WAITING or mailing.starts_at is None or mailing.starts_at > now or held_at():
            return
        if rules.missed(mailing.starts_at, now):
            steering.pause(mailing, why="missed")
        elif mailing.asked_by is None or not powers.scopes(mailing.asked_by, SEND):
            steering.pause(mailing, why="power")
        elif why := steering.objection(mailing):
            steering.pause(mailing, why=why)
        elif _others_turn(mailing):
            jobs.enqueue(steering.BEGIN, at=now + TURN, mailing_id=str(mailing_id))
        else:
            mailing.state = State.SENDING
            mailing.save(update_fields=["state"])
            Part.objects.bulk_create([Part(mailing=mailing, number=number) for number in range(PARTS)])
            _freeze(mailing)


def freeze_part(lease: Lease, mailing_id: UUID, number: int) -> None:
    """Freeze a part of the audience; who finishes it lets the lanes begin."""
    if freeze(lease, mailing_id, number):
        with lease.transaction():
            open_lanes(mailing_id)
        end(lease, mailing_id)  # there may be nobody to write to


def go_on(lease: Lease, mailing_id: UUID) -> None:
    """Go on where it was paused."""
    with lease.transaction():
        _one_at_a_time()
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        if mailing.state == State.SENDING and mailing.frozen_at is None and _others_turn(mailing):
            jobs.enqueue(steering.GO_ON, at=clock.now() + TURN, mailing_id=str(mailing_id))
        elif mailing.state == State.SENDING:
            _forward(mailing)
    end(lease, mailing_id)


def tend(lease: Lease) -> None:
    """See to it that no mailing stands still: its worker may have died, its job may be lost."""
    with lease.transaction():
        beat()
    sweep(lease)
    now = clock.now()
    for mailing in Mailing.objects.filter(state=State.WAITING, starts_at__lt=now - TEND_EVERY):
        jobs.enqueue(steering.BEGIN, queueing_lock=f"{steering.BEGIN} {mailing.pk}", mailing_id=str(mailing.pk))
    for mailing in Mailing.objects.filter(state=State.SENDING):
        moved = Delivery.objects.filter(mailing=mailing).filter(
            Q(moved_at__gt=now - STILL) | Q(queued_at__gt=now - STILL)
        )
        if not moved.exists():
            with lease.transaction():
                _forward(Mailing.objects.select_for_update().get(pk=mailing.pk))
        end(lease, mailing.pk)


def _others_turn(mailing: Mailing) -> bool:
    """Whether another mailing's audience is being frozen: two at once would both take somebody's last slot."""
    return Mailing.objects.filter(state=State.SENDING, frozen_at=None).exclude(pk=mailing.pk).exists()


def _forward(mailing: Mailing) -> None:
    if mailing.frozen_at is None:
        _freeze(mailing)
    elif Delivery.objects.filter(mailing=mailing, state=Delivery.State.QUEUED, not_before__lte=clock.now()).exists():
        open_lanes(mailing.pk)


def _freeze(mailing: Mailing) -> None:
    for number in mailing.parts.filter(done=False).values_list("number", flat=True):
        jobs.enqueue(FREEZE, queueing_lock=f"{FREEZE} {mailing.pk} {number}", mailing_id=str(mailing.pk), number=number)


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURNS])
