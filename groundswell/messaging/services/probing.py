"""Asking whether what a mailing points to is there: its links, its pictures, the domain it comes from. Jobs ask; what
they found is kept, so that a page never waits for somebody else's server."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.db import transaction

from groundswell.jobs import services as jobs
from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.messaging import looking, naming
from groundswell.messaging.models import Mailing, Probe
from groundswell.messaging.selectors.wording import mails_of

JOB = "messaging.look"
AT_ONCE = 8
IN_A_RUN = 40  # then another job goes on, so that a worker can stop

Kind, State = Probe.Kind, Probe.State
WRONG = {"gone", "host", "private", "certificate", "redirects", "no_image"}  # others may be there for people


def sending_domain() -> str:
    """The domain our mail comes from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()


@transaction.atomic
def ask(mailing: Mailing, *, again: bool = False) -> None:
    """Have somebody look at what it points to now: at what is new, or at all of it again."""
    wanted = {(Kind.DOMAIN, sending_domain())}
    for mail in mails_of(mailing):
        wanted |= {(Kind.LINK, url) for url in mail.links} | {(Kind.IMAGE, url) for url in mail.images}
    known = {(one.kind, one.target): one for one in Probe.objects.filter(mailing=mailing)}
    Probe.objects.filter(pk__in=[one.pk for key, one in known.items() if key not in wanted]).delete()
    new = [Probe(mailing=mailing, kind=kind, target=target) for kind, target in sorted(wanted - known.keys())]
    Probe.objects.bulk_create(new, ignore_conflicts=True)
    if again:
        Probe.objects.filter(mailing=mailing).update(state=State.WAITING)
    if new or again:
        jobs.enqueue(JOB, queueing_lock=f"{JOB} {mailing.pk}", mailing_id=str(mailing.pk))


def look(lease: Lease, mailing_id: str) -> None:
    """Look at what waits; each answer is kept as it comes."""
    waiting = Probe.objects.filter(mailing_id=UUID(mailing_id), state=State.WAITING)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {pool.submit(_looked, one.kind, one.target): one.pk for one in waiting[:IN_A_RUN]}
        for done in as_completed(asked):
            state, found = done.result()
            with lease.transaction():
                Probe.objects.filter(pk=asked[done], state=State.WAITING).update(
                    state=state, found=found, looked_at=clock.now()
                )
    with lease.transaction():
        if waiting.exists():
            jobs.enqueue(JOB, queueing_lock=f"{JOB} {mailing_id}", mailing_id=mailing_id)


def _looked(kind: str, target: str) -> tuple[str, dict[str, object]]:
    """Runs in a thread of its own, which asks no database."""
    if kind == Kind.DOMAIN:
        if "." not in target:
            return State.FINE, {}
        records = naming.records_of(target, settings.DKIM_SELECTOR)
        return State.SILENT if None in records else State.FINE, records._asdict()
    seen = looking.look(target, image=kind == Kind.IMAGE)
    state = State.FINE if not seen.why else State.WRONG if seen.why in WRONG else State.SILENT
    return state, {"why": seen.why, "status": seen.status, "size": seen.size}
