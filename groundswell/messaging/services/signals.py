"""What comes back about a delivery, noted once; and what follows from it: a delivery that was in doubt is not any more,
a click of a person is a deed.

Signals come twice and in any order, so nothing here depends on which came first.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count

from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.rules import person_actor, system_actor
from groundswell.ledger.services import NewEntry, record_many
from groundswell.messaging import machines
from groundswell.messaging.machines import Click
from groundswell.messaging.models import Delivery, Link, Mailing, Signal
from groundswell.messaging.selectors import source_code
from groundswell.sources import services as sources
from groundswell.sources.rules import LABEL_LIMIT

WEIGH = "messaging.weigh_clicks"
SETTLE = "messaging.settle_unknown"
MOST_OF_A_KIND = 100  # signals of one copy: whoever holds a link may follow it all day
WINDOW = timedelta(minutes=2)  # after which nothing that tells a machine is to come any more
AT_A_TIME = 500  # copies whose clicks are weighed in one transaction

Kind = Signal.Kind
State = Delivery.State
ARRIVED = (Kind.DELIVERED, Kind.OPENED, Kind.CLICKED, Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.REPLIED)


def note(
    delivery_id: UUID,
    mailing_id: UUID | None,
    kind: Signal.Kind,
    *,
    key: str | None = None,
    link_id: int | None = None,
    machine: bool = False,
    why: str = "",
    at: datetime | None = None,
) -> bool:
    """Keep a signal; nothing else is touched. False where it is known already or one copy has too many of them.

    Args:
        key: what makes it one, such as the provider's id of the report; None: each one counts.
        at: when it happened; None: now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "id": new_id(),
                "key": key,
                "delivery": delivery_id,
                "mailing": mailing_id,
                "kind": kind,
                "link": link_id,
                "machine": machine,
                "why": why[:500].replace("\0", ""),
                "at": at or clock.now(),
                "most": MOST_OF_A_KIND,
            },
        )
        return bool(cursor.rowcount)


_NOTE = """
INSERT INTO messaging_signal (id, key, delivery_id, mailing_id, kind, link_id, machine, why, at)
SELECT %(id)s, %(key)s, %(delivery)s, %(mailing)s, %(kind)s, %(link)s, %(machine)s, %(why)s, %(at)s
WHERE %(most)s > (SELECT count(*) FROM messaging_signal WHERE delivery_id = %(delivery)s AND kind = %(kind)s)
ON CONFLICT (key) DO NOTHING
"""


# --- deliveries in doubt -------------------------------------------------------------------------------------------
def settle(delivery_ids: Sequence[UUID]) -> None:
    """What became of these deliveries, as far as their signals tell. In the caller's transaction.

    Whatever shows that a mail arrived says so for good; a bounce alone says that it did not.
    """
    signals = Signal.objects.filter(delivery__in=delivery_ids)
    now = clock.now()
    Delivery.objects.filter(
        pk__in=signals.filter(kind__in=ARRIVED).values("delivery"), state__in=[State.UNKNOWN, State.FAILED]
    ).update(state=State.SENT, problem="", moved_at=now)
    Delivery.objects.filter(pk__in=signals.filter(kind=Kind.BOUNCED).values("delivery"), state=State.UNKNOWN).update(
        state=State.FAILED, problem="It came back.", moved_at=now
    )


def settle_unknown(lease: Lease) -> None:
    """Settle those whose signals came before they were in doubt: a sender died, and others told what it could not."""
    told = Delivery.objects.filter(state=State.UNKNOWN, signals__kind__in=[*ARRIVED, Kind.BOUNCED])
    with lease.transaction():
        settle(list(told.values_list("pk", flat=True).distinct()[:10_000]))


# --- clicks --------------------------------------------------------------------------------------------------------
def weigh_clicks(lease: Lease) -> None:
    """Decide of clicks who made them, when nothing more is to come that tells. The first by a person on a link is a
    deed."""
    while _weigh(lease):
        pass


def _weigh(lease: Lease) -> bool:
    """Whether there is more to weigh."""
    with lease.transaction():
        with connection.cursor() as cursor:  # two runs would both find the first click of a link
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [WEIGH])
            if not cursor.fetchone()[0]:
                return False
        due = Signal.objects.filter(kind=Kind.CLICKED, weighed=False, at__lt=clock.now() - WINDOW)
        copies = list(due.order_by("at").values_list("delivery_id", flat=True)[:AT_A_TIME])
        if not copies:
            return False
        clicks = list(Signal.objects.filter(kind=Kind.CLICKED, delivery__in=copies).order_by("at", "pk"))
        of_each: defaultdict[UUID, list[Signal]] = defaultdict(list)
        for click in clicks:
            of_each[click.delivery_id].append(click)
        links = _links({click.mailing_id for click in clicks if click.mailing_id})
        people, deeds = set(), []
        for signals in of_each.values():
            human = machines.by_people(
                [Click(one.pk, one.link_id, one.at, one.machine) for one in signals],
                links.get(signals[0].mailing_id, 0),
            )
            people |= {click.id for click in human}
            deeds += _first_of_each(human, {one.pk: one for one in signals})
        weighed = [click.pk for click in clicks if click.at < clock.now() - WINDOW]
        Signal.objects.filter(pk__in=[pk for pk in weighed if pk not in people]).update(machine=True)
        Signal.objects.filter(pk__in=weighed).update(weighed=True)
        _record(deeds)
        return True


def _links(mailing_ids: Iterable[UUID]) -> dict[UUID | None, int]:
    counted = Link.objects.filter(mailing__in=mailing_ids).values_list("mailing_id").annotate(n=Count("pk"))
    return dict(counted.order_by())


def _first_of_each(human: Iterable[Click], signals: dict[UUID, Signal]) -> list[Signal]:
    """For each link the first click of a person, if it was not weighed before."""
    first: dict[int | None, Signal] = {}
    for click in human:
        first.setdefault(click.link, signals[click.id])
    return [one for one in first.values() if not one.weighed and one.at < clock.now() - WINDOW]


def _record(clicks: Sequence[Signal]) -> None:
    person = dict(Delivery.objects.filter(pk__in=[one.delivery_id for one in clicks]).values_list("pk", "person_id"))
    _make_sources({one.mailing_id for one in clicks if one.mailing_id})
    record_many(
        NewEntry(
            "mail.clicked",
            person_actor(person_id),
            person_id,
            on=("mailing", one.mailing_id),
            data={"link": one.link_id},
            at=one.at,
        )
        for one in clicks
        if one.mailing_id and (person_id := person.get(one.delivery_id))
    )


def _make_sources(mailing_ids: Iterable[UUID]) -> None:
    """See to it that the code on a mailing's links to our own pages is one we know."""
    for mailing in Mailing.objects.filter(pk__in=mailing_ids):
        try:
            sources.make_link(mailing.name[:LABEL_LIMIT], source_code(mailing.pk), actor=system_actor("messaging"))
        except sources.BadLink:  # it is there already
            continue
