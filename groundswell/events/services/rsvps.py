"""Who comes: places, the waiting list, attendance."""

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from groundswell.events import rules
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.rules import Invalid, NoRoom, Refused
from groundswell.events.services import telling
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.rules import person_actor
from groundswell.ledger.services import ensure_months, record
from groundswell.people import services as people
from groundswell.people.models import ContactPoint, Person
from groundswell.people.rules import BadDetails, NewPerson, clean
from groundswell.people.selectors import NotFound, email_of
from groundswell.powers.limits import Bucket, TooOften
from groundswell.sources import services as sources
from groundswell.sources.rules import is_code

REFUSED = "GWREF"  # the state of `events_come`'s error
GOING, WAITING, CANCELLED = RSVP.State.GOING, RSVP.State.WAITING, RSVP.State.CANCELLED


class Agreed(NamedTuple):
    """A box that was ticked: what for, through which channel, and the exact words beside it."""

    purpose: str
    channel: str
    words: str


def rsvp(
    shift_id: UUID,
    details: NewPerson,
    *,
    event_id: UUID | None = None,
    guests: int = 0,
    source_code: str = "",
    consents: Sequence[Agreed] = (),
    page: str = "",
    bucket: Bucket | None = None,
) -> RSVP:
    """A person says they come: they get a place, or where none is free one on the waiting list.

    One RSVP per person and shift. Anybody can write anybody's address: where that person comes or waits already,
    nothing changes, and the confirmation with their link is mailed again, at most once a day. Who had cancelled may
    come back, behind those who wait by then.

    The database does it in one call, `events_come` of the migrations, under the shift's lock.

    Args:
        details: who; found or added. An email address is needed, for the confirmation.
        event_id: of which the shift must be; None: of any.
        guests: how many they bring, 0 to 10.
        source_code: what stood on the link they came by; unknown codes do no harm.
        consents: the boxes they ticked on `page`.
        bucket: to take a token from, with the deed.

    Raises:
        Invalid: with a sentence for each field of `details`, or for `guests`.
        Refused: the event is cancelled or the shift is over.
        NotFound: there is no such shift, or its event is not published.
        TooOften: the bucket is empty.
    """
    if not details.email.strip():
        raise Invalid({"email": _("Write your email address: the confirmation goes there.")})
    rules.check_guests(guests, None)
    try:
        cleaned = clean(details)
    except BadDetails as bad:
        raise Invalid({bad.field: str(bad)}) from None
    now = clock.now()
    asked = {
        "rsvp": str(new_id()),
        "event": event_id and str(event_id),
        "shift": str(shift_id),
        "guests": guests,
        "person": people.asked_of(cleaned),
        "consents": [people.agreed_to(*agreed) for agreed in consents],
        "code": source_code if is_code(source_code) else None,
        "touch": str(new_id()),
        "page": page,
        "at": now.isoformat(),
        "prepared": False,
        "bucket": bucket,
    }
    ensure_months([now])
    said = _come(asked)
    if said.outcome == "prepare":
        with transaction.atomic():
            people.find_or_add(details, how="rsvp")
            code = asked["code"] if sources.learn(source_code) else None
            said = _come({**asked, "prepared": True, "bucket": None, "code": code})
            if said.outcome not in (GOING, WAITING):
                transaction.set_rollback(True)  # what was filled in for a deed that is none
    return _word(said, asked, now, bucket)


class _Said(NamedTuple):
    """What `events_come` answers."""

    outcome: str
    rsvp: UUID | None = None
    person: UUID | None = None
    source: UUID | None = None
    room: int | None = None


def _come(asked: Mapping[str, Any]) -> _Said:
    # An error inside a caller's transaction would end that, so it gets a savepoint. A statement alone is a transaction
    # of its own, without another word to the database.
    try:
        with (
            transaction.atomic() if connection.in_atomic_block else nullcontext(),
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            # Django's cursor writes the values into the statement; the driver's own has the database plan it once.
            psycopg.Cursor(cursor.connection) as bare,
        ):
            bare.execute("SELECT * FROM events_come(%s::jsonb)", [json.dumps(asked)], prepare=True)
            return _Said(*(bare.fetchone() or ()))
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and cause.sqlstate == REFUSED:
            return _Said(str(cause.diag.message_primary))
        raise


def _word(said: _Said, asked: Mapping[str, Any], now: datetime, bucket: Bucket | None) -> RSVP:
    """The RSVP that came of it. Raises as `rsvp`."""
    match said.outcome:
        case "going" | "waiting":
            assert said.rsvp and said.person
            word = RSVP(
                id=said.rsvp,
                shift_id=UUID(asked["shift"]),
                person_id=said.person,
                state=said.outcome,
                guests=asked["guests"],
                source_id=said.source,
                at=now,
                changed_at=now,
            )
            word._state.adding, word._state.db = False, DEFAULT_DB_ALIAS
        case "known":
            assert said.rsvp
            with transaction.atomic():
                word = RSVP.objects.select_related("shift", "person").get(pk=said.rsvp)
                telling.tell_again(word)
        case "missing":
            raise NotFound
        case "crowd":
            raise Invalid({"guests": rules.crowd_words(said.room or 0)})
        case "often":
            assert bucket
            raise TooOften(bucket.wait_s)
        case "cancelled":
            raise Refused(_("This event is called off."))
        case _:
            raise Refused(_("This event is over."))
    word.had_room = said.room is None or said.room > asked["guests"]
    return word


def change_rsvp(rsvp: RSVP, guests: int, *, actor: str | None = None) -> RSVP:
    """Bring more or fewer guests; who waits keeps their position.

    Raises:
        Invalid: `guests`.
        NoRoom: not so many more places are free; nothing changed.
        Refused: the event is cancelled, the shift is over, or they do not come any more.
    """
    with transaction.atomic():
        shift, event, rsvp = _locked(rsvp)
        check_open(shift, event)
        if rsvp.state not in (GOING, WAITING):
            raise Refused(_("You have cancelled. You can come back on the event's page."))
        return _change_guests(rsvp, shift, guests, actor or person_actor(rsvp.person_id))


def cancel_rsvp(rsvp: RSVP, *, actor: str | None = None) -> RSVP:
    """They do not come; who waits gets the places. Again: changes nothing. Raises Refused once the shift is over."""
    with transaction.atomic():
        shift, event, rsvp = _locked(rsvp)
        if rsvp.state not in (GOING, WAITING):
            return rsvp
        if shift.ends_at <= clock.now():
            raise Refused(_("This event is over."))
        actor = actor or person_actor(rsvp.person_id)
        going, rsvp.state, rsvp.changed_at = rsvp.state == GOING, CANCELLED, clock.now()
        rsvp.moved_from = None
        rsvp.save(update_fields=["state", "changed_at", "moved_from"])
        if going:
            _give_back(shift, rsvp.places)
            _record("event.rsvp_cancelled", rsvp, event, actor, rsvp.places)
            promote(shift.pk, actor=actor)
        else:
            _add_waiting(shift, -rsvp.places)
            _record("event.left_waiting", rsvp, event, actor, rsvp.places)
        if rsvp.came:  # they are there: nobody of them is missed any more
            before = _noted(rsvp)
            rsvp.guests, rsvp.came = rsvp.came - 1, None
            rsvp.save(update_fields=["guests", "came"])
            _record_noted(rsvp, event, before, actor)
        return rsvp


def come_back(rsvp: RSVP, *, actor: str) -> RSVP:
    """Who had cancelled comes after all: they get a place if one is free for them, else they wait behind those who wait
    by then. Who comes, waits or is there: nothing changes.

    Raises:
        Refused: the event is cancelled or the shift is over.
    """
    with transaction.atomic():
        shift, event, rsvp = _locked(rsvp)
        check_open(shift, event)
        if rsvp.state != CANCELLED or rsvp.attended is not None:
            return rsvp
        going = _take(shift, rsvp.places)
        if not going:
            _add_waiting(shift, rsvp.places)
        rsvp.state = GOING if going else WAITING
        rsvp.at = rsvp.changed_at = clock.now()
        rsvp.save(update_fields=["state", "at", "changed_at"])
        _record("event.rsvp" if going else "event.waiting", rsvp, event, actor, rsvp.places)
        return rsvp


def move(rsvp: RSVP, shift: Shift, *, actor: str, there: RSVP | None = None) -> RSVP:
    """Their event is merged with that of `shift`: they have a place there instead. Both shifts must be locked, and
    the other have room.

    Args:
        there: what they said of that shift before, with which they have no place; it gets theirs then.

    Returns:
        The RSVP that has the place.
    """
    leave(rsvp, actor=actor)
    left, kept = rsvp.shift.event_id, there or rsvp
    kept.shift = shift
    if there and there.state == WAITING:
        leave(there, actor=actor)
    if not _take(shift, rsvp.places):
        raise AssertionError("There was room under the lock.")
    kept.moved_from_id, kept.state, kept.guests = left, GOING, rsvp.guests
    kept.called, kept.called_at = "", None  # was about the other one, or of waiting
    kept.save(update_fields=["moved_from", "shift", "state", "guests", "called", "called_at"])
    _record("event.moved_in", kept, shift.event, actor, kept.places)
    return kept


def leave(rsvp: RSVP, *, actor: str) -> None:
    """Their event is merged with another: they give back what they have of this one. Its shift must be locked."""
    going, rsvp.state, rsvp.changed_at = rsvp.state == GOING, CANCELLED, clock.now()
    rsvp.save(update_fields=["state", "changed_at"])
    if going:
        _give_back(rsvp.shift, rsvp.places)
    else:
        _add_waiting(rsvp.shift, -rsvp.places)
    _record("event.moved_on" if going else "event.left_waiting", rsvp, rsvp.shift.event, actor, rsvp.places)


def stay(rsvp: RSVP, *, actor: str | None = None) -> None:
    """Who was moved says that they come to the other event, too. Again: changes nothing."""
    with transaction.atomic():
        _shift, event, rsvp = _locked(rsvp)
        if rsvp.moved_from_id and rsvp.state == GOING:
            rsvp.moved_from = None
            rsvp.save(update_fields=["moved_from"])
            _record("event.stayed", rsvp, event, actor or person_actor(rsvp.person_id), rsvp.places)


def mark_attended(rsvp: RSVP, came: bool | None, actor: str, *, of_them: int | None = None) -> RSVP:
    """They came, or did not, or nobody knows. Whoever waited or had cancelled may have come all the same.

    What was noted before is taken back by an entry of its kind with a negative quantity.

    Args:
        of_them: how many came, of those for whom there are places; None: all, or as many as were noted before.

    Raises:
        Refused: the event is called off, the day of the shift is still to come, or who is not there may still come.
    """
    with transaction.atomic():
        rsvp = RSVP.objects.select_for_update().get(pk=rsvp.pk)  # its shift after that, as merging may have moved it
        if rsvp.shift.event.state == Event.State.CANCELLED:
            raise Refused(_("This event is called off."))
        if not rules.has_come(rsvp.shift.starts_at, rsvp.shift.event.time_zone, clock.now()):
            raise Refused(_("The day of this event is still to come."))
        if came is False:
            rules.check_over(rsvp.shift.ends_at, clock.now())
        if rsvp.attended == came and of_them is None:
            return rsvp
        before, rsvp.attended = _noted(rsvp), came
        rsvp.came = of_them if came and of_them and of_them < rsvp.places else None
        if rsvp.came and rsvp.state not in (GOING, WAITING):  # they have no places that could be missed
            rsvp.guests, rsvp.came = rsvp.came - 1, None
        rsvp.save(update_fields=["attended", "came", "guests"])
        _record_noted(rsvp, rsvp.shift.event, before, actor)
        return rsvp


def _noted(rsvp: RSVP) -> dict[str, int]:
    """What the ledger says of who came and who did not."""
    if rsvp.attended is None:
        return {}
    walked = rsvp.here if rsvp.state == RSVP.State.WALK_IN else 0
    return {"event.attended": rsvp.here, "event.missed": rsvp.places - rsvp.here, "event.walked_in": walked}


def _record_noted(rsvp: RSVP, event: Event, before: Mapping[str, int], actor: str) -> None:
    """Record by how much that is other than it was."""
    now = _noted(rsvp)
    for kind in {**before, **now}:
        if more := now.get(kind, 0) - before.get(kind, 0):
            _record(kind, rsvp, event, actor, more)


def prove(rsvp: RSVP) -> None:
    """Whoever holds the link from the mail reads that mailbox: the address is confirmed. For POSTs with a token."""
    prove_address(rsvp.person)


def prove_address(person: Person) -> None:
    """Confirm the address our mail goes to."""
    point = _point(person)
    if point and point.verified_at is None:
        people.verify(point, actor=person_actor(person.pk))


def proven(rsvp: RSVP) -> bool:
    """Whether the address our mail goes to is confirmed; also where there is none."""
    point = _point(rsvp.person)
    return point is None or point.verified_at is not None


def _point(person: Person) -> ContactPoint | None:
    return ContactPoint.objects.filter(person=person, channel="email", value=email_of(person)).first()


# --- places --------------------------------------------------------------------------------------------------------
def promote(shift_id: UUID, *, actor: str) -> None:
    """Let people from the waiting list in, as far as there is room; by `rules.promoted`. The shift must be locked."""
    shift = Shift.objects.select_related("event").get(pk=shift_id)
    if not shift.waiting or shift.event.state != Event.State.PUBLISHED or shift.ends_at <= clock.now():
        return
    if shift.free is not None and shift.free <= 0:
        return
    waiting = {r.pk: r for r in RSVP.objects.filter(shift=shift, state=WAITING).order_by("at", "pk")}
    for pk in rules.promoted(((r.pk, r.places) for r in waiting.values()), shift.free):
        rsvp = waiting[pk]
        if not _take(shift, rsvp.places):
            raise AssertionError("There was room under the lock.")
        _add_waiting(shift, -rsvp.places)
        rsvp.state, rsvp.changed_at = GOING, clock.now()
        rsvp.save(update_fields=["state", "changed_at"])
        _record("event.promoted", rsvp, shift.event, actor, rsvp.places)


def lay_opening(event_id: UUID, places: int, said: Mapping[UUID, int] | None = None) -> list[UUID]:
    """Have RSVPs that came as a number take so many places in all: of each shift what is `said`, else what it had; what
    is missing or too many is of the shift with most, or the first. The shifts must be locked. Gives those with another
    number than before."""
    shifts = Shift.objects.filter(event=event_id).order_by("-opening", "starts_at", "pk")
    opening = {shift.pk: (said or {}).get(shift.pk, shift.opening) for shift in shifts}
    more = places - sum(opening.values())
    for pk, n in opening.items():
        opening[pk] = max(0, n + more)
        more -= opening[pk] - n
    changed = [shift.pk for shift in shifts if shift.opening != opening[shift.pk]]
    for pk in changed:
        Shift.objects.filter(pk=pk).update(opening=opening[pk])
    return changed


def _locked(rsvp: RSVP) -> tuple[Shift, Event, RSVP]:
    """The shift under its lock, its event and the RSVP as they are after that: merging may have moved it meanwhile."""
    while True:
        shift = Shift.objects.select_for_update().filter(pk=rsvp.shift_id).first()
        if shift is None:
            raise NotFound
        rsvp = RSVP.objects.select_related("person").get(pk=rsvp.pk)
        if rsvp.shift_id == shift.pk:
            break
    shift.event = Event.objects.only("state").get(pk=shift.event_id)
    rsvp.shift = shift
    return shift, shift.event, rsvp


def check_open(shift: Shift, event: Event) -> None:
    """Raises Refused: the event is cancelled or the shift is over."""
    if event.state == Event.State.CANCELLED:
        raise Refused(_("This event is called off."))
    if shift.ends_at <= clock.now():
        raise Refused(_("This event is over."))


def _change_guests(rsvp: RSVP, shift: Shift, guests: int, actor: str) -> RSVP:
    more = guests - rsvp.guests
    if not more:
        return rsvp
    rules.check_guests(guests, shift.capacity)
    if rsvp.state == WAITING:
        _add_waiting(shift, more)
    elif more < 0:
        _give_back(shift, -more)
    elif not _take(shift, more):
        raise NoRoom(max(0, shift.free or 0))
    before = _noted(rsvp)
    rsvp.guests, rsvp.changed_at = guests, clock.now()
    rsvp.came = rsvp.came if rsvp.came and rsvp.came < rsvp.places else None
    rsvp.save(update_fields=["guests", "changed_at", "came"])
    rsvp.shift = shift
    _record("event.rsvp_changed" if rsvp.state == GOING else "event.waiting_changed", rsvp, shift.event, actor, more)
    _record_noted(rsvp, shift.event, before, actor)
    if more < 0:
        promote(shift.pk, actor=actor)
        rsvp.refresh_from_db(fields=["state", "changed_at"])
    return rsvp


def _take(shift: Shift, places: int) -> bool:
    """Take places if they are free: room is asked and taken in one statement under the row's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_shift SET taken = taken + %(n)s"
            " WHERE id = %(id)s AND (capacity IS NULL OR %(n)s <= events_room(events_shift)) RETURNING taken",
            {"n": places, "id": shift.pk},
        )
        row = cursor.fetchone()
    if row:
        shift.taken = row[0]
    return row is not None


def _give_back(shift: Shift, places: int) -> None:
    Shift.objects.filter(pk=shift.pk).update(taken=F("taken") - places)


def _add_waiting(shift: Shift, places: int) -> None:
    Shift.objects.filter(pk=shift.pk).update(waiting=F("waiting") + places)


def _record(kind: str, rsvp: RSVP, event: Event, actor: str, quantity: int) -> None:
    record(
        kind,
        actor=actor,
        person_id=rsvp.person_id,
        on=("event", event.pk),
        source_id=rsvp.source_id,
        quantity=quantity,
        data={"shift": str(rsvp.shift_id), "rsvp": str(rsvp.pk)},
    )
