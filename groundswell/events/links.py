"""Links in our mails: who holds one has read the mail, so it opens without sign-in. Signed; they name one row each."""

from typing import TypeVar
from uuid import UUID

from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet

from groundswell.events.models import RSVP, Event, Invitation, Shift
from groundswell.people.models import Person
from groundswell.people.selectors import NotFound

M = TypeVar("M", bound=Model)

_RSVP = signing.Signer(salt="events.rsvp", sep="~")
_CHECK_IN = signing.Signer(salt="events.check_in", sep="~")
_NO_MORE = signing.Signer(salt="events.no_more", sep="~")
_MORNING = signing.Signer(salt="events.morning", sep="~")
_THANKS = signing.Signer(salt="events.thanks", sep="~")
_CONFIRM = signing.Signer(salt="events.confirm", sep="~")
_INVITATION = signing.Signer(salt="events.invitation", sep="~")


def rsvp_token(rsvp: RSVP) -> str:
    """Opens one person's RSVP: change it, cancel it, see the exact place."""
    return _RSVP.sign(rsvp.pk.hex)


def rsvp_from(token: str) -> RSVP:
    """The RSVP of a token, with its shift, event and person. Raises NotFound."""
    return _found(RSVP.objects.select_related("shift__event", "person"), _RSVP, token)


def check_in_token(rsvp: RSVP) -> str:
    """Names one RSVP to whoever stands at the door; opens nothing for anybody else."""
    return _CHECK_IN.sign(rsvp.pk.hex)


def check_in_from(token: str) -> RSVP:
    """The RSVP of such a token, with its shift, event and person. Raises NotFound."""
    return _found(RSVP.objects.select_related("shift__event", "person"), _CHECK_IN, token)


def thanks_token(shift_id: UUID, *, room: bool) -> str:
    """Shows whoever filled in the form what everybody may know: which shift it was, and whether it had room."""
    return _THANKS.sign(f"{shift_id.hex}{room:d}")


def thanks_from(token: str) -> tuple[Shift, bool]:
    """The shift of such a token, and whether it had room. Raises NotFound."""
    try:
        said = _THANKS.unsign(token)
        return Shift.objects.get(pk=UUID(said[:-1])), said[-1] == "1"
    except (signing.BadSignature, ValueError, ObjectDoesNotExist):
        raise NotFound from None


def no_more_token(person: Person) -> str:
    """Lets whoever was invited end that."""
    return _NO_MORE.sign(person.pk.hex)


def no_more_from(token: str) -> Person:
    """The person of such a token. Raises NotFound."""
    return _found(Person.objects.all(), _NO_MORE, token)


def morning_token(person: Person) -> str:
    """Lets a host end the morning mail, and have it again."""
    return _MORNING.sign(person.pk.hex)


def morning_from(token: str) -> Person:
    """The person of such a token. Raises NotFound."""
    return _found(Person.objects.all(), _MORNING, token)


def confirm_token(event: Event) -> str:
    """Confirms the address of the event's creator."""
    return _CONFIRM.sign(event.pk.hex)


def event_from(token: str) -> Event:
    """The event whose creator confirms with this token. Raises NotFound."""
    return _found(Event.objects.all(), _CONFIRM, token)


def invitation_token(invitation: Invitation) -> str:
    """Lets whoever was asked to run an event accept."""
    return _INVITATION.sign(invitation.pk.hex)


def invitation_from(token: str) -> Invitation:
    """The invitation of a token, with its event. Raises NotFound."""
    return _found(Invitation.objects.select_related("event"), _INVITATION, token)


def _found(rows: QuerySet[M], signer: signing.Signer, token: str) -> M:
    try:
        return rows.get(pk=UUID(signer.unsign(token)))
    except (signing.BadSignature, ValueError, ObjectDoesNotExist):
        raise NotFound from None
