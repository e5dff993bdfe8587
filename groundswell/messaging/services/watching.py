"""A mailing that does harm pauses by itself: too many copies come back, are complained about, or make people leave.

It says why; whoever lets it go on has decided so, and only what went out since then counts against it.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import connection

from groundswell.jobs.services import Lease
from groundswell.ledger import selectors as ledger
from groundswell.messaging import rules
from groundswell.messaging.models import Mailing
from groundswell.messaging.rules import Refused
from groundswell.messaging.services import steering

WATCH = "messaging.watch"
EVERY = timedelta(seconds=15)


def watch_all(lease: Lease) -> None:
    """Watch the mailings that are on their way."""
    for mailing in Mailing.objects.filter(state=Mailing.State.SENDING):
        with lease.transaction():
            watch(mailing)


def watch(mailing: Mailing) -> str:
    """Pause it where it is beyond one of `rules.BOUNDS`; which one, or empty."""
    sent, counted = _counted(mailing, _let_go_on(mailing))
    why = rules.beyond(counted, sent)
    if why:
        with suppress(Refused):  # it is over by now
            steering.pause(mailing, why=why)
    return why


def _let_go_on(mailing: Mailing) -> datetime | None:
    last = ledger.of_subject(mailing.pk, 1, kinds=["mailing.resumed"])
    return last[0].at if last else None


def _counted(mailing: Mailing, since: datetime | None) -> tuple[int, dict[str, int]]:
    """How many copies went out or were refused, and what came of them."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"mailing": mailing.pk, "since": since})
        sent, *rest = cursor.fetchone()
    return sent, dict(zip(("bounces", "complaints", "unsubscribes"), rest, strict=True))


# A copy that the mail server refused at once came back, too. Those without an address were never near it: the index of
# the others finds them.
_COUNT = """
WITH told AS (
    SELECT count(DISTINCT copy.id) FILTER (WHERE signal.kind = 'bounced' AND copy.state = 'sent') AS bounced,
           count(DISTINCT copy.id) FILTER (WHERE signal.kind = 'complained') AS complained,
           count(DISTINCT copy.id) FILTER (WHERE signal.kind = 'unsubscribed') AS left_us
    FROM messaging_signal AS signal JOIN messaging_delivery AS copy ON copy.id = signal.delivery_id
    WHERE signal.mailing_id = %(mailing)s AND signal.kind IN ('bounced', 'complained', 'unsubscribed')
      AND (%(since)s::timestamptz IS NULL OR copy.moved_at > %(since)s)
)
SELECT count(*), count(*) FILTER (WHERE state = 'failed') + (SELECT bounced FROM told),
       (SELECT complained FROM told), (SELECT left_us FROM told)
FROM messaging_delivery
WHERE mailing_id = %(mailing)s AND address <> '' AND state IN ('sent', 'failed')
  AND (%(since)s::timestamptz IS NULL OR moved_at > %(since)s)
"""
