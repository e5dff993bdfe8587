"""Fills a scratch database, in a process of its own with the site's settings: `python -m bench.fill night 3500 100000`.

Prints one JSON object for the bench that asked.
"""

import csv
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:  # at run time only once Django is set up
    from groundswell.events.models import Event
    from groundswell.web.demo.shape import Gathering

HOT = 10  # events that everybody wants
HOT_SHARE = 0.02  # of all RSVPs, each


def night(count: int, rsvps: int) -> dict[str, object]:
    """Events in the shape of the night, and who will come to which: `[shift, event, guests]` in the order of asking."""
    from groundswell.kit import clock
    from groundswell.web.demo import shape

    chance = random.Random(2015)
    made = _events(chance, list(shape.gatherings(count, clock.now())))
    sizes = [shape.size((number + 0.5) / count) for number in range(count)]
    chance.shuffle(sizes)
    hot = int(rsvps * HOT_SHARE)
    wanted = chance.choices(range(HOT, count), [size + 0.1 for size in sizes[HOT:]], k=rsvps - HOT * hot)
    wanted += [index for index in range(HOT) for _ in range(hot)]
    chance.shuffle(wanted)
    shifts = [event.shifts.all()[0] for event in made]
    guests = [min(chance.choice(shape.PARTY), shifts[n].capacity or 10) - 1 for n in wanted]
    return _asked(made, wanted, guests)


def real(path: str) -> dict[str, object]:
    """The same of the events in a file, with their places, capacities and RSVPs; each RSVP is one place.

    Also `over`: how many of them had more RSVPs than places.
    """
    from groundswell.kit import clock, geo
    from groundswell.web.demo import shape

    chance, now = random.Random(2015), clock.now()
    with Path(path).open() as file:
        rows = list(csv.DictReader(file))
    gatherings, wanted = [], []
    for number, row in enumerate(rows):
        known, at = geo.find_zip(row["zip"]), (float(row["lat"]), float(row["lon"]))
        city = known.city if known else row["state"]
        spot = shape.Spot(city, row["state"], row["zip"], *at, geo.time_zone_at(*at))
        drawn = shape.gathering(chance, now, shape.the_night(now), spot, "house_party", "House party in {city}", 0)
        gatherings.append(replace(drawn, capacity=int(row["capacity"]) or None))
        wanted += [number] * int(row["rsvps"])
    chance.shuffle(wanted)
    over = sum(0 < int(row["capacity"]) < int(row["rsvps"]) for row in rows)
    return _asked(_events(chance, gatherings), wanted, [0] * len(wanted)) | {"over": over}


def _events(chance: random.Random, gatherings: "Sequence[Gathering]") -> "Sequence[Event]":
    """These events, published, each of a host of its own and with nobody in it."""
    from django.db.models import prefetch_related_objects

    from groundswell.events import services as events
    from groundswell.events.services import BulkEvent
    from groundswell.kit import clock
    from groundswell.people import services as people
    from groundswell.web.demo import loading, shape

    hosts = [
        loading.new(shape.somebody(chance, number, made.spot.postal_code)) for number, made in enumerate(gatherings)
    ]
    ids = people.add_many(hosts, actor=loading.ACTOR, how="demo")
    now = clock.now()
    made = events.add_events(
        (BulkEvent(host, loading.details(one), now) for host, one in zip(ids, gatherings, strict=True)),
        actor=loading.ACTOR,
    )
    prefetch_related_objects(made, "shifts")
    return made


def _asked(events: "Sequence[Event]", wanted: Sequence[int], guests: Sequence[int]) -> dict[str, object]:
    asked = [
        (str(events[n].shifts.all()[0].pk), str(events[n].pk), more) for n, more in zip(wanted, guests, strict=True)
    ]
    return {"asked": asked, "events": [str(event.pk) for event in events]}


def asks(path: str) -> dict[str, object]:
    """The same deeds as the site will ask of the database, in a table for the floor."""
    from django.db import connection

    from groundswell.kit import clock
    from groundswell.kit.ids import new_id
    from groundswell.people import services as people
    from groundswell.people.rules import NewPerson, clean

    people_asked = json.loads(Path(path).read_text())
    now = clock.now().isoformat()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_asked (n serial PRIMARY KEY, asked jsonb)")
        cursor.execute("CREATE SEQUENCE bench_n")
        with cursor.copy("COPY bench_asked (asked) FROM STDIN") as copy:
            for one in people_asked:
                person = clean(NewPerson(one["given_name"], one["family_name"], one["email"], language="en"))
                copy.write_row(
                    [
                        json.dumps(
                            {
                                "rsvp": str(new_id()),
                                "event": one["event"],
                                "shift": one["shift"],
                                "guests": one["guests"],
                                "person": people.asked_of(person),
                                "consents": [people.agreed_to("news", "email", "Email me.")] if one["news"] else [],
                                "code": None,
                                "touch": str(new_id()),
                                "page": f"/events/{one['event']}/rsvp",
                                "at": now,
                                "prepared": False,
                                "bucket": [f"events.rsvp:{one['client']}", 120, 60],
                            }
                        )
                    ]
                )
    return {"asks": len(people_asked)}


def mailing() -> dict[str, object]:
    """A mailing to everybody, ready to begin; and its mail as templates of Django's, for the peer."""
    from bench.letter import BODY, SUBJECT
    from groundswell.kit import clock
    from groundswell.messaging.models import Draft, Mailing, Subject, Version
    from groundswell.messaging.writing import taken_apart, written
    from groundswell.people.models import Segment
    from groundswell.powers.services import found_movement

    user = found_movement("dana@example.org", "The movement")
    segment = Segment.objects.create(name="Everybody", tree={"all": []}, made_by=user)
    made = Mailing.objects.create(
        name="News", segment=segment, made_by=user, asked_by=user, state=Mailing.State.WAITING, starts_at=clock.now()
    )
    version = Version.objects.create(
        draft=Draft.objects.create(mailing=made, number=0), language="en", preview="What comes next", body=BODY
    )
    for number in range(3):
        Subject.objects.create(version=version, number=number, text=f"{SUBJECT} {number}")
    mail = written(Subject.objects.select_related("version").filter(version=version)[0])
    template = {
        name: "".join(piece if isinstance(piece, str) else f"{{{{ {piece.name} }}}}" for piece in taken_apart(said))
        for name, said in (("subject", mail.subject), ("content", mail.text), ("html_content", mail.html))
    }
    return {"mailing": str(made.pk), "template": template}


def begin(mailing_id: str) -> dict[str, object]:
    """Let a mailing begin now."""
    from groundswell.jobs import services as jobs
    from groundswell.kit import clock
    from groundswell.messaging.models import Mailing
    from groundswell.messaging.services import steering

    Mailing.objects.filter(pk=mailing_id).update(starts_at=clock.now())
    jobs.enqueue(steering.BEGIN, mailing_id=mailing_id)
    return {}


def holder() -> dict[str, object]:
    """Somebody who opens headquarters, signed in: the cookie of their session."""
    import time
    from importlib import import_module

    from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from groundswell.powers.services import found_movement

    user = found_movement("dana@example.org", "The movement")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": time.time(), "email": str(user.email)}]
    session.save()
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}


if __name__ == "__main__":
    django.setup()
    what, *words = sys.argv[1:]
    fills = {
        "night": lambda: night(*map(int, words)),
        "real": lambda: real(*words),
        "asks": lambda: asks(*words),
        "mailing": mailing,
        "begin": lambda: begin(*words),
    }
    sys.stdout.write(json.dumps(fills.get(what, holder)()))
