"""Sending what waits, one mail after the other: one transaction marks the last one and claims the next."""

import logging
import time
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction

from groundswell.jobs.services import Lease, LeaseLost
from groundswell.kit import clock
from groundswell.kit.mail import sender
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery
from groundswell.messaging.rules import Outcome
from groundswell.messaging.services.queueing import WAKING, next_look, wake
from groundswell.powers.movement import movement

logger = logging.getLogger(__name__)

LONGEST_RUN_S = 20  # then another job goes on, so that a worker can stop
DOWN_WAIT = rules.backoff(1)  # how long to wait for a mail server that does not answer

State = Delivery.State


@dataclass
class _Sent:
    """A delivery that was claimed, and what became of it; None: nobody knows."""

    row: Delivery
    outcome: Outcome | None = None


def send_due(lease: Lease) -> None:
    """Send everything that is due. Any number of runs may work at once; each delivery is claimed by one.

    A run that lost its lease claims no more, but still notes what became of the mail it had on the wire.
    """
    _wait_for_who_queues()
    with lease.transaction():
        _sweep()
    server = get_connection()
    try:
        server.open()
    except OSError as error:
        logger.warning("The mail server does not answer: %s", error)
        with lease.transaction():
            wake({clock.now() + DOWN_WAIT})
        return
    try:
        _send_all(lease, server)
    finally:
        server.close()


def _send_all(lease: Lease, server: BaseEmailBackend) -> None:
    until = time.monotonic() + LONGEST_RUN_S
    last: _Sent | None = None
    while True:
        try:
            with lease.transaction():
                _settle(last)
                row = _claim() if time.monotonic() < until else None
                if row is None:
                    wake(set(filter(None, [next_look()])))
        except LeaseLost:
            with transaction.atomic():
                _settle(last)
            raise
        if row is None:
            return
        last = _Sent(row)
        last.outcome = _transmit(server, row)
        if last.outcome.reconnect and not _reopened(server):
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
    Delivery.objects.filter(state=State.QUEUED, not_before__lt=now - rules.LATE).update(
        state=State.SUPPRESSED, moved_at=now, problem="It was due more than a day ago."
    )


# An address that does not work is passed over in the statement that claims the row.
_CLAIM = """
UPDATE messaging_delivery SET
    moved_at = %(now)s,
    state = CASE WHEN EXISTS (
        SELECT FROM people_contactpoint
        WHERE channel = 'email' AND value = address AND status IN ('bounces', 'wrong')
    ) THEN 'suppressed' ELSE 'sending' END
WHERE id = (
    SELECT id FROM messaging_delivery WHERE state = 'queued' AND not_before <= %(now)s
    ORDER BY not_before LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *
"""


def _claim() -> Delivery | None:
    while True:
        row = next(iter(Delivery.objects.raw(_CLAIM, {"now": clock.now()})), None)
        if row is None or row.state == State.SENDING:
            return row
        Delivery.objects.filter(pk=row.pk).update(problem="Mail to this address does not arrive.")


def _settle(sent: _Sent | None) -> None:
    """Note what became of a try. One that was given up as unknown meanwhile is known after all."""
    if sent is None or sent.outcome is None:
        return
    now, outcome, tries = clock.now(), sent.outcome, sent.row.tries + 1
    state, not_before = outcome.state, sent.row.not_before
    if state == State.QUEUED:
        state = State.QUEUED if tries < rules.MOST_TRIES else State.FAILED
        not_before = now + rules.backoff(tries)
    Delivery.objects.filter(pk=sent.row.pk, state__in=[State.SENDING, State.UNKNOWN]).update(
        state=state, tries=tries, problem=outcome.problem, moved_at=now, not_before=not_before
    )


def _transmit(server: BaseEmailBackend, row: Delivery) -> Outcome:
    try:
        server.send_messages([_mail(row)])
    except Exception as error:
        logger.warning("Delivery %s: %s", row.pk, error)
        return rules.outcome_of(error)
    return rules.SENT


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


def _reopened(server: BaseEmailBackend) -> bool:
    server.close()
    try:
        server.open()
    except OSError:
        return False
    return True
