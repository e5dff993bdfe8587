"""Journeys for tests, and a clock to move."""

from datetime import timedelta

import pytest
from django.db import transaction

from groundswell.jobs.worker import drain
from groundswell.journeys import services
from groundswell.journeys.services import walking
from groundswell.kit import clock
from groundswell.ledger.rules import person_actor
from groundswell.ledger.services import catch_up
from groundswell.messaging import worded
from groundswell.people import services as people
from groundswell.people.models import ContactPoint, Person
from groundswell.powers.models import Movement
from tests.cast import make_world

NEWS = {"trigger": {"is": "deed", "kind": "consent.given", "on": ""}}


@pytest.fixture
def world(db, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    worded.forget()
    made = make_world()
    settle()
    return made


@pytest.fixture
def dana(world):
    return world.users["dana"]


@pytest.fixture
def journey(dana):
    """Publishes a journey of these steps, begun by agreeing to anything."""

    def published(*steps, by=dana, **more):
        made = services.make("Welcome", {**NEWS, "steps": list(steps), **more}, dana)
        services.publish(made, by)
        made.refresh_from_db()
        return made

    return published


@pytest.fixture
def later(monkeypatch):
    """Lets time pass, and whoever is due go on."""
    at = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: at[0])

    def passes(**time) -> None:
        at[0] += timedelta(**time)
        settle()

    return passes


def settle() -> None:
    catch_up()
    with transaction.atomic():
        walking.wake()
    drain()
    catch_up()
    drain()


def mail(purpose="news", subject="Welcome, {first_name|friend}", body="Hello {first_name|friend}."):
    said = {f"{field}_{code}": text for code in ("en", "es") for field, text in (("subject", subject), ("body", body))}
    return {"is": "mail", "purpose": purpose, **said}


def wait(number=1, unit="days"):
    return {"is": "wait", "number": number, "unit": unit}


def somebody(name, **more) -> Person:
    found = people.find_or_add(
        people.NewPerson(given_name=name.title(), email=f"{name}@example.org", **more), how="test"
    ).person
    people.verify(ContactPoint.objects.get(person=found, channel="email"))
    return found


def agrees(person, purpose="news") -> None:
    with transaction.atomic():
        people.agree(person, purpose, "email", "Write to me.", "/", actor=person_actor(person.pk))


def spoken(*languages) -> None:
    Movement.objects.update(languages=list(languages))
