"""Asking somebody to run an event too. They become a host only when they accept: before that nobody learns whether we
know the address, and nothing is shown but what the host wrote."""

from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from groundswell.events import links, mails, rules
from groundswell.events.models import Event, Invitation
from groundswell.events.rules import Act, Invalid, Refused
from groundswell.events.services.hosting import add_host, locked, standing
from groundswell.events.services.rsvps import prove_address
from groundswell.kit import clock, contacts
from groundswell.kit.text import clean_line
from groundswell.ledger.rules import person_actor
from groundswell.ledger.services import record
from groundswell.messaging.services import queue_many
from groundswell.people import services as people
from groundswell.people.models import Person
from groundswell.people.rules import NewPerson
from groundswell.powers.movement import movement

MOST_OPEN = 20  # invitations of an event that wait for an answer


def invite(event: Event, given_name: str, email: str, actor: str) -> Invitation:
    """Write to somebody whom a host would like as a co-host. Again to the same address: changes nothing.

    Raises:
        Invalid: `given_name` or `email` cannot stand.
        Refused: the event is cancelled or over, or a great many invitations are open.
    """
    if not (name := clean_line(given_name)[:100]):
        raise Invalid({"given_name": _("Write their first name.")})
    try:
        address = contacts.email(email)
    except contacts.BadContact as bad:
        raise Invalid({"email": str(bad)}) from None
    with transaction.atomic():
        event = locked(event)
        rules.next_standing(standing(event), Act.CHANGE)
        if known := Invitation.objects.filter(event=event, email=address, accepted_at=None).first():
            return known
        if Invitation.objects.filter(event=event, accepted_at=None).count() >= MOST_OPEN:
            raise Refused(_("Many invitations wait for an answer. Take some back first."))
        Invitation.objects.filter(event=event, email=address).delete()  # was a host once
        invitation = Invitation.objects.create(event=event, given_name=name, email=address)
        _record("event.host_invited", invitation, actor)
        reader = Person(given_name=name, language=get_language() or "")  # not kept: it says how to write to them
        mail = mails.message(f"event.invited:{invitation.pk}", reader, address, lambda: _letter(invitation))
        queue_many([replace(mail, person=None)])
        return invitation


def accept(invitation: Invitation) -> None:
    """Whoever was asked presses the button on the page that only their mail leads to. Again: changes nothing.

    Raises:
        Refused: the event is cancelled or over, or the invitation was taken back.
    """
    with transaction.atomic():
        details = NewPerson(given_name=invitation.given_name, email=invitation.email)
        person = people.find_or_add(details, how="co_host").person
        event = locked(invitation.event)
        kept = Invitation.objects.select_for_update().filter(pk=invitation.pk).first()
        if kept is None:
            raise Refused(_("This invitation was taken back."))
        if kept.accepted_at:
            return
        rules.next_standing(standing(event), Act.CHANGE)
        prove_address(person)
        add_host(event, person, person_actor(person.pk))
        Invitation.objects.filter(pk=kept.pk).update(accepted_at=clock.now())


def take_back(event: Event, invitation_id: str, actor: str) -> None:
    """The host thinks again. An invitation that was accepted, or is not of this event, stays."""
    with transaction.atomic():
        for invitation in Invitation.objects.select_for_update().filter(event=event, accepted_at=None):
            if str(invitation.pk) == invitation_id:
                _record("event.invitation_taken_back", invitation, actor)
                invitation.delete()


def _record(kind: str, invitation: Invitation, actor: str) -> None:
    record(kind, actor=actor, on=("event", invitation.event_id), data={"invitation": str(invitation.pk)})


def _letter(invitation: Invitation) -> mails.Letter:
    name = movement().name
    url = settings.BASE_URL + reverse("events:invitation", args=[links.invitation_token(invitation)])
    return mails.Letter(
        _("Would you host an event with %(name)s?") % {"name": name},
        [
            _("Somebody who hosts an event with %(name)s asks you to run it together with them.") % {"name": name},
            _("The page shows which event it is. You become a host only when you accept there."),
            _("If you know nothing of it, do nothing: nobody is told anything about you."),
        ],
        [(_("See the event and answer"), url)],
    )
