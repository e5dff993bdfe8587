"""Many events and RSVPs at once, for the demo: the same rules, few statements. Nobody gets mail for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import connection, transaction

from groundswell.events import rules
from groundswell.events.models import Event, Host, Shift
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
    """A person's word for a shift, and when they gave it."""

    shift_id: UUID
    person_id: UUID
    guests: int
    at: datetime


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
        entries = []
        columns = "id, shift_id, person_id, state, guests, at, changed_at"
        with cursor.copy(f"COPY events_rsvp ({columns}) FROM STDIN") as copy:
            for row in rows:
                if (row.shift_id, row.person_id) in known:
                    continue
                known.add((row.shift_id, row.person_id))
                shift, places = shifts[row.shift_id], 1 + row.guests
                going = shift.free is None or places <= shift.free
                if going:
                    shift.taken += places
                else:
                    shift.waiting += places
                rsvp_id, state = new_id(), "going" if going else "waiting"
                copy.write_row((rsvp_id, row.shift_id, row.person_id, state, row.guests, row.at, row.at))
                entries.append(
                    NewEntry(
                        "event.rsvp" if going else "event.waiting",
                        actor,
                        row.person_id,
                        on=("event", shift.event_id),
                        quantity=places,
                        data={"shift": str(row.shift_id), "rsvp": str(rsvp_id)},
                        at=row.at,
                    )
                )
        cursor.execute(
            "UPDATE events_shift SET taken = new.taken, waiting = new.waiting"
            " FROM unnest(%s::uuid[], %s::int[], %s::int[]) AS new (id, taken, waiting)"
            " WHERE events_shift.id = new.id",
            [ids, [shifts[pk].taken for pk in ids], [shifts[pk].waiting for pk in ids]],
        )
        return record_many(entries)
