"""People are reached only as far as a viewer's grants go."""

from uuid import uuid4

import pytest
from django.http import Http404

from groundswell.ledger import selectors as ledger
from groundswell.people import selectors, services
from groundswell.people.models import Person
from groundswell.people.selectors import NotFound
from groundswell.people.verbs import CHANGE, SEE
from groundswell.powers.services import give, revoke
from groundswell.powers.viewer import Viewer


def names(people):
    return {person.given_name for person in people}


def test_reach_is_the_scope_of_the_grants_and_oneself(cast):
    assert names(selectors.access_people(cast.dana)) == {"Dana", "Alice", "Charlie", "Bob", "Erin"}
    assert names(selectors.access_people(cast.alice)) == {"Alice", "Charlie", "Bob"}
    assert names(selectors.access_people(cast.charlie)) == {"Charlie"}
    assert names(selectors.access_people(Viewer(None))) == set()


def test_changing_is_a_power_of_its_own_also_over_oneself(cast):
    assert names(selectors.access_people(cast.charlie, CHANGE)) == set()
    assert names(selectors.access_people(cast.alice, CHANGE)) == {"Alice", "Charlie", "Bob"}


def test_two_scopes_are_one_reach(cast):
    give(cast.dana.user, cast.alice.user, SEE, "movement.place.us.ny")
    assert names(selectors.access_people(cast.alice)) == {"Alice", "Charlie", "Bob", "Erin", "Dana"}


def test_out_of_reach_and_not_there_look_alike(cast):
    for viewer, person_id in ((cast.charlie, cast.bob.pk), (cast.alice, cast.erin.pk), (cast.alice, uuid4())):
        with pytest.raises(NotFound) as error:
            selectors.access_person(viewer, person_id)
        assert isinstance(error.value, Http404) and str(error.value) == ""
    assert selectors.access_person(cast.alice, str(cast.bob.pk)) == cast.bob


def test_a_grant_taken_back_ends_the_reach_at_once(cast):
    grant = cast.alice.user.grants.get(verb=SEE)
    assert selectors.search(cast.alice, "bob")
    revoke(grant, by=cast.dana.user)
    assert not selectors.search(cast.alice, "bob")


def test_without_a_second_factor_only_oneself_is_in_reach(cast):
    assert names(selectors.access_people(Viewer(cast.dana.user, strong=False))) == {"Dana"}


def test_a_timeline_is_only_for_those_who_see_the_person(cast):
    with pytest.raises(NotFound):
        selectors.timeline(cast.charlie, cast.bob)


# --- search --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    ["bob", "BOB", "ob", "ost", "Øst", "bob øst", "øst bob", "bob@example", "example.org bob", "5550123",
     "(802) 555-0123", "+1 802", "802.555", "b 0123", "bob\x00"],
)  # fmt: skip
def test_search_finds_by_any_part_of_name_email_or_phone(text, cast):
    assert cast.bob in selectors.search(cast.alice, text)


@pytest.mark.parametrize("text", ["bob hill", "bob 999", "%", "_", "\\", "o_b", "' OR 1=1 --"])
def test_every_word_must_match_and_signs_are_only_signs(text, cast):
    assert cast.bob not in selectors.search(cast.alice, text)


def test_search_stays_within_reach(cast):
    assert selectors.search(cast.alice, "erin") == []
    assert selectors.search(cast.charlie, "bob") == []
    assert selectors.search(cast.dana, "erin") == [cast.erin]


def test_a_search_without_words_shows_those_we_met_last(cast):
    assert selectors.search(cast.dana, " ", limit=2) == list(Person.objects.order_by("-added_at", "-id")[:2])


def test_what_a_form_adds_later_is_found_too(cast):
    services.find_or_add(services.NewPerson(email="erin@example.net", phone="212-555-0199"), how="test")
    assert selectors.search(cast.dana, "erin 0199") == [cast.erin]


# --- looking -------------------------------------------------------------------------------------------------------
def looks(person):
    return [entry.actor for entry in ledger.of_person(person.pk) if entry.kind == "person.looked_at"]


def test_looking_is_counted_once_an_hour_for_each_who_looks(cast):
    for viewer in (cast.alice, cast.alice, cast.dana):
        services.looked_at(viewer, cast.bob)
    assert sorted(looks(cast.bob)) == sorted([f"user:{cast.alice.user.pk}", f"user:{cast.dana.user.pk}"])


def test_looking_an_hour_later_counts_again(cast, monkeypatch):
    from datetime import timedelta

    from groundswell.kit import clock
    from groundswell.powers import limits

    services.looked_at(cast.alice, cast.bob)
    later = clock.now() + timedelta(minutes=61)
    monkeypatch.setattr(limits, "now", lambda: later)
    services.looked_at(cast.alice, cast.bob)
    assert len(looks(cast.bob)) == 2


def test_looking_at_oneself_is_nobodys_business(cast):
    alice = Person.objects.get(user=cast.alice.user)
    services.looked_at(cast.alice, alice)
    assert looks(alice) == []
