"""Headquarters sees where places and where people are short, as far as their powers reach."""

import csv
import io

import pytest
from django.test import Client

from groundswell.events import attendance, services, verbs
from groundswell.events.programme import programme
from groundswell.events.tests import making
from groundswell.powers.models import User
from groundswell.powers.services import give
from tests.cast import sign_in

pytestmark = pytest.mark.django_db
EVERYWHERE = ["movement"]


@pytest.fixture(autouse=True)
def fresh_rates():
    attendance.forget_rates()


@pytest.fixture
def events():
    full = making.published(title="Full in Burlington", shifts=[making.shift(1)])
    thin = making.published(making.person("bob"), title="Thin in Boston", postal_code="02108")
    fine = making.published(making.person("gus"), title="Fine", shifts=[making.shift(30)])
    making.published(making.person("hal"), title="Later", shifts=[making.shift(days=30)])
    for n in range(2):
        services.rsvp(making.first(full).pk, making.who(f"full{n}"))
    for n in range(10):
        services.rsvp(making.first(fine).pk, making.who(f"fine{n}"))
    return full, thin, fine


def titles(listed):
    return [one.title for one in listed]


def test_full_events_and_events_nobody_comes_to_are_listed(events):
    found = programme(EVERYWHERE)
    assert titles(found.short_of_places) == ["Full in Burlington"]
    assert titles(found.short_of_people) == ["Thin in Boston"]
    assert [(s.region, s.events, s.full, s.share) for s in found.states] == [("VT", 2, 1, 50), ("MA", 1, 0, 0)]


def test_a_full_event_is_listed_also_where_nobody_waits_after_those_where_somebody_does(events):
    full = making.published(making.person("kim"), title="Full and calm", shifts=[making.shift(1)])
    services.rsvp(making.first(full).pk, making.who("lea"))
    assert titles(programme(EVERYWHERE).short_of_places) == ["Full in Burlington", "Full and calm"]


def test_only_one_state_is_listed_where_that_is_asked(events):
    found = programme(EVERYWHERE, "MA")
    assert (titles(found.short_of_places), titles(found.short_of_people)) == ([], ["Thin in Boston"])
    assert len(found.states) == 2


def test_nothing_beyond_ones_powers_is_listed(events):
    found = programme(["movement.place.us.ma"])
    assert (titles(found.short_of_places), titles(found.short_of_people)) == ([], ["Thin in Boston"])
    assert [s.region for s in found.states] == ["MA"]


def browser(user):
    client = Client(headers={"sec-fetch-site": "same-origin"})
    sign_in(client, user, strong=True)
    return client


def test_headquarters_opens_a_list_and_from_there_the_event(cast, events, settings):
    page = browser(cast.dana.user)
    text = page.get("/hq/events").content.decode()
    assert "Full in Burlington" in text and "Thin in Boston" in text and "Fine" not in text
    assert f"/events/{events[1].pk}/host/fill" in text
    assert page.get(f"/events/{events[1].pk}/host/fill").status_code == 200
    assert "Thin in Boston" not in page.get("/hq/events?state=VT").content.decode()


def test_the_lists_come_out_as_a_table(cast, events):
    reply = browser(cast.dana.user).get("/hq/events?format=csv")
    rows = list(csv.DictReader(io.StringIO(reply.content.decode())))
    assert reply["Content-Type"].startswith("text/csv")
    assert [(row["list"], row["title"], row["taken"], row["waiting"]) for row in rows] == [
        ("short of places", "Full in Burlington", "1", "1"),
        ("short of people", "Thin in Boston", "0", "0"),
    ]


def test_whoever_may_only_review_sees_the_lists_of_their_place_and_helps_there(cast, events):
    reviewer = User.objects.create_user("rita@example.org")
    give(cast.dana.user, reviewer, verbs.REVIEW, "movement.place.us.vt")
    page = browser(reviewer)
    text = page.get("/hq/events").content.decode()
    assert "Full in Burlington" in text and "Thin in Boston" not in text
    assert page.get(f"/events/{events[0].pk}/host/fill").status_code == 200
    assert page.get(f"/events/{events[1].pk}/host/fill").status_code == 404


def test_charlie_finds_no_such_page(cast, events):
    assert browser(cast.charlie.user).get("/hq/events").status_code == 404
