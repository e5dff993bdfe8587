"""Telling people what happened: from ledger entries to mails in the queue.

Nothing goes out for what is older than a day: a replay or a restored backup writes to nobody. Nor for what the system
made, as an import and the demo do with events and RSVPs; but those who come hear of what an import changes for them.
What does not hold any more by the time it is told is left out.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DatabaseError
from django.db.models import QuerySet

from groundswell.events import mails, nearby, rules, selectors
from groundswell.events.mails import Letter
from groundswell.events.models import RSVP, Event, Host
from groundswell.events.selectors import FoundEvent
from groundswell.jobs import services as jobs
from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.messaging.services import Message, forget_suppressed, queue_many
from groundswell.people.models import Person
from groundswell.people.selectors import reached_by
from groundswell.sources import carry
from groundswell.sources.selectors import sharer_code
from groundswell.sources.services import keep_sharers

logger = logging.getLogger(__name__)

FRESH = timedelta(days=1)
SETTLED = timedelta(minutes=10)  # so long after an RSVP its confirmation is not mailed again
BATCH = 200  # mails a transaction, where everybody of an event is told
JOB = "events.tell_everybody"

GOING, WAITING, CANCELLED = RSVP.State.GOING, RSVP.State.WAITING, RSVP.State.CANCELLED
TO_GUEST = {  # the state in which the guest must still be
    "event.rsvp": GOING,
    "event.promoted": GOING,
    "event.waiting": WAITING,
    "event.rsvp_cancelled": CANCELLED,
    "event.left_waiting": CANCELLED,
}
TO_HOST = {
    "event.created": Event.State.DRAFT,
    "event.submitted": Event.State.WAITING,
    "event.published": Event.State.PUBLISHED,
    "event.sent_back": Event.State.DRAFT,
}
TO_EVERYBODY = {"event.changed": Event.State.PUBLISHED, "event.cancelled": Event.State.CANCELLED}
TO_CO_HOST = {"event.host_removed"}
KINDS = frozenset(TO_GUEST | TO_HOST | TO_EVERYBODY) | TO_CO_HOST
TOLD_WHOEVER_DID_IT = TO_EVERYBODY.keys() | {"event.promoted"}
TOLD_TOGETHER = "event.made_like"  # what a copy went through before this entry of it stands in the one mail for all
CONFIRMED = "person.contact_verified"


def tell(entries: Iterable[Entry]) -> None:
    """Queue a mail for each entry that concerns one person, and a job for each that concerns all of an event.

    Who confirmed their address is told, where it still holds, what was kept from it because it was not confirmed.
    """
    since = clock.now() - FRESH
    fresh = [
        entry
        for entry in entries
        if entry.at > since and (entry.kind in TOLD_WHOEVER_DID_IT or not entry.actor.startswith("system:"))
    ]
    _tell([entry for entry in fresh if entry.kind in KINDS])
    confirmed = [entry.person_id for entry in fresh if entry.kind == CONFIRMED and entry.person_id]
    if confirmed and (keys := forget_suppressed(confirmed, TO_GUEST.keys() | TO_HOST.keys())):
        kept = Entry.objects.filter(pk__in=[int(key.split(":")[1]) for key in keys]).order_by("pk")
        _tell(list({entry.data.get("rsvp", entry.on_id): entry for entry in kept}.values()))  # the last of each


def _tell(fresh: Sequence[Entry]) -> None:
    to_guest = [entry for entry in fresh if entry.kind in TO_GUEST]
    rsvps = {
        str(rsvp.pk): rsvp
        for rsvp in RSVP.objects.filter(
            pk__in=[entry.data["rsvp"] for entry in to_guest], shift__ends_at__gt=clock.now()
        ).select_related("person")
    }
    events = selectors.loaded({entry.on_id for entry in fresh if entry.on_id})
    to_host = [entry.on_id for entry in fresh if entry.kind in TO_HOST]
    copied = Entry.objects.filter(on_id__in=to_host, kind=TOLD_TOGETHER) if to_host else ()
    together = {entry.on_id: entry.pk for entry in copied}
    letters: list[_Asked] = []
    for entry in fresh:
        event = events.get(entry.on_id) if entry.on_id else None
        if event is None:
            continue
        if entry.kind in TO_GUEST:
            rsvp = rsvps.get(entry.data["rsvp"])
            if rsvp and rsvp.state == TO_GUEST[entry.kind] and event.state == Event.State.PUBLISHED:
                letters.append(_asked(entry, rsvp.person, _to_guest(entry.kind, rsvp, event)))
        elif entry.kind in TO_HOST:
            host = next((host.person for host in event.host_set.all() if host.lead), None)
            asked = entry.kind != "event.created" or event.confirmed_at is None
            asked = asked and entry.pk > together.get(event.pk, 0)
            if host and asked and event.state == TO_HOST[entry.kind]:
                letters.append(_asked(entry, host, _to_host(entry.kind, host, event)))
        elif entry.kind in TO_CO_HOST:
            letters += _to_co_host(entry, event)
        elif event.state == TO_EVERYBODY[entry.kind] and _concerns_everybody(entry):
            jobs.enqueue(
                JOB,
                entry=entry.pk,
                kind=entry.kind,
                event_id=str(event.pk),
                shifts=_only_shifts(entry),
                actor=entry.actor,
            )
    queue_many(_written(letters))


def tell_again(rsvp: RSVP) -> None:
    """Somebody wrote the address of a person who comes or waits already: mail them their link again, once a day.

    Not right after the first time, when that mail is on its way, nor to who is there. For the caller's transaction.
    """
    now = clock.now()
    if rsvp.at > now - SETTLED or rsvp.state == RSVP.State.WALK_IN:
        return
    about = _Told(now.strftime("%Y%m%d"), "event.again")
    event = selectors.loaded([rsvp.shift.event_id])[rsvp.shift.event_id]
    kind = "event.rsvp" if rsvp.state == GOING else "event.waiting"
    queue_many(_written([_asked(about, rsvp.person, _to_guest(kind, rsvp, event), rsvp.pk)]))


def tell_everybody(
    lease: jobs.Lease, *, entry: int, kind: str, event_id: str, shifts: Sequence[str] | None, actor: str
) -> None:
    """Write to all who come or wait, and of a cancellation to the hosts; in batches that commit, so that it may be
    run again at any point: nobody is written to twice."""
    event = selectors.loaded([UUID(event_id)]).get(UUID(event_id))
    if event is None or event.state != TO_EVERYBODY[kind]:
        return
    about = _Told(entry, kind)
    if kind == "event.cancelled":
        with lease.transaction():
            queue_many(_written([_to_other_host(about, host, event) for host in _other_hosts(event, actor)]))
    words = all_told(event)
    if shifts is not None:
        words = words.filter(shift__in=[UUID(shift) for shift in shifts])
    near: dict[UUID, list[FoundEvent]] = {}  # where there is room on the day of each shift
    if kind == "event.cancelled":
        near = {shift.pk: room_instead(event, shift.pk) for shift in event.shifts.all()}
    last: UUID | None = None
    while batch := list((words.filter(pk__gt=last) if last else words)[:BATCH]):
        last = batch[-1].pk
        with lease.transaction():
            queue_many(
                _written([_asked(about, rsvp.person, _to_guest(kind, rsvp, event, near), rsvp.pk) for rsvp in batch])
            )


def all_told(event: Event) -> QuerySet[RSVP]:
    """Who comes or waits, to shifts that are not over, with persons and shifts."""
    words = RSVP.objects.filter(shift__event=event, shift__ends_at__gt=clock.now(), state__in=[GOING, WAITING])
    return words.select_related("person", "shift").order_by("pk")


def room_instead(event: Event, shift_id: UUID) -> list[FoundEvent]:
    """The nearest events with room on the same days, for those who would have come to this shift."""
    shown = selectors.shown(event)
    found = nearby.with_room(shown, [shift for shift in shown.shifts if shift.id == shift_id])
    return found.events if found.same_days else []


@dataclass(frozen=True)
class _Told:
    """The entry that is told, as far as a key needs it."""

    pk: int | str
    kind: str


class _Asked(NamedTuple):
    """A letter to write."""

    key: str
    person: Person
    letter_of: Callable[[], Letter]


def _asked(
    about: "Entry | _Told", person: Person, letter_of: Callable[[], Letter], who: UUID | str | None = None
) -> _Asked:
    return _Asked(f"{about.kind}:{about.pk}" + (f":{who}" if who else ""), person, letter_of)


def _written(letters: Collection[_Asked]) -> list[Message]:
    """To those who have an address; one that cannot be written must not hold up the others."""
    people = {one.person for one in letters}
    reached = reached_by(people)
    keep_sharers(people)  # the links in the letters lead back to them
    return [
        message
        for one in letters
        if (address := reached.get(one.person.pk, {}).get("email"))
        for message in _mail(one, address)
    ]


def _mail(asked: _Asked, address: str) -> Iterator[Message]:
    try:
        yield mails.message(asked.key, asked.person, address, asked.letter_of)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("No mail could be written for %s", asked.key)


def _to_guest(
    kind: str, rsvp: RSVP, event: Event, near: Mapping[UUID, Sequence[FoundEvent]] | None = None
) -> Callable[[], Letter]:
    def letter() -> Letter:
        shown = selectors.shown(event, exact=rsvp.state == GOING)
        match kind:
            case "event.rsvp":
                return mails.going(rsvp, shown, _share_url(rsvp.person, event))
            case "event.promoted":
                return mails.promoted(rsvp, shown, _share_url(rsvp.person, event))
            case "event.waiting":
                return mails.waiting(rsvp, shown)
            case "event.changed":
                return mails.changed(rsvp, shown)
            case "event.cancelled":
                return mails.called_off(rsvp, shown, event.parting, (near or {}).get(rsvp.shift_id, []))
            case _:
                return mails.not_coming(rsvp, shown)

    return letter


def _to_host(kind: str, host: Person, event: Event) -> Callable[[], Letter]:
    def letter() -> Letter:
        shown = selectors.shown(event, exact=True)
        match kind:
            case "event.created":
                return mails.confirm(event)
            case "event.submitted":
                return mails.submitted(shown)
            case "event.published":
                return mails.published(shown, _share_url(host, event))
            case _:
                return mails.sent_back(shown, event.note)

    return letter


def _to_co_host(entry: Entry, event: Event) -> Iterator[_Asked]:
    """To whom somebody else took off, if that still holds."""
    assert entry.person_id
    person = Person.objects.get(pk=entry.person_id)
    host = next((host for host in event.host_set.all() if host.person_id == person.pk), None)
    if selectors.is_actor(person, entry.actor):
        return
    if host is None:
        yield _asked(entry, person, lambda: mails.taken_off(event))


def _to_other_host(about: _Told, host: Host, event: Event) -> _Asked:
    shown = selectors.shown(event, exact=True)
    return _asked(about, host.person, lambda: mails.called_off_to_host(shown), f"host:{host.person_id}")


def _other_hosts(event: Event, actor: str) -> list[Host]:
    """The hosts, without the one who did it."""
    return [host for host in event.host_set.all() if not selectors.is_actor(host.person, actor)]


def _share_url(person: Person, event: Event) -> str:
    return carry.with_code(mails.event_url(event.pk), sharer_code(person))


def _concerns_everybody(entry: Entry) -> bool:
    return entry.kind == "event.cancelled" or rules.people_must_hear(entry.data["fields"])


def _only_shifts(entry: Entry) -> list[Any] | None:
    """The shifts whose people are told; None: all, as the event is cancelled or is somewhere else."""
    if entry.kind == "event.cancelled" or rules.people_must_hear(set(entry.data["fields"]) - {"time"}):
        return None
    return list(entry.data["shifts"])
