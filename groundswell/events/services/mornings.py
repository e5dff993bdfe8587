"""The hosts' morning mail: what is new about the events they run, once a day at most, and nothing when nothing is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from groundswell.events import mails, selectors
from groundswell.events.models import RSVP, Event, Merger, Morning
from groundswell.events.selectors import PublicEvent
from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.messaging.services import Message, queue_many
from groundswell.people.models import Person
from groundswell.people.selectors import reached_by

JOB = "events.mornings"
EVERY = timedelta(minutes=15)
BATCH = 50  # hosts a transaction
FROM_HOUR, TO_HOUR = 7, 10  # on the clock of their next event; who was missed by then is told the next morning
AGAIN = timedelta(hours=20)
FIRST = timedelta(days=1)  # what the first one tells
AHEAD = timedelta(days=60)


class News(NamedTuple):
    """What is new about one event.

    Attributes:
        came, gone: people who said since then that they come, or took it back.
        waiting: people who wait now; `queued`: of those, since then.
        coming: places taken in all.
        needs: people who wrote since then what they need.
        proposed: a neighbor asks whether the two go together.
        asked: they are asked to lead it.
    """

    event: PublicEvent
    came: int
    gone: int
    waiting: int
    queued: int
    coming: int
    needs: int
    proposed: bool
    asked: bool

    @property
    def any(self) -> bool:
        return bool(self.came or self.gone or self.queued or self.needs or self.proposed or self.asked)


def tell_hosts(lease: Lease) -> None:
    """The job: write to the hosts whose morning it is; in batches that commit, so that it may be run again."""
    while True:
        with lease.transaction():
            claimed = _claim()
            queue_many(list(_written(claimed)))
        if len(claimed) < BATCH:
            return


def stop(person: Person, *, off: bool = True) -> None:
    """They want no more of these, or want them again."""
    with transaction.atomic():
        Morning.objects.update_or_create(person=person, defaults={"off": off})


def stopped(person: Person) -> bool:
    """Whether they want none."""
    return Morning.objects.filter(person=person, off=True).exists()


# Whose morning it is, by the clock of the first event they run; `at` was the last time anybody looked for them.
_CLAIM = """
WITH due AS (
    SELECT host.person_id, morning.at AS since FROM events_host host
    JOIN events_event event ON event.id = host.event_id
    LEFT JOIN events_morning morning ON morning.person_id = host.person_id
    WHERE event.state = 'published' AND event.ends_at > %(now)s AND event.starts_at < %(now)s + %(ahead)s
        AND (morning.at IS NULL OR morning.at < %(now)s - %(again)s) AND morning.off IS NOT TRUE
    GROUP BY host.person_id, morning.at
    HAVING extract(hour FROM %(now)s AT TIME ZONE (array_agg(event.time_zone ORDER BY event.starts_at))[1])
        BETWEEN %(from)s AND %(to)s - 1
    ORDER BY host.person_id LIMIT %(most)s
), noted AS (
    INSERT INTO events_morning (person_id, at, off) SELECT person_id, %(now)s, FALSE FROM due
    ON CONFLICT (person_id) DO UPDATE SET at = excluded.at
    WHERE events_morning.at IS NULL OR events_morning.at < %(now)s - %(again)s
    RETURNING person_id
)
SELECT person_id, since FROM due JOIN noted USING (person_id)
"""


def _claim() -> dict[UUID, datetime]:
    """Hosts, and since when to tell."""
    now = clock.now()
    asked: dict[str, Any] = {
        "now": now,
        "ahead": AHEAD,
        "again": AGAIN,
        "from": FROM_HOUR,
        "to": TO_HOUR,
        "most": BATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, asked)
        return {person: since or now - FIRST for person, since in cursor.fetchall()}


def _written(claimed: dict[UUID, datetime]) -> Iterator[Message]:
    people = Person.objects.in_bulk(list(claimed))
    reached = reached_by(people.values())
    for person in people.values():
        address = reached.get(person.pk, {}).get("email")
        news = _news(person, claimed[person.pk]) if address else []
        if address and news:
            zone = ZoneInfo(news[0].event.time_zone)
            today = clock.now().astimezone(zone)
            yield mails.message(
                f"event.morning:{person.pk}:{today:%Y%m%d}",
                person,
                address,
                lambda person=person, news=news: mails.morning(person, news),  # type: ignore[misc]
                not_after=today.replace(hour=22),
            )


def _news(person: Person, since: datetime) -> list[News]:
    """Of the events they run, the next first; those of which nothing is new are left out."""
    now = clock.now()
    events = Event.objects.filter(
        hosts=person, state=Event.State.PUBLISHED, ends_at__gt=now, starts_at__lt=now + AHEAD
    ).values_list("pk", flat=True)
    loaded = selectors.loaded(events)
    going, waiting = Q(state=RSVP.State.GOING), Q(state=RSVP.State.WAITING)
    rows = (
        RSVP.objects.filter(shift__event__in=loaded, shift__ends_at__gt=now)
        .values_list("shift__event")
        .annotate(
            came=Count("pk", filter=going & Q(at__gt=since)),
            gone=Count("pk", filter=Q(state=RSVP.State.CANCELLED, changed_at__gt=since, at__lte=since)),
            waiting=Count("pk", filter=waiting),
            queued=Count("pk", filter=waiting & Q(at__gt=since)),
            coming=Coalesce(Sum("guests", filter=going), 0) + Count("pk", filter=going),
        )
    )
    counted: dict[UUID, list[int]] = {event: numbers for event, *numbers in rows}
    needs = dict(
        Entry.objects.filter(on_id__in=loaded, kind="event.needs_told", at__gt=since)
        .values_list("on_id")
        .annotate(Count("person_id", distinct=True))
        .order_by()
    )
    proposed = set(
        Merger.objects.filter(into__in=loaded, state=Merger.State.OPEN, at__gt=since).values_list("into", flat=True)
    )
    found = []
    for event in sorted(loaded.values(), key=lambda one: (one.starts_at, one.pk)):
        came, gone, waits, queued, coming = counted.get(event.pk, [0] * 5)
        host = next(host for host in event.host_set.all() if host.person_id == person.pk)
        one = News(
            selectors.shown(event, exact=True),
            *(came, gone, waits, queued, coming),
            needs.get(event.pk, 0),
            event.pk in proposed,
            bool(host.asked_at and host.asked_at > since),
        )
        if one.any:
            found.append(one)
    return found
