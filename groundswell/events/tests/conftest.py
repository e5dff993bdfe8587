"""The cast: alice hosts, bob is a co-host to be, charlie signs in and hosts nothing, dana runs the movement, erin is a
supporter with no login."""

from dataclasses import dataclass

import pytest
from django.test import Client

from groundswell.events import selectors
from groundswell.events.tests import making
from groundswell.people.models import Person
from groundswell.people.services import person_of_user
from groundswell.powers import public
from groundswell.powers.models import User
from groundswell.powers.services import found_movement
from groundswell.powers.viewer import Viewer
from tests.cast import World, make_world

OUR_PAGES = {"sec-fetch-site": "same-origin"}


@dataclass
class Cast:
    dana: Viewer
    alice: Viewer
    bob: Viewer
    charlie: Viewer
    nobody: Viewer
    people: dict[str, Person]


@pytest.fixture
def cast(db, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    owner = found_movement("dana@example.org", "Dana")
    users = {name: User.objects.create_user(f"{name}@example.org") for name in ("alice", "bob", "charlie")}
    people = {"erin": making.person("erin"), "dana": person_of_user(owner)}
    for name, user in users.items():
        making.person(name)
        people[name] = person_of_user(user)
    viewers = {name: Viewer(user, strong=True) for name, user in users.items()}
    return Cast(dana=Viewer(owner, strong=True), nobody=Viewer(None), people=people, **viewers)


@pytest.fixture
def world(db, settings) -> World:
    settings.SECOND_FACTOR_REQUIRED = True
    return make_world()


@pytest.fixture
def alice(world) -> Client:
    """The browser of the host, on our own pages."""
    return world.client("alice", headers=OUR_PAGES)


@pytest.fixture
def page() -> Client:
    """A stranger's browser, on our own pages."""
    return Client(headers=OUR_PAGES)


@pytest.fixture
def no_time_trap(monkeypatch):
    """Forms may be sent as soon as they are shown."""
    monkeypatch.setattr(public, "MIN_SECONDS", 0)


@pytest.fixture(autouse=True)
def fresh_map():
    selectors.forget_map()
