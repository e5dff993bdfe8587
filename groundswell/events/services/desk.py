"""What a host does with the list of guests: calls, who walked in, who did not come. Checking in is `mark_attended`."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.events import rules
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.rules import Invalid, Refused
from groundswell.events.services.rsvps import Agreed, cancel_rsvp, check_open, come_back, mark_attended, stay
from groundswell.kit import clock
from groundswell.ledger.rules import person_actor
from groundswell.ledger.services import record
from groundswell.people import services as people
from groundswell.people.models import ContactPoint
from groundswell.people.rules import BadDetails, NewPerson

Call = RSVP.Call
ONE_PRESS = timedelta(minutes=1)  # the same result again so soon is the same call


def call(rsvp: RSVP, result: str, actor: str, *, number: str = "") -> RSVP:
    """A host called: they will come (also who had cancelled, if there is room; else they wait), they will not and
    whoever waits gets the place, nobody answered, or `number` is somebody else's.

    Raises:
        Refused: the event is cancelled or the shift is over; then nothing changed.
    """
    now = clock.now()
    with transaction.atomic():
        match result:
            case Call.WILL_COME:
                rsvp = come_back(rsvp, actor=actor)
                stay(rsvp, actor=actor)
            case Call.WILL_NOT_COME:
                rsvp = cancel_rsvp(rsvp, actor=actor)
        rsvp = RSVP.objects.select_for_update(of=("self",)).select_related("shift__event").get(pk=rsvp.pk)
        check_open(rsvp.shift, rsvp.shift.event)
        if rsvp.called == result and rsvp.called_at and rsvp.called_at > now - ONE_PRESS:
            return rsvp
        if result == Call.WRONG_NUMBER:
            for point in ContactPoint.objects.filter(person=rsvp.person, channel="phone", value=number):
                people.mark(point, ContactPoint.Status.WRONG, actor=actor)
        rsvp.called, rsvp.called_at = result, clock.now()
        rsvp.save(update_fields=["called", "called_at"])
        _record("event.called", rsvp, actor, result=str(result))
        return rsvp


def note(rsvp: RSVP, text: str, actor: str) -> None:
    """What the hosts should remember of a guest; empty: nothing any more. The same again: changes nothing.

    Raises:
        Invalid: `words` are too long.
    """
    text = rules.short_words(text)
    with transaction.atomic():
        rsvp = RSVP.objects.select_for_update().get(pk=rsvp.pk)
        if rsvp.note != text:
            rsvp.note = text
            rsvp.save(update_fields=["note"])
            _record("event.noted", rsvp, actor)


def tell_needs(rsvp: RSVP, text: str) -> None:
    """What a guest wants the hosts to know, in their own words. Otherwise as `note`."""
    text = rules.short_words(text)
    with transaction.atomic():
        rsvp = RSVP.objects.select_for_update().get(pk=rsvp.pk)
        if rsvp.needs != text:
            rsvp.needs = text
            rsvp.save(update_fields=["needs"])
            _record("event.needs_told", rsvp, person_actor(rsvp.person_id))


def _record(kind: str, rsvp: RSVP, actor: str, **data: str) -> None:
    record(
        kind,
        actor=actor,
        person_id=rsvp.person_id,
        on=("event", rsvp.shift.event_id),
        data={"shift": str(rsvp.shift_id), "rsvp": str(rsvp.pk), **data},
    )


def walk_in(shift: Shift, details: NewPerson, actor: str, *, consents: Sequence[Agreed] = (), page: str = "") -> RSVP:
    """Somebody came; who is on the list already is checked in.

    Who is not takes no place, also where some are free: a place is what was promised beforehand, and however many are
    in the room, no shift ever promised more than it has.

    Args:
        consents: the boxes they had ticked on `page`.

    Raises:
        Invalid: with a sentence for `given_name`, `email` or `phone`.
        Refused: the day is still to come, or the event is not published.
    """
    if not details.given_name.strip():
        raise Invalid({"given_name": _("Write their name.")})
    with transaction.atomic():
        try:
            person = people.find_or_add(details, actor=actor, how="walk_in").person
        except BadDetails as bad:
            raise Invalid({bad.field: str(bad)}) from None
        for agreed in consents:
            people.agree(person, *agreed, page, actor=actor)
        shift = Shift.objects.select_for_update(of=("self",)).select_related("event").get(pk=shift.pk)
        if shift.event.state != Event.State.PUBLISHED:
            raise Refused(_("This event is not published."))
        written = f"{details.given_name} {details.family_name}".strip()[:100]
        rsvp, _new = RSVP.objects.get_or_create(
            shift=shift, person=person, defaults={"state": RSVP.State.WALK_IN, "written_as": written}
        )
        return mark_attended(rsvp, True, actor)


def mark_missed(shift: Shift, actor: str) -> int:
    """Whoever had a place and is not marked did not come. Gives how many people. Raises Refused before the end."""
    rules.check_over(shift.ends_at, clock.now())
    return _mark(shift, None, False, actor)


def unmark_missed(shift: Shift, actor: str) -> int:
    """Take that back, for all of whom it is noted."""
    return _mark(shift, False, None, actor)


def _mark(shift: Shift, noted: bool | None, came: bool | None, actor: str) -> int:
    with transaction.atomic():
        marked = RSVP.objects.filter(shift=shift, state=RSVP.State.GOING, attended=noted).order_by("pk")
        return sum(mark_attended(rsvp, came, actor).places for rsvp in marked)
