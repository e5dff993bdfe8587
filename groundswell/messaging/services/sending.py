"""Sending what waits, a few mails at a time: one transaction marks the last ones and claims the next."""

import logging
import time
from collections.abc import Sequence
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction

from groundswell.jobs.services import Lease, LeaseLost
from groundswell.kit import clock
from groundswell.kit.mail import sender
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery
from groundswell.messaging.rules import Outcome
from groundswell.messaging.services import holding
from groundswell.messaging.services.queueing import WAKING, next_look, wake
from groundswell.messaging.transports import Away, Transport, transport
from groundswell.powers.movement import movement

logger = logging.getLogger(__name__)

LONGEST_RUN_S = 20  # then another job goes on, so that a worker can stop

State = Delivery.State
Known = Sequence[tuple[Delivery, Outcome]]  # what became of deliveries that were claimed


def send_due(lease: Lease) -> None:
    """Send everything that is due. Any number of runs may work at once; each delivery is claimed by one.

    A run that lost its lease claims no more, but still notes what became of the mails it had on the wire.
    """
    holding.look()
    _wait_for_who_queues()
    with lease.transaction():
        _sweep()
    try:
        way = transport()
    except Away as away:
        logger.warning("The mail server does not answer: %s", away)
        with lease.transaction():
            wake({clock.now() + rules.DOWN_WAIT})
        return
    try:
        _send_all(lease, way)
    finally:
        way.close()


def _send_all(lease: Lease, way: Transport) -> None:
    until = time.monotonic() + LONGEST_RUN_S
    known: Known = []
    while True:
        try:
            with lease.transaction():
                _settle(known)
                rows = _claim(way.at_once) if time.monotonic() < until else []
                if not rows:
                    wake(set(filter(None, [next_look()])))
        except LeaseLost:
            with transaction.atomic():
                _settle(known)
            raise
        if not rows:
            return
        known = list(zip(rows, way.send([_Single(row) for row in rows]), strict=True))
        for row, outcome in known:
            if outcome != rules.SENT:
                logger.warning("Delivery %s: %s %s", row.pk, outcome.state, outcome.problem)
        if any(outcome.untried for _row, outcome in known):
            until = 0


def _wait_for_who_queues() -> None:
    """Whoever found this job waiting, and therefore queued none, commits before it looks; see `wake`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({WAKING})")


def _sweep() -> None:
    """Give up what nobody can vouch for."""
    now = clock.now()
    Delivery.objects.filter(state=State.SENDING, moved_at__lt=now - rules.IN_DOUBT).update(
        state=State.UNKNOWN, moved_at=now, problem="The process that sent it died."
    )
    Delivery.objects.filter(state=State.QUEUED, mailing=None, not_before__lt=now - rules.LATE).update(
        state=State.SUPPRESSED, moved_at=now, problem="It was due more than a day ago."
    )


# What is over by now, goes where no mail arrives, or to somebody who wants no more of these, is passed over in the
# statement that claims the row: what they said last, of this purpose or of everything, is in force the moment it is
# committed. Mails to one's own (`hooks.own`) are left, the others agreed to.
_CLAIM = """
UPDATE messaging_delivery SET
    moved_at = %(now)s,
    (state, problem) = (
        SELECT CASE WHEN why IS NULL THEN 'sending' ELSE 'suppressed' END, coalesce(why, problem)
        FROM (SELECT CASE
            WHEN not_after <= %(now)s THEN %(over)s
            WHEN EXISTS (
                SELECT FROM people_contactpoint
                WHERE channel = 'email' AND value = address AND status IN ('bounces', 'wrong')
            ) THEN %(dead)s
            WHEN purpose <> '' AND NOT coalesce((
                SELECT said.given FROM people_consent said
                WHERE said.person_id = messaging_delivery.person_id AND said.channel = 'email'
                    AND said.purpose IN (messaging_delivery.purpose, %(everything)s)
                ORDER BY said.at DESC, said.id DESC LIMIT 1
            ), purpose LIKE '%%:%%') THEN %(took_back)s
            WHEN purpose <> '' AND purpose NOT LIKE '%%:%%' AND EXISTS (
                SELECT FROM messaging_choice choice
                WHERE choice.person_id = messaging_delivery.person_id AND own_team_only
            ) THEN %(own_only)s
        END AS why) AS looked
    )
WHERE id IN (
    SELECT id FROM messaging_delivery WHERE state = 'queued' AND mailing_id IS NULL AND not_before <= %(now)s
      AND CASE WHEN purpose <> '' AND strpos(purpose, ':') = 0 THEN 1 ELSE 0 END = %(patient)s
      AND NOT EXISTS (SELECT FROM messaging_hold WHERE held_at > queued_at)
    ORDER BY not_before LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
RETURNING *
"""
_DEAD = "Mail to this address does not arrive."
_OVER = "What it was about is over."
_WHY = {
    "dead": _DEAD,
    "over": _OVER,
    "took_back": rules.TOOK_BACK,
    "own_only": rules.OWN_TEAM_ONLY,
    "everything": rules.EVERYTHING,
}


def _claim(most: int) -> list[Delivery]:
    """Up to so many that are due now, the longest due first; those that may not go are left out. What many get at once
    because they agreed to it waits for what somebody waits for."""
    for patient in (0, 1):
        while rows := list(
            Delivery.objects.raw(_CLAIM, {"now": clock.now(), "most": most, "patient": patient, **_WHY})
        ):
            if claimed := [row for row in rows if row.state == State.SENDING]:
                return sorted(claimed, key=lambda row: row.not_before)
    return []


def _settle(known: Known) -> None:
    """Note what became of tries. One that was given up as unknown meanwhile is known after all."""
    now = clock.now()
    for row, outcome in known:
        state, tries, not_before = rules.after(outcome, row.tries, now)
        Delivery.objects.filter(pk=row.pk, state__in=[State.SENDING, State.UNKNOWN]).update(
            state=state,
            tries=tries,
            problem=outcome.problem,
            moved_at=now,
            not_before=not_before,
            their_id=outcome.their_id,
        )


class _Single:
    """A single mail, as a letter."""

    def __init__(self, row: Delivery) -> None:
        self._row = row
        self.recipient = row.address

    def data(self) -> bytes:
        return self.letter().message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own

    def letter(self) -> EmailMultiAlternatives:
        return _mail(self._row)


def _mail(row: Delivery) -> EmailMultiAlternatives:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    mail = EmailMultiAlternatives(
        subject=row.subject,
        body=row.text,
        from_email=sender(movement().name, address),
        to=[row.address],
        reply_to=[row.reply_to] if row.reply_to else None,
        headers=_headers(row, address.rpartition("@")[2]),
    )
    if row.html:
        mail.attach_alternative(row.html, "text/html")
    for name, content, mimetype in row.attachments:
        mail.attach(name, content, mimetype)
    return mail


def _headers(row: Delivery, domain: str) -> dict[str, str]:
    headers = {"Message-ID": f"<{row.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    if row.unsubscribe:  # in one click: RFC 8058
        headers |= {"List-Unsubscribe": f"<{row.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers
