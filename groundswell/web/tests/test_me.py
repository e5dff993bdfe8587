"""My page: what is mine, what I can take back, what I can take with me."""

import json

import pytest
from django.urls import reverse

from groundswell.events import services as events
from groundswell.events.services import merging
from groundswell.events.services.desk import call as calling
from groundswell.events.tests import making
from groundswell.messaging.models import Delivery
from groundswell.people import selectors as people
from groundswell.people.models import Person
from groundswell.people.services import NewPerson
from groundswell.powers import selectors as powers
from groundswell.powers.models import Grant
from groundswell.powers.services import give, proved_address
from groundswell.web.rules import Standing, Step, next_step
from tests.cast import sign_in


def page_of(client):
    answer = client.get("/me")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_stranger_signs_in_first_and_comes_back(world, client):
    answer = client.get("/me")
    assert answer.status_code == 302 and answer["Location"].endswith("?next=/me")


def test_what_i_did_by_my_address_before_i_signed_in_is_mine(world, client):
    sign_in(client, proved_address("canary.bob@example.org"))
    page = page_of(client)
    assert "Open kitchen" in page and "You have a place" in page
    assert "/rsvp/" in page


def test_it_shows_nobody_elses_things(world):
    assert "Open kitchen" not in page_of(world.client("charlie"))


def test_a_host_sees_the_events_they_run(world):
    page = page_of(world.client("alice"))
    assert "Open kitchen" in page and reverse("events:desk", args=[world.event.pk]) in page


def test_a_host_hears_of_neighbors_who_wait_for_an_answer(world):
    small = making.published(world.bob, title="Tea next door")
    merger = merging.propose(small, world.event, making.TEST, joins=False)
    page = page_of(world.client("alice"))
    assert "The host of “Tea next door” would like to bring their guests to “Open kitchen”." in page
    assert page.count(reverse("events:merge", args=[world.event.pk])) == 2, "the step, and the event in the list"
    assert "Tea next door" not in page_of(world.client("charlie"))
    merging.decline(merger, making.TEST)
    assert "Tea next door" not in page_of(world.client("alice"))


@pytest.mark.parametrize(
    ("standing", "step"),
    [
        (Standing(), Step.FIND),
        (Standing(coming=1), Step.SHARE),
        (Standing(coming=1, brought=2), Step.HOST),
        (Standing(hosted=1, brought=1), Step.SHARE),
        (Standing(hosted=1, brought=1, to_hand_on=1), Step.HAND_ON),
        (Standing(hosted=1, asked=1), Step.ANSWER),
        (Standing(hosted=1, asked=1, sent_back=1), Step.MEND),
    ],
)
def test_the_next_step_is_one_and_a_little_more_than_the_last(standing, step):
    assert next_step(standing) == step


def test_an_event_sent_back_is_the_next_step(world, client):
    events.send_back(world.waiting, making.TEST, "Which door is it?")
    sign_in(client, proved_address("canary.erin@example.org"))
    page = page_of(client)
    assert "came back to you" in page and "Which door is it?" in page


def test_an_agreement_is_taken_back_in_two_clicks(world, client):
    sign_in(client, proved_address("canary.bob@example.org"))
    (consent,) = people.consents(world.bob)
    page = page_of(client)
    assert "Write to me." in page and "Take it back" in page
    answer = client.post(reverse("web:withdraw", args=[consent.pk]), follow=True)
    assert "Taken back" in answer.content.decode()
    assert not people.agrees(world.bob, "news", "email")
    assert "Write to me." not in page_of(client)


def test_i_agree_to_hear_of_events_near_me_in_the_words_beside_the_button(world, client):
    sign_in(client, proved_address("canary.bob@example.org"))
    bob, address = client, reverse("web:agree")
    Person.objects.filter(pk=world.bob.pk).update(postal_code="")
    assert "Email me when there is an event" in page_of(bob) and 'name="postal_code"' in page_of(bob)
    bob.post(address, {"postal_code": "00000"})
    assert not people.agrees(world.bob, "events", "email"), "a ZIP that is none"
    bob.post(address, {"postal_code": "05401"})
    bob.post(address)
    (consent,) = world.bob.consents.filter(purpose="events")
    world.bob.refresh_from_db()
    assert consent.channel == "email" and consent.page == "/me" and world.bob.postal_code == "05401"
    page = page_of(bob)
    assert f"“{consent.wording.words}”" in page and f'action="{address}"' not in page
    bob.post(reverse("web:withdraw", args=[consent.pk]))
    assert f'action="{address}"' in page_of(bob)


def test_nobody_takes_back_what_another_agreed_to(world):
    (consent,) = people.consents(world.bob)
    assert world.client("charlie").post(reverse("web:withdraw", args=[consent.pk])).status_code == 404
    assert people.agrees(world.bob, "news", "email")


def test_my_link_carries_my_code_and_counts_who_came(world):
    client = world.client("alice")
    page = page_of(client)
    code = page.partition("/?source=")[2].partition('"')[0]
    friend = NewPerson("Fay", email="fay@example.org")
    events.rsvp(making.first(world.event).pk, friend, source_code=code, page="/events")
    assert '<strong class="number">1</strong>' in page_of(client)


def test_i_take_my_data_with_me_and_nobody_elses(world, client):
    calling(world.rsvp, "no_answer", making.TEST)
    sign_in(client, proved_address("canary.bob@example.org"))
    answer = client.get("/me/data.json")
    assert "attachment" in answer["Content-Disposition"]
    data = json.loads(answer.content)
    assert data["person"]["first_name"] == "Bob" and data["rsvps"][0]["event"] == "Open kitchen"
    assert {"canary.bob@example.org", "+18025550177"} <= {point["value"] for point in data["contacts"]}
    assert data["agreements"][0]["words"] == "Write to me."
    assert data["rsvps"][0]["called"] == "no_answer" and data["rsvps"][0]["called_at"]
    assert "canary" not in world.client("charlie").get("/me/data.json").content.decode()


def test_powers_are_explained_and_those_one_lacks_name_who_can_give_them(world):
    page = page_of(world.client("alice"))
    assert "You may open headquarters in Vermont because Dana gave it to you" in page
    assert "Dana holds that power and can give it to you." in page_of(world.client("charlie"))


def test_asking_for_a_power_writes_to_those_who_can_give_it_once_a_day(world):
    charlie = world.client("charlie")
    answer = charlie.post(reverse("web:ask"), {"verb": "hq.open"}, follow=True)
    assert "We asked Dana for you." in answer.content.decode()
    (delivery,) = Delivery.objects.filter(key__startswith="web.ask:")
    assert delivery.address == "dana@example.org" and "charlie@example.org" in delivery.text
    assert "a short while ago" in charlie.post(reverse("web:ask"), {"verb": "hq.open"}, follow=True).content.decode()
    assert Delivery.objects.filter(key__startswith="web.ask:").count() == 1


def test_a_power_is_handed_on_from_my_page(world):
    alice = world.client("alice")
    form = {"email": "Charlie@Example.org", "verb": "hq.open", "scope": "movement.place.us.vt", "may_hand_on": "0"}
    answer = alice.post(reverse("web:power", args=[world.grant.pk]), form, follow=True)
    assert "Charlie holds this power now." in answer.content.decode()
    assert powers.may(world.users["charlie"], "hq.open", "movement.place.us.vt")


@pytest.mark.parametrize(
    "more",
    [{"scope": "movement"}, {"verb": "people.see"}, {"may_hand_on": "1"}, {"ends_on": "2001-01-01"}],
)
def test_nobody_hands_on_more_than_they_hold(world, more):
    form = {"email": "charlie@example.org", "verb": "hq.open", "scope": "movement.place.us.vt", "may_hand_on": "0"}
    answer = world.client("alice").post(reverse("web:power", args=[world.grant.pk]), form | more)
    assert answer.status_code == 422
    assert not powers.scopes(world.users["charlie"], "hq.open")


FORM = {"email": "charlie@example.org", "verb": "hq.open", "scope": "movement.place.us.vt", "may_hand_on": "0"}


def given_to_charlie(world):
    return Grant.objects.filter(holder=world.users["charlie"])


def test_the_same_power_is_not_handed_to_somebody_twice(world):
    alice, address = world.client("alice"), reverse("web:power", args=[world.grant.pk])
    alice.post(address, FORM)
    answer = alice.post(address, FORM)
    (grant,) = given_to_charlie(world)
    page = answer.content.decode()
    assert answer.status_code == 422 and "They hold this already." in page
    assert f'href="{address}#grant-{grant.pk}"' in page and f'id="grant-{grant.pk}"' in page


def test_without_looking_for_the_same_power_there_would_be_two(world, monkeypatch):
    monkeypatch.setattr("groundswell.web.selectors.no_less_than", lambda given: None)
    for _ in range(2):
        world.client("alice").post(reverse("web:power", args=[world.grant.pk]), FORM)
    assert given_to_charlie(world).count() == 2


@pytest.mark.parametrize("more", [{"scope": "movement"}, {"may_hand_on": "1"}, {"verb": "people.see"}])
def test_more_than_they_hold_can_be_handed_to_them(world, more):
    dana, address = world.client("dana"), reverse("web:powers")
    for asked in (FORM, FORM | more):
        assert dana.post(address, asked).status_code == 302
    assert given_to_charlie(world).count() == 2


@pytest.mark.parametrize(
    ("kept", "asked", "enough"),
    [
        ({"ends_on": "2099-05-01"}, {}, False),
        ({}, {"ends_on": "2099-05-01"}, True),
        ({"ends_on": "2099-05-01"}, {"ends_on": "2099-04-01"}, True),
        ({"limit": "3"}, {"limit": "4"}, False),
        ({"limit": "3"}, {}, False),
        ({"limit": "3"}, {"limit": "3"}, True),
        ({}, {"limit": "3"}, True),
    ],
)
def test_less_than_they_hold_adds_nothing(world, kept, asked, enough):
    dana, address, form = world.client("dana"), reverse("web:powers"), FORM | {"verb": "events.review"}
    dana.post(address, form | kept)
    assert given_to_charlie(world).count() == 1
    assert dana.post(address, form | asked).status_code == (422 if enough else 302)
    assert given_to_charlie(world).count() == (1 if enough else 2)


def test_a_power_that_is_used_up_or_taken_back_can_be_handed_on_again(world):
    dana, address = world.client("dana"), reverse("web:powers")
    form = FORM | {"verb": "events.review", "limit": "3"}
    dana.post(address, form)
    given_to_charlie(world).update(used=1)
    dana.post(address, form)
    assert given_to_charlie(world).count() == 2
    for grant in given_to_charlie(world):
        dana.post(reverse("web:take_back", args=[grant.pk]))
    dana.post(address, form)
    assert given_to_charlie(world).count() == 3


def test_a_number_of_times_is_asked_only_where_somebody_counts(world):
    alice, dana = world.client("alice"), world.client("dana")
    page = alice.get(reverse("web:power", args=[world.grant.pk])).content.decode()
    assert "How many times" not in page
    page = dana.get(reverse("web:powers")).content.decode()
    counted = (
        "host events without review, review events that wait for approval or write to guests of events that others"
    )
    assert f"Only to {counted} host." in page
    answer = dana.post(reverse("web:powers"), FORM | {"limit": "2"})
    assert answer.status_code == 422 and "Nobody counts how often this is done" in answer.content.decode()
    assert answer.context["form"].errors.keys() == {"limit"}
    assert not given_to_charlie(world)


@pytest.mark.parametrize(
    ("field", "value"), [("limit", "9" * 20), ("may_hand_on", "9" * 20), ("ends_on", "9999-12-31"), ("email", "x@")]
)
def test_what_is_beyond_all_bounds_is_said_at_its_field(world, field, value):
    answer = world.client("dana").post(reverse("web:powers"), FORM | {"verb": "events.review", field: value})
    assert answer.status_code == 422 and not given_to_charlie(world)


def test_a_power_is_taken_back_with_what_came_from_it(world):
    below = give(world.users["alice"], world.users["charlie"], "hq.open", "movement.place.us.vt")
    assert powers.may(below.holder, "hq.open", below.scope)
    assert "You handed some of it to Charlie." in page_of(world.client("alice"))
    world.client("dana").post(reverse("web:take_back", args=[world.grant.pk]))
    assert not powers.may(below.holder, "hq.open", below.scope)
    assert not powers.scopes(world.users["alice"], "hq.open")


def test_charlie_takes_nothing_back(world):
    assert world.client("charlie").post(reverse("web:take_back", args=[world.grant.pk])).status_code == 404
    assert powers.scopes(world.users["alice"], "hq.open")


def test_a_strong_power_is_handed_on_only_with_a_second_factor(world, client):
    sign_in(client, world.users["dana"])
    form = {"email": "charlie@example.org", "verb": "people.see", "scope": "movement", "may_hand_on": "0"}
    answer = client.post(reverse("web:powers"), form)
    assert answer.status_code == 302 and "/account/" in answer["Location"]
    assert not powers.scopes(world.users["charlie"], "people.see")
    world.client("dana").post(reverse("web:powers"), form)
    assert powers.scopes(world.users["charlie"], "people.see") == ["movement"]
