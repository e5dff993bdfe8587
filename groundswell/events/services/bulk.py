"""Many events and RSVPs at once, for the demo: the same rules, few statements. Nobody gets mail for them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import connection, transaction

from groundswell.events import rules
from groundswell.events.models import RSVP, Event, Host, Shift
from groundswell.events.rules import EventDetails
from groundswell.events.selectors import forget_map
from groundswell.events.services.hosting import columns, new_shift
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.services import NewEntry, record_many
from groundswell.powers.movement import movement

BATCH = 5_000  # a transaction of this many takes about a second


@dataclass(frozen=True, slots=True)
class BulkEvent:
    """A published event, its host, and when it was made."""

    host_id: UUID
    details: EventDetails
    at: datetime


@dataclass(frozen=True, slots=True)
class BulkRSVP:
    """A person's word for a shift and when they gave it, and what their hosts noted.

    Attributes:
        called: what came of the host's call, and when; it changes nothing else.
        marked: whether they came, and when that was noted; of who waits nothing is noted.
        walked_in: the name the host wrote of somebody who came without having said so.
    """

    shift_id: UUID
    person_id: UUID
    guests: int
    at: datetime
    called: tuple[str, datetime] | None = None
    marked: tuple[bool, datetime] | None = None
    walked_in: str = ""


def add_events(events: Iterable[BulkEvent], *, actor: str) -> list[Event]:
    """Add published events with their shifts and hosts, each made at a time in the past.

    Args:
        actor: a system actor, so that no mail goes out.

    Raises:
        Invalid: of the first event that cannot stand; those of earlier batches are there.
    """
    home_zone = movement().time_zone
    rows = list(events)
    added = []
    for start in range(0, len(rows), 1_000):
        batch = rows[start : start + 1_000]
        checked = [rules.check(row.details, min(row.at, clock.now()), home_zone=home_zone) for row in batch]
        made = [
            Event(
                reminders=[],  # what the system makes writes to nobody by itself
                state=Event.State.PUBLISHED,
                created_by_id=row.host_id,
                created_at=row.at,
                confirmed_at=row.at,
                published_at=row.at,
                **columns(details),
            )
            for row, details in zip(batch, checked, strict=True)
        ]
        with transaction.atomic():
            Event.objects.bulk_create(made)
            Shift.objects.bulk_create(
                new_shift(event, shift)
                for event, details in zip(made, checked, strict=True)
                for shift in details.shifts
            )
            Host.objects.bulk_create(
                Host(event=event, person_id=row.host_id, lead=True, at=row.at)
                for event, row in zip(made, batch, strict=True)
            )
            record_many(
                NewEntry(kind, actor, person_id, on=("event", event.pk), at=row.at)
                for event, row in zip(made, batch, strict=True)
                for kind, person_id in (("event.created", row.host_id), ("event.published", None))
            )
        added += made
    forget_map()
    return added


def add_rsvps(rsvps: Sequence[BulkRSVP], *, actor: str) -> int:
    """Add RSVPs made in the past, each shift's in order of time: they get places while there are any, then wait.
    Who walked in takes none.

    A person who has an RSVP for the shift already is passed over. Batches commit on their own, shifts in order.

    Args:
        actor: a system actor, so that no mail goes out.

    Returns:
        How many were added.
    """
    rows = sorted(rsvps, key=attrgetter("shift_id", "at"))
    return sum(_add_batch(rows[start : start + BATCH], actor) for start in range(0, len(rows), BATCH))


def _add_batch(rows: Sequence[BulkRSVP], actor: str) -> int:
    ids = list(dict.fromkeys(row.shift_id for row in rows))
    with transaction.atomic(), connection.cursor() as cursor:
        shifts = {shift.pk: shift for shift in Shift.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
        cursor.execute("SELECT shift_id, person_id FROM events_rsvp WHERE shift_id = ANY (%s)", [ids])
        known = set(cursor.fetchall())
        before = len(known)
        entries = []
        columns = "id, shift_id, person_id, state, guests, at, changed_at, called, called_at, attended, written_as"
        with cursor.copy(f"COPY events_rsvp ({columns}) FROM STDIN") as copy:
            for row in rows:
                if (row.shift_id, row.person_id) in known:
                    continue
                known.add((row.shift_id, row.person_id))
                shift, places = shifts[row.shift_id], 1 + row.guests
                state = RSVP.State.GOING
                if row.walked_in:
                    state = RSVP.State.WALK_IN
                elif shift.free is None or places <= shift.free:
                    shift.taken += places
                else:
                    state = RSVP.State.WAITING
                    shift.waiting += places
                rsvp_id, called, marked = new_id(), row.called or ("", None), row.marked
                came = marked[0] if marked and state != RSVP.State.WAITING else None
                said = (rsvp_id, row.shift_id, row.person_id, str(state), row.guests, row.at, row.at)
                copy.write_row((*said, *called, came, row.walked_in))
                for kind, quantity, at, more in _deeds(row, state, came):
                    data = {"shift": str(row.shift_id), "rsvp": str(rsvp_id)} | more
                    on = ("event", shift.event_id)
                    entries.append(NewEntry(kind, actor, row.person_id, on=on, quantity=quantity, data=data, at=at))
        cursor.execute(
            "UPDATE events_shift SET taken = new.taken, waiting = new.waiting"
            " FROM unnest(%s::uuid[], %s::int[], %s::int[]) AS new (id, taken, waiting)"
            " WHERE events_shift.id = new.id",
            [ids, [shifts[pk].taken for pk in ids], [shifts[pk].waiting for pk in ids]],
        )
        record_many(entries)
        return len(known) - before


def _deeds(row: BulkRSVP, state: RSVP.State, came: bool | None) -> Iterator[tuple[str, int, datetime, dict[str, str]]]:
    """What the ledger says of it: kind, quantity, time and what else there is to it."""
    places = 1 + row.guests
    if state != RSVP.State.WALK_IN:
        yield "event.rsvp" if state == RSVP.State.GOING else "event.waiting", places, row.at, {}
    if row.called:
        yield "event.called", 1, row.called[1], {"result": row.called[0]}
    if row.marked and came is not None:
        yield "event.attended" if came else "event.missed", places, row.marked[1], {}
        if came and state == RSVP.State.WALK_IN:
            yield "event.walked_in", places, row.marked[1], {}
