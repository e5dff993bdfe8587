"""Why one may, or may not, in one sentence with the chain."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.utils import translation

from groundswell.powers import hooks, selectors, services
from groundswell.powers.models import User

pytestmark = pytest.mark.django_db

REVIEW = "events.review"
VERMONT = "movement.place.us.vt"


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel(datetime(2026, 3, 3, 18, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def dana():
    return services.found_movement("dana@example.org", "Green Mountain")


@pytest.fixture
def alice():
    return User.objects.at_address("alice@example.org")


@pytest.fixture
def bob():
    return User.objects.at_address("bob@example.org")


def test_the_chain_in_words(dana, alice, bob):
    until = datetime(2026, 4, 6, 3, tzinfo=UTC)  # still the 5th in the movement's time zone
    first = services.give(dana, alice, REVIEW, VERMONT, ends_at=until, may_hand_on=1)
    services.hand_on(first, alice, bob)
    assert selectors.why(bob, REVIEW, VERMONT) == (
        "You may review events that wait for approval in Vermont because dana gave it to alice, who handed it on to "
        "you on March 3, until April 5."
    )
    assert selectors.why(alice, REVIEW, VERMONT) == (
        "You may review events that wait for approval in Vermont because dana gave it to you on March 3, until April 5."
    )


def test_an_owner_s_sentence(dana):
    assert selectors.why(dana, REVIEW) == (
        "You may review events that wait for approval because you became an owner of Green Mountain on March 3."
    )


def test_a_counted_power_says_what_is_left(dana, alice):
    services.give(dana, alice, REVIEW, limit=2)
    services.spend(alice, REVIEW)
    assert selectors.why(alice, REVIEW).endswith("on March 3. 1 time is left.")
    services.spend(alice, REVIEW)
    assert selectors.why(alice, REVIEW) == (
        "You may not review events that wait for approval any more: the 2 times you were given are used."
    )


def test_an_outsider_learns_who_can_give_it(dana, alice):
    charlie = User.objects.at_address("charlie@example.org")
    services.give(dana, alice, REVIEW, VERMONT)  # may not hand it on, so is not named
    assert selectors.why(charlie, REVIEW, VERMONT) == (
        "You may not review events that wait for approval in Vermont. dana holds that power and can give it to you."
    )
    services.give(dana, alice, REVIEW, VERMONT, may_hand_on=1)
    assert "dana and alice hold that power and can give it to you." in selectors.why(charlie, REVIEW, VERMONT)


def test_where_nobody_holds_it_that_is_said(alice):
    assert selectors.why(alice, REVIEW).endswith("Nobody holds that power.")


def test_what_everybody_may(alice):
    assert selectors.why(alice, "events.host") == "You may host events: everybody who signs in may."


def test_people_are_called_by_their_names_and_never_by_their_address(dana, alice, monkeypatch):
    services.give(dana, alice, REVIEW)
    monkeypatch.setattr(hooks, "_display_name", lambda user: "Dana Reyes" if user == dana else "")
    assert "because Dana Reyes gave it to you" in selectors.why(alice, REVIEW)
    assert hooks.display_name(alice) == "alice"


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("movement.place.us", "in United States"),
        ("movement.place.ca.on", "in ON"),
        ("movement.place.us.zz", "in ZZ"),
        ("movement.team.green_hill", "in team, green hill"),
    ],
)
def test_places_in_words(dana, scope, words):
    assert f"approval {words} because" in selectors.why(dana, REVIEW, scope)


def test_another_year_is_named(dana, alice):
    services.give(dana, alice, REVIEW, ends_at=datetime(2027, 1, 5, tzinfo=UTC))
    assert "until Jan. 4, 2027" in selectors.why(alice, REVIEW)


def test_the_sentence_is_the_reader_s_language(dana, alice):
    services.give(dana, alice, REVIEW)
    with translation.override("es"):
        assert "3 de marzo" in selectors.why(alice, REVIEW)
