"""Bringing people and places together: more places where not everybody comes, more people where there is room.

Nobody is invited twice within `AGAIN`, whichever events they live near: the table of the invited has one row a person,
and one statement claims it, so two jobs at once never both get somebody. Whom an event invited is in the ledger, for
ever: that row may be of another event by then.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from groundswell.events import attendance, mails, rules, selectors
from groundswell.events.models import Event
from groundswell.events.rules import Act, Invalid, Refused
from groundswell.events.services.hosting import locked, standing
from groundswell.events.services.offering import offer
from groundswell.jobs import services as jobs
from groundswell.kit import clock, geo
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import record
from groundswell.messaging.services import Message, queue_many
from groundswell.people import services as people
from groundswell.people.models import Person
from groundswell.people.selectors import reached_by

BOUNDS = (0, 1, 5, 10)  # percent
REACH_M = 50_000
CONSIDERED = 1_500  # the nearest of those who may be invited
MOST_INVITED = 500  # of them, by one event
AGAIN = timedelta(days=21)  # until somebody may be invited again
BATCH = 100  # mails a transaction
THIN = 5  # people to be expected; fewer is a thin event
SOON = timedelta(days=4)  # before it begins: time enough for people to come
LOOK_AT = time(14)  # UTC: the morning of the country's east and west
INVITE, LOOK = "events.invite", "events.look"
SYSTEM = system_actor("events")


# --- more places ---------------------------------------------------------------------------------------------------
def overbook(event: Event, percent: int, actor: str) -> Event:
    """Offer as many places more that the chance that more come than fit stays within `percent`; 0: none. Who waits
    gets what is free then.

    Raises:
        Invalid: it is none of `BOUNDS`.
        Refused: the event is cancelled or over.
    """
    if percent not in BOUNDS:
        raise Invalid({"percent": _("Choose one of the chances.")})
    with transaction.atomic():
        event = locked(event)
        rules.next_standing(standing(event), Act.CHANGE)
        if event.overbook != percent:
            event.overbook = percent
            event.save(update_fields=["overbook"])
            record("event.overbooked", actor=actor, on=("event", event.pk), data={"percent": percent})
        offer(event, actor)
        return event


# --- more people ---------------------------------------------------------------------------------------------------
# The nearest who agreed to hear by email about events and proved an address that works; without those who host or said
# something of this event, and those invited lately.
_NEAREST = """
SELECT person.id, near.far
FROM unnest(%(zips)s::text[], %(far)s::float8[]) AS near (zip, far)
JOIN people_person person ON left(person.postal_code, 5) = near.zip
WHERE EXISTS (
    SELECT FROM people_contactpoint point
    WHERE point.person_id = person.id AND point.channel = 'email' AND point.verified_at IS NOT NULL
      AND point.status IN ('works', 'unverified')
) AND (
    SELECT word.given FROM people_consent word
    WHERE word.person_id = person.id AND word.purpose = 'events' AND word.channel = 'email'
    ORDER BY word.at DESC, word.id DESC LIMIT 1
)
  AND NOT EXISTS (SELECT FROM events_invited invited WHERE invited.person_id = person.id AND invited.at > %(since)s)
  AND NOT EXISTS (
    SELECT FROM ledger_entry entry
    WHERE entry.kind = 'event.invited' AND entry.on_id = %(event)s AND entry.person_id = person.id
)
  AND NOT EXISTS (SELECT FROM events_host host WHERE host.person_id = person.id AND host.event_id = %(event)s)
  AND NOT EXISTS (
    SELECT FROM events_rsvp rsvp JOIN events_shift shift ON shift.id = rsvp.shift_id
    WHERE rsvp.person_id = person.id AND shift.event_id = %(event)s
)
ORDER BY near.far, person.id LIMIT %(considered)s
"""
_HOW_MANY = f"SELECT count(*) FROM ({_NEAREST}) nearest"  # noqa: S608
# In one order of people, so that jobs of two events never wait for each other in a circle.
_CLAIM = f"""
INSERT INTO events_invited (person_id, event_id, at)
SELECT id, %(event)s, %(now)s FROM (
    SELECT id FROM ({_NEAREST}) nearest ORDER BY far, id LIMIT %(most)s
) chosen ORDER BY id
ON CONFLICT (person_id) DO UPDATE SET event_id = excluded.event_id, at = excluded.at
WHERE events_invited.at <= %(since)s
RETURNING person_id
"""  # noqa: S608


class Invitable(NamedTuple):
    """The people nearby whom an event may invite.

    Attributes:
        remain: how many of them nobody invited lately, up to `CONSIDERED`.
        now: how many this event would invite.
        invited: how many it has.
    """

    remain: int
    now: int
    invited: int


def invitable(event: Event) -> Invitable:
    """Whom the event may invite, and has."""
    remain, before = 0, _invited(event)
    if asked := _asked(event):
        with connection.cursor() as cursor:
            cursor.execute(_HOW_MANY, asked)
            remain = int(cursor.fetchone()[0])
    return Invitable(remain, max(0, min(remain, MOST_INVITED - before)), before)


def _invited(event: Event) -> int:
    return Entry.objects.filter(kind="event.invited", on_id=event.pk).count()


def invite(event: Event, actor: str) -> None:
    """Invite the nearest people, in a job. Again: those who were not, up to `MOST_INVITED` in all.

    Raises:
        Refused: the event is not published or has begun, is online, or full.
    """
    with transaction.atomic():
        event = locked(event)
        if why := closed(event):
            raise Refused(why)
        jobs.enqueue(INVITE, queueing_lock=f"{INVITE} {event.pk}", event_id=str(event.pk), actor=actor)


def invite_nearest(lease: jobs.Lease, *, event_id: str, actor: str) -> None:
    """The job: in batches that commit with their mails, so it may run again at any point."""
    while True:
        with lease.transaction():
            event = Event.objects.select_for_update(of=("self",)).filter(pk=UUID(event_id)).first()
            if event is None or closed(event):
                return
            claimed = _claim(event, min(BATCH, MOST_INVITED - _invited(event)))
            _write(event, claimed, actor)
        if not claimed:
            return


def stop(person: Person, actor: str) -> None:
    """They want no more invitations."""
    people.withdraw(person, "events", "email", actor=actor)


def closed(event: Event) -> str:
    """Why nobody is invited to it; empty where somebody can be."""
    if event.state != Event.State.PUBLISHED:
        return _("Only a published event invites people.")
    if event.starts_at <= clock.now():
        return _("This event has begun.")
    if event.latitude is None or event.online:
        return _("Nobody lives near an online event.")
    if all(shift.free is not None and shift.free <= 0 for shift in event.shifts.all()):
        return _("Every place is taken.")
    return ""


def _asked(event: Event) -> dict[str, Any] | None:
    if event.latitude is None or event.longitude is None:
        return None
    zips = geo.zips_near(event.latitude, event.longitude, REACH_M)
    now = clock.now()
    return {
        "zips": [code for code, _far in zips],
        "far": [far for _code, far in zips],
        "considered": CONSIDERED,
        "event": event.pk,
        "now": now,
        "since": now - AGAIN,
    }


def _claim(event: Event, most: int) -> list[UUID]:
    asked = _asked(event)
    if asked is None or most <= 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {**asked, "most": most})
        return [row[0] for row in cursor.fetchall()]


def _write(event: Event, claimed: Sequence[UUID], actor: str) -> None:
    found = list(Person.objects.filter(pk__in=claimed).order_by("pk"))
    reached = reached_by(found)
    shown = selectors.shown(selectors.loaded([event.pk])[event.pk])
    messages: list[Message] = []
    for person in found:
        record("event.invited", actor=actor, person_id=person.pk, on=("event", event.pk))
        messages.append(
            mails.message(
                f"event.invited:{event.pk}:{person.pk}",
                person,
                reached[person.pk]["email"],
                partial(mails.invited, person, shown),
            )
        )
    queue_many(messages)


# --- looking every day ---------------------------------------------------------------------------------------------
def look_tomorrow() -> None:
    """Have somebody look at the events of the next days, once a day as long as there are any to come. For the caller's
    transaction."""
    now = clock.now()
    at = datetime.combine(now.date(), LOOK_AT, tzinfo=now.tzinfo)
    jobs.enqueue(LOOK, at=at if at > now else at + timedelta(days=1), queueing_lock=LOOK)


def look(lease: jobs.Lease) -> None:
    """The job: suggest to hosts of thin events what they can do, once; and renew what overbooked events offer."""
    with lease.transaction():
        if Event.objects.filter(state=Event.State.PUBLISHED, starts_at__gt=clock.now()).exists():
            look_tomorrow()
    soon = Event.objects.filter(
        state=Event.State.PUBLISHED, starts_at__gt=clock.now(), starts_at__lte=clock.now() + SOON
    )
    for event in soon.order_by("pk"):
        with lease.transaction():
            if event.overbook:
                offer(locked(event), SYSTEM)
            if is_thin(event):
                _suggest(event)


def is_thin(event: Event) -> bool:
    """Whether it has room, and so few are to be expected at its fullest shift that its host should hear of it."""
    found = attendance.forecasts(event)
    room = any(one.shift.free is None or one.shift.free > 0 for one in found)
    return room and max(one.comes.expected for one in found) < THIN


def _suggest(event: Event) -> None:
    host = event.host_set.filter(lead=True).select_related("person").first()
    if host is None or not (address := reached_by([host.person]).get(host.person_id, {}).get("email")):
        return
    shown = selectors.shown(selectors.loaded([event.pk])[event.pk], exact=True)
    key = f"event.thin:{event.pk}"  # once, whatever comes of it
    queue_many([mails.message(key, host.person, address, lambda: mails.thin(shown))])
