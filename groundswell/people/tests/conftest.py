"""The cast: dana runs the movement, alice leads Vermont, bob is a person there, charlie signs in but leads nothing."""

from dataclasses import dataclass

import pytest

from groundswell.people.models import Person
from groundswell.people.services import NewPerson, find_or_add, person_of_user
from groundswell.people.verbs import CHANGE, SEE
from groundswell.powers.models import User
from groundswell.powers.services import found_movement, give
from groundswell.powers.viewer import Viewer

VERMONT = "movement.place.us.vt"


@dataclass
class Cast:
    dana: Viewer
    alice: Viewer
    charlie: Viewer
    bob: Person
    erin: Person


@pytest.fixture
def cast(db, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    owner = found_movement("dana@example.org")
    alice, charlie = (User.objects.create_user(f"{name}@example.org") for name in ("alice", "charlie"))
    for verb in (SEE, CHANGE):
        give(owner, alice, verb, VERMONT)
    for user, zip_code in ((owner, "10001"), (alice, "05401"), (charlie, "05401")):
        name = str(user.email).partition("@")[0].title()
        find_or_add(NewPerson(given_name=name, email=str(user.email), postal_code=zip_code), how="test")
        person_of_user(user)
    bob = NewPerson(
        given_name="Bob", family_name="Øst", email="bob@example.org", phone="802-555-0123", postal_code="05401"
    )
    erin = NewPerson(given_name="Erin", family_name="Hill", email="erin@example.net", postal_code="10001")
    return Cast(
        dana=Viewer(owner, strong=True),
        alice=Viewer(alice, strong=True),
        charlie=Viewer(charlie, strong=True),
        bob=find_or_add(bob, how="test").person,
        erin=find_or_add(erin, how="test").person,
    )
