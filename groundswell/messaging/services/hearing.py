"""What others tell about our copies, acted on once: providers, mail servers, those who answer.

Reports come twice, late and in any order; each has a key, and what follows from it is the same whenever it comes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from groundswell.jobs import services as jobs
from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.messaging import bounces, tokens
from groundswell.messaging.bounces import Bounce
from groundswell.messaging.incoming import Report
from groundswell.messaging.models import Delivery, Signal
from groundswell.messaging.rules import EVERYTHING
from groundswell.messaging.services import choosing, signals
from groundswell.messaging.services.answering import file
from groundswell.people import services as people
from groundswell.people.models import ContactPoint

JOB = "messaging.hear"
AT_A_TIME = 100  # reports a job
BY_ADDRESS = timedelta(days=5)  # so long ago a copy may have gone of which a report names only the address
Kind = Signal.Kind


def hear_later(reports: Iterable[Report]) -> None:
    """Let workers act on these; in one transaction, so that whoever told us may forget them."""
    kept = [asdict(report) for report in reports]
    with transaction.atomic():
        for start in range(0, len(kept), AT_A_TIME):
            jobs.enqueue(JOB, reports=kept[start : start + AT_A_TIME])


def hear_all(lease: Lease, reports: list[Mapping[str, Any]]) -> None:
    """Act on reports."""
    for kept in reports:
        values: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
        with lease.transaction():
            hear(Report(**values))


def hear(report: Report) -> None:
    """Act on one report; in the caller's transaction. One of nothing we sent, or that is known, changes nothing."""
    found = _copy_of(report)
    if found is None:
        return
    copy, named = found
    kind = Kind(report.kind)
    meant = bounces.meaning(report.status, report.said) if kind in {Kind.BOUNCED, Kind.DEFERRED} else None
    if not named and not report.signed:  # anybody's word who knows an address
        if kind in {Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.REPLIED}:
            return
        meant = meant and Bounce.SOFT
    if kind == Kind.REPLIED and not file(copy, report):
        return
    why = f"{meant}: {report.said}" if meant else ""
    at = datetime.fromisoformat(report.at) if report.at else clock.now()
    if not signals.note(copy.pk, copy.mailing_id, kind, key=report.key, why=why, at=min(at, clock.now())):
        return
    signals.settle([copy.pk])
    if kind == Kind.BOUNCED and (meant == Bounce.HARD or _gives_up(copy)):
        for point in ContactPoint.objects.filter(channel="email", value=copy.address):
            people.mark(point, ContactPoint.Status.BOUNCES)
    if kind in {Kind.COMPLAINED, Kind.UNSUBSCRIBED} and copy.person:
        choosing.leave(copy.person, EVERYTHING if kind == Kind.COMPLAINED else copy.purpose or EVERYTHING, copy)


def _copy_of(report: Report) -> tuple[Delivery, bool] | None:
    """The copy that is meant, and whether the report names it; otherwise it is the last one to its address."""
    ids = [delivery for token in report.tokens if (delivery := tokens.delivery_of(token))]
    ids += [UUID(text) for text in report.copies]
    known = {copy.pk: copy for copy in Delivery.objects.filter(pk__in=ids).select_related("person")}
    if copy := next((known[pk] for pk in ids if pk in known), None):
        return copy, True
    if report.their_id and (copy := Delivery.objects.filter(their_id=report.their_id).first()):
        return copy, True
    if not report.address:
        return None
    point = ContactPoint.objects.filter(channel="email", value=report.address).first()
    went = Delivery.objects.filter(person=point.person_id, address=report.address) if point else Delivery.objects.none()
    out = went.filter(state__in=["sent", "unknown"], moved_at__gt=clock.now() - BY_ADDRESS)
    last = out.select_related("person").order_by("-moved_at").first()
    return (last, False) if last else None


def _gives_up(copy: Delivery) -> bool:
    """Whether mail to this address came back softly often enough, and none arrived meanwhile."""
    told = Signal.objects.filter(
        delivery__person=copy.person_id, delivery__address=copy.address, at__gt=clock.now() - bounces.SOFT_WITHIN
    )
    softly = told.filter(kind=Kind.BOUNCED, why__regex=f"^({Bounce.SOFT}|{Bounce.FULL}):").order_by("at")
    times = list(softly.values_list("at", flat=True))
    if not times or not bounces.gives_up([at.date() for at in times]):
        return False
    return not told.filter(kind__in=signals.ARRIVED, at__gt=times[0]).exists()
