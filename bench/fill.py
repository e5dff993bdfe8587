"""Fills a scratch database, in a process of its own with the site's settings: `python -m bench.fill night 3500 100000`.

Prints one JSON object for the bench that asked.
"""

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import django

HOT = 10  # events that everybody wants
HOT_SHARE = 0.02  # of all RSVPs, each


def night(count: int, rsvps: int) -> dict[str, object]:
    """Events in the shape of the night, and who will come to which: `[shift, event, guests]` in the order of asking."""
    from django.db.models import prefetch_related_objects

    from groundswell.events import services as events
    from groundswell.events.services import BulkEvent
    from groundswell.kit import clock
    from groundswell.people import services as people
    from groundswell.web.demo import loading, shape

    chance, now = random.Random(2015), clock.now()
    gatherings = [replace(made, parties=[]) for made in shape.gatherings(count, now)]
    hosts = [
        loading.new(shape.somebody(chance, number, made.spot.postal_code)) for number, made in enumerate(gatherings)
    ]
    ids = people.add_many(hosts, actor=loading.ACTOR, how="demo")
    made = events.add_events(
        (BulkEvent(host, loading.details(one), now) for host, one in zip(ids, gatherings, strict=True)),
        actor=loading.ACTOR,
    )
    prefetch_related_objects(made, "shifts")
    shifts = [event.shifts.all()[0] for event in made]
    sizes = [shape.size((number + 0.5) / count) for number in range(count)]
    chance.shuffle(sizes)
    hot = int(rsvps * HOT_SHARE)
    wanted = chance.choices(range(HOT, count), [size + 0.1 for size in sizes[HOT:]], k=rsvps - HOT * hot)
    wanted += [index for index in range(HOT) for _ in range(hot)]
    chance.shuffle(wanted)
    asked = [
        (str(shifts[n].pk), str(made[n].pk), min(chance.choice(shape.PARTY), shifts[n].capacity or 10) - 1)
        for n in wanted
    ]
    return {"asked": asked, "events": [str(event.pk) for event in made]}


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
    made = night(*map(int, words)) if what == "night" else asks(words[0]) if what == "asks" else holder()
    sys.stdout.write(json.dumps(made))
