"""Sending a mailing: lanes that claim some copies, send them, and note what became of them with the next claim.

A claim is committed before anything goes over the wire. After a crash the copies of that one claim are in doubt, and
nobody sends them again; copies that nobody claimed were never near the wire.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Min

from groundswell.jobs import services as jobs
from groundswell.jobs.services import Lease, LeaseLost
from groundswell.kit import clock, geo
from groundswell.messaging import rules
from groundswell.messaging.copies import Copies, Copy, Reader, Unwritable
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.rules import Outcome, Refused
from groundswell.messaging.services import holding, steering
from groundswell.messaging.services.ending import end
from groundswell.messaging.services.throttling import Throttle
from groundswell.messaging.transports import Away, Transport, transport
from groundswell.powers.movement import movement

logger = logging.getLogger(__name__)

JOB = "messaging.deliver"
LANES = 2  # for each mailing
CHUNK = 50  # copies that a lane has on the wire; so many are in doubt when it dies. See docs/performance.md
LONGEST_RUN_S = 20  # then another job goes on, so that a worker can stop and mailings take turns
DOWN_WAIT = timedelta(seconds=30)  # where no way out answers
_CLAIM = (Path(__file__).parent / "claim.sql").read_text()

State = Delivery.State
Known = Sequence[tuple[Reader, Outcome]]


def open_lanes(mailing_id: UUID, at: datetime | None = None) -> None:
    """Let lanes send what is due, from then on; in the caller's transaction. A lane that waits is not doubled."""
    for lane in range(LANES):
        _open(mailing_id, lane, at)


def _open(mailing_id: UUID, lane: int, at: datetime | None) -> None:
    soon = at if at and at > clock.now() else None
    lock = f"{JOB} {mailing_id} {lane}" + (f" {soon:%Y%m%d%H%M}" if soon else "")
    jobs.enqueue(JOB, at=soon, queueing_lock=lock, mailing_id=str(mailing_id), lane=lane)


def deliver(lease: Lease, mailing_id: UUID, lane: int) -> None:
    """One lane, for a while. A run that lost its lease claims no more, but still notes what became of its mails."""
    holding.look()
    mailing = Mailing.objects.get(pk=mailing_id)
    if mailing.state != Mailing.State.SENDING:
        return
    try:
        copies = Copies(mailing)
    except Unwritable as why:
        with lease.transaction(), suppress(Refused):  # it is paused by now
            steering.pause(mailing, why="words", note=str(why))
        return
    try:
        way = transport()
    except Away as away:
        logger.warning("No mail server answers: %s", away)
        with lease.transaction():
            _open(mailing_id, lane, clock.now() + DOWN_WAIT)
        return
    try:
        _deliver(lease, mailing, lane, copies, way)
    finally:
        way.close()
    end(lease, mailing_id)


def _deliver(lease: Lease, mailing: Mailing, lane: int, copies: Copies, way: Transport) -> None:
    throttle = Throttle()
    until = time.monotonic() + LONGEST_RUN_S
    known: Known = []
    while True:
        try:
            with lease.transaction():
                settle(known)
                readers = _claim(mailing, throttle, CHUNK) if time.monotonic() < until else None
                if readers is None and (at := _next(mailing, throttle)):
                    _open(mailing.pk, lane, at)
        except (LeaseLost, OperationalError, InterfaceError):
            connection.close_if_unusable_or_obsolete()
            with transaction.atomic():
                settle(known)
            raise
        if readers is None:
            return
        known = list(zip(readers, way.send(_made(copies, readers)), strict=True))
        for reader, outcome in known:
            if outcome.state != State.SENT:
                logger.warning("Delivery %s: %s %s", reader.id, outcome.state, outcome.problem)
        if any(outcome.untried for _reader, outcome in known):
            until = 0


def _made(copies: Copies, readers: Sequence[Reader]) -> list[Copy]:
    """Their copies. If that raises, none of them was near the wire: they wait again, and nobody is in doubt."""
    try:
        return copies.of(readers)
    except Exception:
        connection.close_if_unusable_or_obsolete()
        with transaction.atomic():
            settle([(reader, Outcome(State.QUEUED, untried=True)) for reader in readers])
        raise


def _claim(mailing: Mailing, throttle: Throttle, most: int) -> list[Reader] | None:
    """Up to so many that are due and may go now; those who took it back meanwhile are left out, so there may be none.
    None: nothing is due."""

    def claim(mailbox: int, most: int) -> list[Reader] | None:
        now = clock.now()
        params: dict[str, Any] = {**_WHY, "mailing": mailing.pk, "mailbox": mailbox, "now": now, "most": most}
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, params)
            rows = cursor.fetchall()
        if not rows:
            return None
        return _awake(mailing, [Reader(*rest) for state, *rest in rows if state == State.SENDING], now)

    return throttle.take(most, claim)


_WHY = {"dead": rules.DEAD_ADDRESS, "taken_back": rules.TOOK_BACK, "own_only": rules.OWN_TEAM_ONLY}


def _awake(mailing: Mailing, readers: list[Reader], now: datetime) -> list[Reader]:
    """Those of them for whom it is neither too early nor too late in the day; the others wait again."""
    if mailing.from_hour is None or mailing.to_hour is None:
        return readers
    awake: list[Reader] = []
    later: dict[datetime, list[UUID]] = {}
    for reader in readers:
        place = geo.find_zip(reader.postal_code)
        zone = place.time_zone if place else movement().time_zone
        at = rules.opens(now, ZoneInfo(zone), mailing.from_hour, mailing.to_hour)
        if at > now:
            later.setdefault(at, []).append(reader.id)
        else:
            awake.append(reader)
    for at, ids in later.items():
        Delivery.objects.filter(pk__in=ids).update(state=State.QUEUED, not_before=at)
    return awake


def _next(mailing: Mailing, throttle: Throttle) -> datetime | None:
    """When the mailing next needs a lane; None: nothing of it waits, or it is halted, and whoever lets it go on opens
    lanes."""
    sends = Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.SENDING).exists()
    if not sends or holding.held_at():
        return None
    waiting = Delivery.objects.filter(mailing=mailing, state=State.QUEUED)
    at: datetime | None = waiting.aggregate(at=Min("not_before"))["at"]
    if at is None or at > clock.now():
        return at
    return throttle.next_hour() if throttle.held_back else clock.now()


def settle(known: Known) -> None:
    """Note what became of copies. One that was given up as unknown meanwhile is known after all."""
    now = clock.now()
    sent = [reader.id for reader, outcome in known if outcome == rules.SENT]
    if sent:
        with connection.cursor() as cursor:
            cursor.execute(_SENT, [now, sent])
    for reader, outcome in known:
        if outcome == rules.SENT:
            continue
        state, tries, not_before = rules.after(outcome, reader.tries, now)
        if state == State.QUEUED:  # one that was given up meanwhile goes no more: its mailing may be finished
            Delivery.objects.filter(pk=reader.id, state=State.UNKNOWN).update(state=State.FAILED, moved_at=now)
        Delivery.objects.filter(pk=reader.id, state__in=[State.SENDING, State.UNKNOWN]).update(
            state=state,
            tries=tries,
            problem=outcome.problem,
            moved_at=now,
            not_before=not_before,
            their_id=outcome.their_id,
        )


_SENT = """
UPDATE messaging_delivery SET state = 'sent', tries = tries + 1, moved_at = %s
WHERE id = ANY (%s) AND state IN ('sending', 'unknown')
"""
