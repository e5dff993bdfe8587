"""Handing an event over: whoever leads it asks a co-host, who leads it from the moment they say yes. Until then nothing
changes, and the question can be taken back."""

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.events import mails, rules, selectors
from groundswell.events.models import Event, Host
from groundswell.events.rules import Act, Refused
from groundswell.events.services.hosting import leads, locked, standing
from groundswell.kit import clock
from groundswell.ledger.services import record
from groundswell.messaging.services import queue_many
from groundswell.people.models import Person
from groundswell.people.selectors import email_of


def asked(event: Event) -> Host | None:
    """The co-host who is asked to lead it."""
    return event.host_set.filter(asked_at__isnull=False).select_related("person").first()


def ask(event: Event, person: Person, actor: str) -> None:
    """Ask a co-host to lead the event, instead of whoever was asked before; they are written to. Again: changes
    nothing.

    Raises:
        Refused: it is called off or over, they do not host it or lead it already, or whoever asks does not lead it.
    """
    with transaction.atomic():
        event = locked(event)
        rules.next_standing(standing(event), Act.CHANGE)
        _check_leads(event, actor)
        host = Host.objects.filter(event=event, person=person, lead=False).first()
        if host is None:
            raise Refused(_("Add them as a co-host first."))
        if host.asked_at is None:
            event.host_set.update(asked_at=None)
            Host.objects.filter(pk=host.pk).update(asked_at=clock.now())
            _note("event.handover_asked", event, person, actor, person, mails.lead_asked)


def take_back(event: Event, actor: str) -> None:
    """Whoever leads it thinks again. Raises Refused where they do not lead it (any more)."""
    with transaction.atomic():
        event = locked(event)
        _check_leads(event, actor)
        if host := asked(event):
            event.host_set.update(asked_at=None)
            record("event.handover_taken_back", actor=actor, person_id=host.person_id, on=("event", event.pk))


def accept(event: Event, actor: str) -> None:
    """Who was asked leads the event from now on; who led it runs it with them, and is told. Raises as `_asked_of`."""
    with transaction.atomic():
        event = locked(event)
        rules.next_standing(standing(event), Act.CHANGE)
        host, before = _asked_of(event, actor)
        event.host_set.update(asked_at=None, lead=False)
        Host.objects.filter(pk=host.pk).update(lead=True)
        _note("event.handed_over", event, host.person, actor, before, mails.lead_taken)


def decline(event: Event, actor: str) -> None:
    """Who was asked says no; who leads it is told. Raises as `_asked_of`."""
    with transaction.atomic():
        event = locked(event)
        host, before = _asked_of(event, actor)
        event.host_set.update(asked_at=None)
        _note("event.handover_declined", event, host.person, actor, before, mails.lead_declined)


def _asked_of(event: Event, actor: str) -> tuple[Host, Person | None]:
    """Who is asked, if it is whoever acts, and who leads it now. Raises Refused where they are not asked (any more)."""
    host = asked(event)
    if host is None or not selectors.is_actor(host.person, actor):
        raise Refused(_("This question was answered, or taken back."))
    lead = event.host_set.filter(lead=True).select_related("person").first()
    return host, lead.person if lead else None


def _check_leads(event: Event, actor: str) -> None:
    if not leads(event, actor):
        raise Refused(_("Only the lead host hands the event over. Ask them."))


def _note(
    kind: str,
    event: Event,
    person: Person,
    actor: str,
    reader: Person | None,
    letter: Callable[[selectors.PublicEvent, str], mails.Letter],
) -> None:
    """Record what became of the question to `person`, and write to `reader` of it."""
    entry = record(kind, actor=actor, person_id=person.pk, on=("event", event.pk))
    if reader and (address := email_of(reader)):
        shown = selectors.shown(event, exact=True)
        queue_many([mails.message(f"{kind}:{entry}", reader, address, lambda: letter(shown, person.given_name))])
