"""Reminding those who come: a mail some hours before a shift, as its host wants it, to each once.

A round finds whom; one statement both finds and notes them. What is late is left out: a system that slept for a day
reminds nobody of yesterday, and nobody is reminded of what they said a moment ago.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from groundswell.events import mails, rules, selectors
from groundswell.events.models import RSVP, Event
from groundswell.events.rules import Act
from groundswell.events.services.hosting import locked, standing
from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.ledger.services import record
from groundswell.messaging.services import Message, queue_many
from groundswell.people.selectors import reached_by

JOB = "events.remind"
EVERY = timedelta(minutes=5)
BATCH = 200  # mails a transaction
LATE = timedelta(minutes=30)  # a reminder that is due for longer is left out
APART = timedelta(hours=1)  # two reminders of a shift that was moved a little are one
HOUR = timedelta(hours=1)


def set_reminders(event: Event, hours: Collection[int], actor: str) -> Event:
    """How many hours before a shift those who come are reminded; none: not at all.

    Raises:
        ValueError: not of `rules.REMINDERS`; Refused: the event is called off or over.
    """
    if not set(hours) <= set(rules.REMINDERS):
        raise ValueError(f"A reminder goes {rules.REMINDERS} hours before, not {sorted(hours)}.")
    with transaction.atomic():
        event = locked(event)
        rules.next_standing(standing(event), Act.CHANGE)
        wanted = sorted(set(hours), reverse=True)
        if wanted != event.reminders:
            event.reminders = wanted
            event.save(update_fields=["reminders"])
            record("event.changed", actor=actor, on=("event", event.pk), data={"fields": ["reminders"], "shifts": []})
        return event


def remind(lease: Lease) -> None:
    """The job: write to everybody whose reminder is due; in batches that commit, so that it may be run again."""
    while True:
        with lease.transaction():
            found = _claim()
            queue_many(list(_written(found)))
        if len(found) < BATCH:
            return


# Half as long before again somebody said that they come, they need no reminder of it.
_CLAIM = """
UPDATE events_rsvp SET reminded_at = %(now)s WHERE id IN (
    SELECT rsvp.id FROM unnest(%(hours)s::int[]) AS wanted (hours)
    CROSS JOIN make_interval(hours => hours) AS before
    JOIN events_shift shift
        ON shift.starts_at > %(now)s + before - %(late)s AND shift.starts_at <= %(now)s + before
    JOIN events_event event
        ON event.id = shift.event_id AND event.state = 'published' AND hours = ANY (event.reminders)
    JOIN events_rsvp rsvp
        ON rsvp.shift_id = shift.id AND rsvp.state = 'going' AND rsvp.changed_at <= shift.starts_at - before * 1.5
        AND (rsvp.reminded_at IS NULL OR rsvp.reminded_at < shift.starts_at - before - %(apart)s)
    LIMIT %(most)s FOR UPDATE OF rsvp SKIP LOCKED
)
RETURNING id
"""


def _claim() -> list[UUID]:
    asked: dict[str, Any] = {
        "now": clock.now(),
        "hours": list(rules.REMINDERS),
        "late": LATE,
        "apart": APART,
        "most": BATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, asked)
        return [row[0] for row in cursor.fetchall()]


def _written(claimed: Collection[UUID]) -> Iterator[Message]:
    words = list(RSVP.objects.filter(pk__in=claimed).select_related("person", "shift").order_by("pk"))
    events = selectors.loaded({rsvp.shift.event_id for rsvp in words})
    reached = reached_by({rsvp.person for rsvp in words})
    now = clock.now()
    for rsvp in words:
        if address := reached.get(rsvp.person_id, {}).get("email"):
            shown = selectors.shown(events[rsvp.shift.event_id], exact=True)
            yield mails.message(
                f"event.reminder:{rsvp.pk}:{_before(rsvp.shift.starts_at, now)}:{rsvp.shift.starts_at:%Y%m%d%H%M}",
                rsvp.person,
                address,
                lambda rsvp=rsvp, shown=shown: mails.reminder(rsvp, shown),  # type: ignore[misc]
                not_after=rsvp.shift.starts_at,
            )


def _before(starts_at: datetime, now: datetime) -> int:
    """Which of the reminders it is."""
    return min(rules.REMINDERS, key=lambda hours: abs(starts_at - now - hours * HOUR))
