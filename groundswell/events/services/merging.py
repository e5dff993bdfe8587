"""Two events become one: a host of a thin one takes their guests to a neighbor with room for all of them.

They propose it, a host of the other agrees; who may change both does it alone. Whoever comes or waits has a place there
and is written to in the transaction that calls the first event off: nobody is counted twice, or moved untold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from groundswell.events import mails, nearby, rules, selectors
from groundswell.events.mails import Letter
from groundswell.events.models import RSVP, Event, Merger, Shift
from groundswell.events.rules import Act, Refused
from groundswell.events.selectors import FoundEvent, PublicEvent
from groundswell.events.services.hosting import add_host, standing
from groundswell.events.services.routing import is_thin
from groundswell.events.services.rsvps import leave, move
from groundswell.kit import clock
from groundswell.ledger.services import record
from groundswell.messaging.services import queue_many
from groundswell.people.models import Person
from groundswell.people.selectors import reached_by

CONSIDERED = 20  # the nearest
MOST_ASKED = 10  # proposals of one event in all
MOVING = (RSVP.State.GOING, RSVP.State.WAITING)


# --- what there is -------------------------------------------------------------------------------------------------
def neighbors(event: Event) -> list[FoundEvent]:
    """Where all its guests find room on the same days, the nearest first; none where `closed` says why."""
    if closed(event):
        return []
    shown = selectors.shown(event)
    asked = [(shift.starts_at, places) for shift in shown.shifts if (places := shift.taken + shift.waiting)]
    return [
        one
        for one in nearby.near_same_days(shown, CONSIDERED)
        if one.online == event.online
        and one.starts_at > clock.now()
        and rules.together(asked, [(shift.starts_at, shift.free) for shift in one.shifts], event.time_zone) is not None
    ]


def closed(event: Event) -> str:
    """Why it is merged with none; empty where it can be."""
    if event.state != Event.State.PUBLISHED:
        return _("Only a published event is merged with another.")
    if event.starts_at <= clock.now():
        return _("This event has begun.")
    if event.opening_rsvps:
        return _("Some RSVPs came as a number, without names: nobody could tell them where to go.")
    return ""


def asked_by(event: Event) -> Merger | None:
    """The proposal of this event that waits for an answer."""
    return _open().filter(event=event).select_related("into").first()


def asked_of(event: Event) -> QuerySet[Merger]:
    """Proposals to this event that wait for its answer, the oldest first."""
    return _open().filter(into=event).select_related("event").order_by("at", "pk")


def asked_of_host(person: Person) -> QuerySet[Merger]:
    """Proposals to any event they run that wait for an answer, the oldest first."""
    return _open().filter(into__hosts=person).select_related("event", "into").order_by("at", "pk")


def _open() -> QuerySet[Merger]:
    """Those that still hold: of events that stand as they did when it was proposed."""
    now = clock.now()
    return Merger.objects.filter(
        state=Merger.State.OPEN,
        event__state=Event.State.PUBLISHED,
        event__starts_at__gt=now,
        event__version=F("event_version"),
        into__state=Event.State.PUBLISHED,
        into__ends_at__gt=now,
        into__version=F("into_version"),
    )


# --- what people do ------------------------------------------------------------------------------------------------
def propose(event: Event, into: Event, actor: str, *, joins: bool) -> Merger:
    """Ask the hosts of `into`, who are written to. Again the same: changes nothing.

    Args:
        joins: whoever leads `event` would run `into`, too.

    Raises:
        Refused: it is not thin, or none of its `neighbors`; another proposal waits, theirs among them; they said no.
    """
    with transaction.atomic():
        event, into = _lock(event, into)
        if (waits := asked_by(event)) and waits.into_id == into.pk:
            return waits
        _check(event, into)
        if waits:
            raise Refused(_("You asked others already. Take that back first."))
        if _open().filter(event=into).exists():
            raise Refused(_("They asked to merge with another event themselves."))
        asked = Merger.objects.filter(event=event)
        if asked.filter(into=into, state=Merger.State.DECLINED).exists():
            raise Refused(_("They said no before."))
        if asked.count() >= MOST_ASKED:
            raise Refused(_("You asked a great many. Write to us if you need help."))
        asked.filter(state=Merger.State.OPEN).update(state=Merger.State.WITHDRAWN)  # one of them was changed since
        merger = _add(event, into, joins)
        _record("event.merge_proposed", event, actor, into=into)
        one, other = _shown(event), _shown(into)
        n = sum(shift.taken + shift.waiting for shift in event.shifts.all())
        _tell("event.merge_proposed", into, merger, actor, lambda: mails.merge_proposed(one, other, n, joins=joins))
        return merger


def withdraw(merger: Merger, actor: str) -> None:
    """Who proposed it thinks again. Once it is answered: changes nothing."""
    _close(merger, Merger.State.WITHDRAWN, actor)


def decline(merger: Merger, actor: str) -> None:
    """The other hosts would rather not; who proposed it is told. Once it is answered: changes nothing."""
    with transaction.atomic():
        if _close(merger, Merger.State.DECLINED, actor):
            one, other = _shown(merger.event), _shown(merger.into)
            _tell("event.merge_declined", merger.event, merger, actor, lambda: mails.merge_declined(one, other))


def agree(merger: Merger, actor: str, *, together: bool) -> None:
    """The other hosts take the guests in. Again: changes nothing.

    Args:
        together: whoever leads the first event runs this one, too, if they asked for that.

    Raises:
        Refused: an event was changed since, is over or has no room for all any more; nothing changed.
    """
    with transaction.atomic():
        event, into = _lock(merger.event, merger.into)
        merger = Merger.objects.select_for_update().get(pk=merger.pk)
        if merger.state == Merger.State.MERGED:
            return
        if not _open().filter(pk=merger.pk).exists():
            raise Refused(_("This proposal does not hold any more: it was taken back, or one of the events changed."))
        _merge(merger, event, into, actor, together=together and merger.joins)


def merge(event: Event, into: Event, actor: str, *, joins: bool) -> None:
    """Who may change both asks nobody. Again: changes nothing. Raises as `propose` and `agree`."""
    with transaction.atomic():
        event, into = _lock(event, into)
        if event.merged_into_id == into.pk:
            return
        _check(event, into)
        Merger.objects.filter(event=event, state=Merger.State.OPEN).update(state=Merger.State.WITHDRAWN)
        _merge(_add(event, into, joins), event, into, actor, together=joins)


# --- how -----------------------------------------------------------------------------------------------------------
def _lock(event: Event, into: Event) -> tuple[Event, Event]:
    rows = Event.objects.select_for_update().filter(pk__in=[event.pk, into.pk]).order_by("pk")
    found = {row.pk: row for row in rows}
    return found[event.pk], found[into.pk]


def _check(event: Event, into: Event) -> None:
    if why := closed(event):
        raise Refused(why)
    if not is_thin(event):
        raise Refused(_("Enough people come to this event: it needs no other."))
    if into.pk not in {one.id for one in neighbors(event)}:
        raise Refused(_no_room())


def _no_room() -> str:
    return _("There is no room for all of them any more.")


def _add(event: Event, into: Event, joins: bool) -> Merger:
    return Merger.objects.create(
        event=event, into=into, joins=joins, event_version=event.version, into_version=into.version
    )


def _close(merger: Merger, state: Merger.State, actor: str) -> bool:
    with transaction.atomic():
        closed = Merger.objects.filter(pk=merger.pk, state=Merger.State.OPEN).update(state=state)
        if closed:
            _record(f"event.merge_{state}", merger.event, actor, into=merger.into)
        return bool(closed)


def _merge(merger: Merger, event: Event, into: Event, actor: str, *, together: bool) -> None:
    shifts = {
        shift.pk: shift for shift in Shift.objects.select_for_update().filter(event__in=[event, into]).order_by("pk")
    }
    for shift in shifts.values():
        shift.event = event if shift.event_id == event.pk else into
    words = list(
        RSVP.objects.filter(shift__event=event, state__in=MOVING).select_related("person").order_by("at", "pk")
    )
    if any(rsvp.attended for rsvp in words):
        raise Refused(_("Somebody is there already. Let it happen where it is."))
    known, placeless = _known(into), _placeless(into)
    to = _places(shifts, [rsvp for rsvp in words if rsvp.person_id not in known], event, into)
    event.state, event.merged_into = rules.next_standing(standing(event), Act.MERGE).state, into
    event.sequence += 1
    event.save(update_fields=["state", "merged_into", "sequence"])
    before, after = _shown(event), _shown(into)
    letters = list[tuple[RSVP, Callable[[], Letter]]]()
    came, told, n = set[tuple[UUID, UUID]](), set[UUID](), 0
    for rsvp in words:
        rsvp.shift = shifts[rsvp.shift_id]
        had = known.get(rsvp.person_id)
        if had is None and (rsvp.person_id, to[rsvp.shift_id].pk) not in came:
            left, shift = rsvp.shift_id, to[rsvp.shift_id]
            kept = move(rsvp, shift, actor=actor, there=placeless.get((rsvp.person_id, shift.pk)))
            letters.append((kept, partial(mails.moved, kept, after, before, left)))
            came.add((rsvp.person_id, shift.pk))
            n += kept.places
            continue
        leave(rsvp, actor=actor)
        if had and rsvp.person_id not in told:
            told.add(rsvp.person_id)
            coming = had.state != RSVP.State.CANCELLED
            letters.append((rsvp, partial(mails.merged_where_known, rsvp, after, before, coming=coming)))
    merger.state = Merger.State.MERGED
    merger.save(update_fields=["state"])
    record("event.merged", actor=actor, on=("event", event.pk), quantity=n, data={"into": str(into.pk)})
    record("event.took_in", actor=actor, on=("event", into.pk), quantity=n, data={"from": str(event.pk)})
    lead = event.host_set.filter(lead=True).select_related("person").first()
    if together and lead:
        add_host(into, lead.person, actor)
    _write("event.merged", merger, [(rsvp.person, rsvp.pk, letter) for rsvp, letter in letters])
    if n:
        _tell("event.took_in", into, merger, actor, lambda: mails.took_in(before, after, n))
    _tell("event.merged_away", event, merger, actor, lambda: mails.merged_away(before, after, n, runs=together))
    transaction.on_commit(selectors.forget_map)


def _known(into: Event) -> dict[UUID, RSVP]:
    """Who comes to that event already, or said at least that they cannot. Without those who wait: they have no place
    there that they could keep."""
    words = RSVP.objects.filter(shift__event=into).order_by("pk")
    weight: dict[str, int] = {RSVP.State.CANCELLED: 0, RSVP.State.WAITING: 1}
    last = {rsvp.person_id: rsvp for rsvp in sorted(words, key=lambda rsvp: weight.get(rsvp.state, 2))}
    return {person: rsvp for person, rsvp in last.items() if rsvp.state != RSVP.State.WAITING}


def _placeless(into: Event) -> dict[tuple[UUID, UUID], RSVP]:
    """By person and shift, what was said of that event without having a place there."""
    words = RSVP.objects.filter(shift__event=into, state__in=[RSVP.State.WAITING, RSVP.State.CANCELLED])
    return {(rsvp.person_id, rsvp.shift_id): rsvp for rsvp in words.select_related("person")}


def _places(shifts: Mapping[UUID, Shift], words: Iterable[RSVP], event: Event, into: Event) -> dict[UUID, Shift]:
    """To which of the other event's shifts those of each shift go. Raises Refused where not all find room."""
    asked: dict[UUID, int] = {}
    for rsvp in words:
        asked[rsvp.shift_id] = asked.get(rsvp.shift_id, 0) + rsvp.places
    there = sorted((shift for shift in shifts.values() if shift.event_id == into.pk), key=lambda shift: shift.starts_at)
    there = [shift for shift in there if shift.starts_at > clock.now()]
    chosen = rules.together(
        [(shifts[pk].starts_at, places) for pk, places in asked.items()],
        [(shift.starts_at, shift.free) for shift in there],
        event.time_zone,
    )
    if chosen is None:
        raise Refused(_no_room())
    return {pk: there[n] for pk, n in zip(asked, chosen, strict=True)}


def _shown(event: Event) -> PublicEvent:
    return selectors.shown(selectors.loaded([event.pk])[event.pk], exact=True)


def _record(kind: str, event: Event, actor: str, *, into: Event) -> None:
    record(kind, actor=actor, on=("event", event.pk), data={"into": str(into.pk)})


def _tell(kind: str, event: Event, merger: Merger, actor: str, letter_of: Callable[[], Letter]) -> None:
    """Write to its hosts, without the one who did it."""
    hosts = [host.person for host in selectors.hosts_of(event) if not selectors.is_actor(host.person, actor)]
    _write(kind, merger, [(person, person.pk, letter_of) for person in hosts])


def _write(kind: str, merger: Merger, letters: Sequence[tuple[Person, UUID, Callable[[], Letter]]]) -> None:
    reached = reached_by(person for person, _pk, _letter in letters)
    queue_many(
        [
            mails.message(f"{kind}:{merger.pk}:{pk}", person, reached[person.pk]["email"], letter)
            for person, pk, letter in letters
            if "email" in reached.get(person.pk, {})
        ]
    )
