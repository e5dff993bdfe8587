"""An event's life, and those who run it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.events import rules, selectors, verbs
from groundswell.events.models import RSVP, Event, Host, Shift
from groundswell.events.rules import Act, EventDetails, Invalid, Refused, ShiftDetails, Stale, Standing
from groundswell.events.services.offering import offer
from groundswell.events.services.rsvps import lay_opening, promote, prove_address
from groundswell.kit import clock, geo
from groundswell.ledger.rules import person_actor, system_actor
from groundswell.ledger.services import record
from groundswell.people.models import Person
from groundswell.powers import rules as powers_rules
from groundswell.powers import selectors as powers
from groundswell.powers.models import User
from groundswell.powers.movement import movement
from groundswell.powers.services import spend
from groundswell.sources import services as sources

REVIEWED = {"title", "description"} | (rules.TOLD - {"time", "time_zone"})  # what a reviewer looks at
_PLAIN = [field.name for field in fields(EventDetails) if field.name != "shifts"]  # kept as they are in the row


def create(person: Person, details: EventDetails, *, actor: str, source_code: str = "") -> Event:
    """Make an event whose host is the person.

    Whoever is signed in has proven their address, so the event goes on to review or is published at once; anybody
    else gets a link by mail, and it stays a draft until they confirm.

    Raises:
        Invalid: with a sentence for each field.
    """
    checked = rules.check(details, clock.now(), home_zone=movement().time_zone)
    with transaction.atomic():
        source = sources.arrive(source_code, person=person, page="/events/new") if source_code else None
        event = Event(created_by=person, source=source, **columns(checked))
        event.save(force_insert=True)
        Shift.objects.bulk_create(new_shift(event, shift) for shift in checked.shifts)
        Host.objects.create(event=event, person=person, lead=True)
        record(
            "event.created",
            actor=actor,
            person_id=person.pk,
            on=("event", event.pk),
            source_id=source.pk if source else None,
        )
        return confirm(event, actor=actor) if actor.startswith("user:") else event


def confirm(event: Event, *, actor: str | None = None) -> Event:
    """The creator's address is confirmed: the event goes on to review, or is published. Again: changes nothing.

    Raises:
        Refused: it is cancelled or over.
    """
    with transaction.atomic():
        if actor is None and event.created_by:  # by the link in the mail: whoever pressed it reads that mailbox
            prove_address(event.created_by)
        event = locked(event)
        if event.confirmed_at:
            return event
        rules.next_standing(standing(event), Act.CONFIRM)
        event.confirmed_at = clock.now()
        if event.state != Event.State.DRAFT:
            event.save(update_fields=["confirmed_at"])
            return event
        return _submit(event, actor or _creator(event))


def submit(event: Event, *, actor: str | None = None) -> Event:
    """A host asks (again) for the event to be published. Raises Refused."""
    with transaction.atomic():
        event = locked(event)
        return _submit(event, actor or _creator(event))


def publish(event: Event, actor: str, *, version: int | None = None) -> Event:
    """A reviewer lets it through.

    Args:
        version: of the event as they read it; None: as it is.

    Raises:
        Refused: it does not wait for review (any more), was changed since, is their own, or they may not (so often).
    """
    with transaction.atomic():
        event = locked(event)
        _move(event, Act.PUBLISH)
        _decide(event, actor, version)
        event.reviewed = True
        _published(event, actor)
        return event


def send_back(event: Event, actor: str, note: str, *, version: int | None = None) -> Event:
    """A reviewer asks the host to change something; `note` says what. Raises as `publish`, and Invalid."""
    if not (note := note.replace("\0", "").strip()):
        raise Invalid({"note": _("Tell the host what to change.")})
    if len(note) > 2_000:
        raise Invalid({"note": _("Use at most 2,000 characters.")})
    with transaction.atomic():
        event = locked(event)
        _move(event, Act.SEND_BACK)
        _decide(event, actor, version)
        event.note = note
        event.save(update_fields=["state", "note"])
        record("event.sent_back", actor=actor, on=("event", event.pk))
        return event


def cancel(event: Event, actor: str, words: str = "") -> Event:
    """Call the event off; everybody who comes or waits is told, with the host's own `words`.

    Raises:
        Refused: it is called off or over; Invalid: `words` are too long.
    """
    words = rules.parting_words(words)
    with transaction.atomic():
        event = locked(event)
        _lock_shifts(event)
        _move(event, Act.CANCEL)
        event.sequence += 1
        event.parting = words
        event.save(update_fields=["state", "sequence", "parting"])
        record("event.cancelled", actor=actor, on=("event", event.pk))
        transaction.on_commit(selectors.forget_map)
        return event


def change(event: Event, actor: str, *, version: int | None = None, **changed: Any) -> Event:
    """Change what the event says; `changed` are fields of EventDetails.

    Shifts are matched by id; one that is left out is removed, unless somebody comes. More room lets people from the
    waiting list in. Whoever comes is told of another time or place. Where a host who is still new changes what a
    reviewer let through, it waits for review again: those who come keep their places, and hear once it is published.

    Args:
        version: of the event as they read it; None: as it is.

    Raises:
        Invalid: with a sentence for each field; `shifts` where people come to what should go.
        Refused: the event is cancelled or over; Stale: somebody else was quicker.
    """
    if unknown := set(changed) - set(EventDetails.__dataclass_fields__):
        raise ValueError(f"An event has no {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        event = locked(event)
        before = _lock_shifts(event)
        rules.next_standing(standing(event), Act.CHANGE)
        _check_read(event, version)
        asked = _asked(event, before, changed)
        kept = {pk: (shift.starts_at, shift.ends_at) for pk, shift in before.items()}
        checked = rules.check(asked, clock.now(), home_zone=movement().time_zone, kept=kept)
        new = columns(checked)
        names = [name for name, value in new.items() if value != getattr(event, name)]
        moved = _change_shifts(event, before, asked, checked) if "shifts" in changed else _Moved()
        told = [name for name in names if name not in ("starts_at", "ends_at", "scope")]
        told += [name for name, any_ in (("time", moved.times), ("capacity", moved.capacities)) if any_]
        if not told and not moved.added_or_removed:
            return event
        again = not REVIEWED.isdisjoint(names) and is_host(event, actor) and reviewed_again(event)
        if again:
            _move(event, Act.REVIEW_AGAIN)
        for name in names:
            setattr(event, name, new[name])
        event.version += 1
        if rules.people_must_hear(told):
            if event.state == Event.State.PUBLISHED:
                event.sequence += 1
            elif event.published_at:
                event.untold = sorted({*event.untold, *(set(told) & rules.TOLD)})
        event.save(update_fields=[*names, "state", "sequence", "version", "untold"])
        record(
            "event.changed",
            actor=actor,
            on=("event", event.pk),
            data={"fields": told or ["shifts"], "shifts": [str(pk) for pk in moved.times]},
        )
        if again:
            record("event.submitted", actor=actor, on=("event", event.pk))
        if event.overbook and moved.capacities:
            offer(event, actor)
        for pk in moved.capacities:
            promote(pk, actor=actor)
        transaction.on_commit(selectors.forget_map)
        return event


# --- hosts ---------------------------------------------------------------------------------------------------------
def add_host(event: Event, person: Person, actor: str) -> None:
    """Let a person run the event too. Again: changes nothing."""
    with transaction.atomic():
        event = locked(event)
        if not Host.objects.filter(event=event, person=person).exists():
            Host.objects.create(event=event, person=person)
            record("event.host_added", actor=actor, person_id=person.pk, on=("event", event.pk))


def remove_host(event: Event, person: Person, actor: str) -> None:
    """Take a co-host off, who is told; a co-host may leave.

    Raises:
        Refused: the lead hands over first; only who `leads` takes somebody else off.
    """
    with transaction.atomic():
        event = locked(event)
        if not (leads(event, actor) or selectors.is_actor(person, actor)):
            raise Refused(_("Only the lead host takes others off. Ask them."))
        host = Host.objects.filter(event=event, person=person).first()
        if host is None:
            return
        if host.lead:
            raise Refused(_("The event needs a host. Hand it over to a co-host first."))
        host.delete()
        record("event.host_removed", actor=actor, person_id=person.pk, on=("event", event.pk))


# --- the row and its locks -----------------------------------------------------------------------------------------
def locked(event: Event) -> Event:
    """The row as it is now, ours until the transaction ends."""
    return Event.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=event.pk)


def _lock_shifts(event: Event) -> dict[UUID, Shift]:
    return {shift.pk: shift for shift in event.shifts.select_for_update().order_by("pk")}


def standing(event: Event) -> Standing:
    """Where it stands in its life."""
    return Standing(event.state, confirmed=event.confirmed_at is not None, past=event.ends_at <= clock.now())


def _move(event: Event, act: Act, *, needs_review: bool = True) -> None:
    event.state = rules.next_standing(standing(event), act, needs_review=needs_review).state


def _creator(event: Event) -> str:
    return person_actor(event.created_by_id) if event.created_by_id else system_actor("events")


def _submit(event: Event, actor: str) -> Event:
    _move(event, Act.SUBMIT, needs_review=_needs_review(event))
    event.note = ""
    if event.state == Event.State.PUBLISHED:
        _published(event, actor)
    else:
        event.save(update_fields=["state", "note", "confirmed_at"])
        record("event.submitted", actor=actor, on=("event", event.pk))
    return event


def _published(event: Event, actor: str) -> None:
    shifts = list(_lock_shifts(event)) if event.published_at else []  # was published before: people may come already
    untold, event.untold = event.untold, []
    event.published_at = event.published_at or clock.now()
    event.sequence += bool(untold)
    event.save(update_fields=["state", "note", "confirmed_at", "published_at", "reviewed", "untold", "sequence"])
    record("event.published", actor=actor, on=("event", event.pk))
    if untold:
        data = {"fields": untold, "shifts": [str(pk) for pk in shifts]}
        record("event.changed", actor=actor, on=("event", event.pk), data=data)
    for pk in shifts:
        promote(pk, actor=actor)
    transaction.on_commit(selectors.forget_map)


def _needs_review(event: Event) -> bool:
    """The first events of a new host."""
    return not all(_spent_unreviewed(host, event) for host in _new_hosts(event))


def reviewed_again(event: Event) -> bool:
    """Whether it goes back to review when a host changes what it is or where: a reviewer let it through, and who leads
    it is still new."""
    if event.state != Event.State.PUBLISHED or not event.reviewed:
        return False
    return not all(powers.may(host.user, verbs.HOST_UNREVIEWED, event.scope) for host in _new_hosts(event))


def is_host(event: Event, actor: str) -> bool:
    """Whether whoever does it runs the event."""
    return any(selectors.is_actor(host.person, actor) for host in event.host_set.select_related("person"))


def leads(event: Event, actor: str) -> bool:
    """Whether whoever does it decides who runs the event: its lead, who may change events there, or the system."""
    lead = event.host_set.filter(lead=True).select_related("person").first()
    if lead and selectors.is_actor(lead.person, actor):
        return True
    kind, _colon, key = actor.partition(":")
    return kind == "system" or (kind == "user" and powers.may(User.objects.get(pk=key), verbs.CHANGE, event.scope))


def _new_hosts(event: Event) -> list[Person]:
    """Of who made the event and who leads it: those none of whose other events was ever let through."""
    if event.created_by is None or not movement().review_first_events:
        return []
    lead = event.host_set.filter(lead=True).select_related("person").first()
    running = {event.created_by, lead.person if lead else event.created_by}
    others = Event.objects.filter(created_by__in=running, published_at__isnull=False).exclude(pk=event.pk)
    known = set(others.exclude(state__in=[Event.State.DRAFT, Event.State.WAITING]).values_list("created_by", flat=True))
    return [host for host in running if host.pk not in known]


def _spent_unreviewed(host: Person, event: Event) -> bool:
    """Whether the host may do without review; once less from now on where that is counted."""
    if host.user is None or not powers.may(host.user, verbs.HOST_UNREVIEWED, event.scope):
        return False
    try:
        spend(host.user, verbs.HOST_UNREVIEWED, event.scope)
    except powers_rules.Refused:  # somebody else was quicker
        return False
    return True


def _check_read(event: Event, version: int | None) -> None:
    if version not in (None, event.version):
        raise Stale


def _decide(event: Event, actor: str, version: int | None) -> None:
    """A reviewer decides on what they read, not on their own event; once less where that is counted. Raises Refused."""
    _check_read(event, version)
    if is_host(event, actor):
        raise Refused(_("You host this event, so somebody else decides on it."))
    kind, _colon, key = actor.partition(":")
    if kind != "user":
        return
    try:
        spend(User.objects.get(pk=key), verbs.REVIEW, event.scope)
    except powers_rules.Refused as refused:
        raise Refused(str(refused)) from None


# --- details to rows -----------------------------------------------------------------------------------------------
def columns(checked: EventDetails) -> dict[str, Any]:
    """The columns of an event that says this; `checked` comes from `rules.check`."""
    return {
        **{name: getattr(checked, name) for name in _PLAIN},
        "starts_at": min(shift.starts_at for shift in checked.shifts),
        "ends_at": max(shift.ends_at for shift in checked.shifts),
        "scope": geo.scope_of(checked.country, checked.region),
    }


def new_shift(event: Event, shift: ShiftDetails) -> Shift:
    return Shift(event=event, starts_at=shift.starts_at, ends_at=shift.ends_at, capacity=shift.capacity)


def _asked(event: Event, before: Mapping[UUID, Shift], changed: Mapping[str, Any]) -> EventDetails:
    """What the event would say. A place that stays keeps its exact point; a new one is found by its ZIP or city."""
    said = {name: getattr(event, name) for name in _PLAIN}
    shifts = [ShiftDetails(s.starts_at, s.ends_at, s.capacity, s.pk) for s in before.values()]
    asked = EventDetails(**{**said, "shifts": shifts, **changed})
    if rules.same_text(asked.description, event.description):
        asked = replace(asked, description=event.description)  # its links and lists are not in the text
    moved = any(getattr(asked, name) != said[name] for name in ("postal_code", "country", "online"))
    if moved or (asked.country != "US" and asked.city != said["city"]):
        again: dict[str, Any] = {"city": "", "region": "", "time_zone": "", "latitude": None, "longitude": None}
        asked = replace(asked, **{name: empty for name, empty in again.items() if name not in changed})
    return asked


@dataclass
class _Moved:
    """What became of the shifts."""

    times: list[UUID] = field(default_factory=list)
    capacities: list[UUID] = field(default_factory=list)
    added_or_removed: bool = False


def _change_shifts(event: Event, before: Mapping[UUID, Shift], asked: EventDetails, checked: EventDetails) -> _Moved:
    moved, problems = _Moved(), dict[str, str]()
    number = {shift.id: n for n, shift in enumerate(asked.shifts)}
    for wanted in checked.shifts:
        if wanted.id is None:
            new_shift(event, wanted).save(force_insert=True)
            moved.added_or_removed = True
            continue
        shift = before[wanted.id]
        if (shift.starts_at, shift.ends_at) != (wanted.starts_at, wanted.ends_at):
            moved.times.append(shift.pk)
        if shift.capacity != wanted.capacity:
            moved.capacities.append(shift.pk)
            least = min(shift.filled, shift.capacity or shift.filled)  # what is over its limit may stay so
            if wanted.capacity is not None and wanted.capacity < least:
                taken = _("%(n)d places are taken already.") % {"n": shift.filled}
                problems[f"shifts-{number[wanted.id]}-capacity"] = taken
        Shift.objects.filter(pk=shift.pk).update(
            starts_at=wanted.starts_at, ends_at=wanted.ends_at, capacity=wanted.capacity
        )
    gone = set(before) - set(number)
    if RSVP.objects.filter(shift__in=gone).exclude(state=RSVP.State.CANCELLED).exists():
        problems["shifts"] = _("People come to a shift you took out. Call the event off or write to them first.")
    if problems:
        raise Invalid(problems)
    if gone:
        Shift.objects.filter(pk__in=gone).delete()
        lay_opening(event.pk, event.opening_rsvps)
        moved.added_or_removed = True
    return moved
