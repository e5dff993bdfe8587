"""Puts the made-up movement into the database, through the doors that everybody uses, and keeps RSVPs arriving."""

import random
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count as count_up
from operator import itemgetter
from uuid import UUID

from django.db import connection
from django.db.models import prefetch_related_objects

from groundswell.events import services as events
from groundswell.events.forms.coming import BOXES, agreed_to
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.rules import EventDetails, ShiftDetails
from groundswell.events.selectors import FindQuery, find
from groundswell.events.selectors import counts as events_counts
from groundswell.events.services import BulkEvent, BulkRSVP, merging, writing
from groundswell.events.verbs import REVIEW
from groundswell.kit import clock, geo
from groundswell.ledger import services as ledger
from groundswell.ledger.rules import person_actor, system_actor
from groundswell.people import services as people
from groundswell.people.services import NewPerson
from groundswell.people.verbs import SEE
from groundswell.powers import selectors as powers_read
from groundswell.powers import services as powers
from groundswell.powers.models import ROOT, User
from groundswell.powers.verbs import HQ
from groundswell.web.demo import mailings, shape, weeks

ACTOR = system_actor("demo")
VERMONT = "movement.place.us.vt"
NEWCOMERS = 6
TICKED = 0.08  # of the guests: a box


def is_filled() -> bool:
    """Whether the movement is there already: who opens headquarters is said last."""
    return any(user.email == shape.LEADER for user in powers_read.holders(HQ, ROOT))


def is_begun() -> bool:
    """Whether an interrupted `fill` left something behind."""
    return events_counts().events > 0


def clear() -> None:
    """Throw the demo's tables away; the ledger refuses less."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")


def fill(say: Callable[[str], None], count: int = shape.EVENTS, seed: int = 2015) -> None:
    """Make the movement. Commits in batches; an interrupted one is made anew from an empty database.

    Args:
        say: gets a line about each step.
        count: events.
    """
    now = clock.now()
    chance = random.Random(seed)  # noqa: S311
    powers.found_movement(shape.OWNER, shape.NAME)  # the words people agree to name it
    rosas = weeks.hosted(now, seed)
    gatherings = [*shape.gatherings(count, now, seed), *weeks.around(count, now, seed), *rosas.values()]
    number = count_up(1)
    hosts = [new(made.host or shape.somebody(chance, next(number), made.spot.postal_code)) for made in gatherings]
    parties = [(index, party) for index, made in enumerate(gatherings) for party in (*made.parties, *made.waiting)]
    guests = []
    for index, _party in parties:
        made = gatherings[index]
        guests.append(new(shape.somebody(chance, next(number), made.spot.postal_code, made.reachable)))
    say(f"{len(gatherings):,} hosts")
    host_ids = people.add_many(hosts, actor=ACTOR, how="demo", at=now - timedelta(days=60))
    say(f"{len(gatherings):,} events")
    made_events = events.add_events(
        (
            BulkEvent(host_id, details(made), _made_at(made, now))
            for host_id, made in zip(host_ids, gatherings, strict=True)
        ),
        actor=ACTOR,
    )
    prefetch_related_objects(made_events, "shifts")
    shifts = [event.shifts.all()[0].pk for event in made_events]
    say(f"{len(guests):,} people and their RSVPs")

    def come(numbers: range) -> None:
        ids = people.add_many([guests[n] for n in numbers], actor=ACTOR, how="demo", at=now)
        rsvps = []
        for n, person_id in zip(numbers, ids, strict=True):
            index, party = parties[n]
            name = f"{guests[n].given_name} {guests[n].family_name}" if party.walked_in else ""
            noted = (party.called, party.marked, name)
            rsvps.append(BulkRSVP(shifts[index], person_id, party.places - 1, party.at, *noted))
        events.add_rsvps(rsvps, actor=ACTOR)
        _agree([(person_id, bool(guests[n].phone)) for n, person_id in zip(numbers, ids, strict=True)], now)
        connection.close()

    middle = bisect_left(parties, count // 2, key=itemgetter(0))  # two connections, each with events of its own
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(come, (range(middle), range(middle, len(parties)))))
    _hand_in(chance, now, number)
    newcomers = _neighbors(chance, now, number)
    say("the ledger's readers")
    ledger.catch_up()
    _write(dict(zip(rosas, made_events[-len(rosas) :], strict=True)))
    dana, olga = _owners()
    say("mailings, a journey")
    mailings.fill(dana, olga, newcomers)
    _powers(dana, made_events, gatherings)


def _made_at(made: shape.Gathering, now: datetime) -> datetime:
    """Before anybody said they come."""
    return min([party.at for party in made.parties], default=min(now, made.starts_at)) - timedelta(hours=6)


def new(made: shape.Somebody) -> NewPerson:
    """Somebody as a form would bring them."""
    return NewPerson(made.given_name, made.family_name, made.email, made.phone, made.postal_code)


def details(made: shape.Gathering) -> EventDetails:
    """A gathering as its host would describe it."""
    return EventDetails(
        title=made.title,
        type=made.type,
        shifts=[ShiftDetails(made.starts_at, made.ends_at, made.capacity)],
        description=made.description,
        accessibility=made.accessibility,
        venue=made.venue,
        street=made.street,
        city=made.spot.city,
        region=made.spot.region,
        postal_code=made.spot.postal_code,
        latitude=made.spot.latitude,
        longitude=made.spot.longitude,
        time_zone=made.spot.time_zone,
        place_shown=made.place_shown,
    )


def _neighbors(chance: random.Random, now: datetime, numbers: Iterator[int]) -> list[UUID]:
    """People around Rosa's who want to hear of events and went to none yet; those of them who do not get news yet."""
    near = [new(shape.somebody(chance, next(numbers), code)) for code in weeks.NEIGHBORS for _ in range(12)]
    ids = people.add_many(near, actor=ACTOR, how="demo", at=now)
    events_, news = agreed_to(["events_by_email", "news_by_email"])
    people.agree_many(ids, *events_, "/events", actor=ACTOR, at=now)
    people.agree_many(ids[:-NEWCOMERS], *news, "/events", actor=ACTOR, at=now)
    people.verify_many(ids, actor=ACTOR, at=now)
    return ids[-NEWCOMERS:]


def _agree(guests: Sequence[tuple[UUID, bool]], now: datetime) -> None:
    """Some of them want to hear more, and have proven their address.

    Args:
        guests: who, and whether they left a number.
    """
    chance = random.Random(len(guests))  # noqa: S311
    for agreed in agreed_to(BOXES):
        ticked = [pk for pk, phone in guests if (phone or agreed.channel == "email") and chance.random() < TICKED]
        people.agree_many(ticked, *agreed, "/events", actor=ACTOR, at=now)
        people.verify_many(ticked, actor=ACTOR, at=now)


def _write(rosas: Mapping[str, Event]) -> None:
    """Rosa thanks who came, and a neighbor would like to go together with her."""
    host = {name: person_actor(event.host_set.get().person_id) for name, event in rosas.items()}
    writing.write(rosas["over"], "came", *weeks.THANKS, by=weeks.ROSA.given_name, actor=host["over"])
    merging.propose(rosas["next door"], rosas["thin"], host["next door"], joins=True)


def _hand_in(chance: random.Random, now: datetime, numbers: Iterator[int]) -> None:
    """Three events of new hosts in Vermont that wait for review."""
    for made in shape.first_events(chance, now):
        host = people.find_or_add(new(shape.somebody(chance, next(numbers), made.spot.postal_code)), how="demo").person
        actor = person_actor(host.pk)
        events.confirm(events.create(host, details(made), actor=actor), actor=actor)


def _owners() -> tuple[User, User]:
    """Dana and Olga own the movement."""
    for name, address in (("Dana", shape.OWNER), ("Olga", shape.SECOND)):
        _user(name, address)
    dana, olga = (powers.found_movement(address, shape.NAME) for address in (shape.OWNER, shape.SECOND))
    powers.change_movement(dana, tagline=shape.TAGLINE, postal_address=shape.ADDRESS, agree_above=shape.AGREE_ABOVE)
    return dana, olga


def _powers(dana: User, made: Sequence[Event], gatherings: Sequence[shape.Gathering]) -> None:
    """Alice hosts in Vermont, reviews the events there and may hand that on."""
    alice = _user("Alice", shape.LEADER)
    for event, where in zip(made, gatherings, strict=True):
        if where.spot.region == "VT":
            events.add_host(event, people.person_of_user(alice), ACTOR)
            break
    _user(weeks.ROSA.given_name, shape.HOST)
    for verb, scope in ((REVIEW, VERMONT), (SEE, VERMONT), (HQ, ROOT)):
        powers.give(dana, alice, verb, scope, may_hand_on=1)


def _user(name: str, address: str) -> User:
    people.find_or_add(NewPerson(name, email=address, postal_code="05401"), actor=ACTOR, how="demo")
    user = powers.proved_address(address)
    people.person_of_user(user)
    return user


def keep_arriving(stop: threading.Event) -> None:
    """One to three RSVPs every second or so, to events with room, and somebody at a door, until `stop` is set. Nobody
    gets mail for them."""
    chance = random.Random()  # noqa: S311
    numbers = count_up(int(clock.now().timestamp()) * 10)
    spots, weights = shape.spots()
    try:
        while not stop.wait(chance.uniform(0.5, 1.5)):
            spot = chance.choices(spots, weights)[0]
            near = FindQuery(
                place=geo.find_zip(spot.postal_code), has_room=True, online=False, limit=chance.randint(1, 3)
            )
            shifts = [shift.id for event in find(near) for shift in event.shifts if shift.room]
            guests = [new(shape.somebody(chance, next(numbers), spot.postal_code)) for _ in shifts]
            ids = people.add_many(guests, actor=ACTOR, how="demo")
            now = clock.now()
            events.add_rsvps(
                [BulkRSVP(shift, person, 0, now) for shift, person in zip(shifts, ids, strict=True)], actor=ACTOR
            )
            _check_in(now)
    finally:
        connection.close()


def _check_in(now: datetime) -> None:
    """Somebody arrives at an event that runs; at Rosa's, whoever walks around checks in."""
    run = Shift.objects.filter(starts_at__lte=now, ends_at__gt=now).exclude(event__hosts__user__email=shape.HOST)
    shifts = list(run.values_list("pk", flat=True))  # or the planner goes through all RSVPs
    if rsvp := RSVP.objects.filter(shift__in=shifts, state=RSVP.State.GOING, attended=None).order_by("pk").first():
        events.mark_attended(rsvp, True, ACTOR)
