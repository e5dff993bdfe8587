"""Hosts get one mail a morning about what is new, by the clock of their event's place; none when nothing is."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from groundswell.events import links, services
from groundswell.events.models import Morning
from groundswell.events.services import desk, mornings
from groundswell.events.tests.making import first, person, published, shift, who
from groundswell.jobs.services import make_rounds
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.models import ContactPoint
from groundswell.people.services import verify

pytestmark = pytest.mark.django_db
VERMONT = ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """It begins at noon, whenever the test runs."""
    today = clock.now().astimezone(VERMONT).replace(hour=12, minute=0)
    monkeypatch.setattr(clock, "now", lambda: today)
    return today


@pytest.fixture
def host(db):
    found = person("alice")
    verify(ContactPoint.objects.get(person=found, channel="email"))
    return found


@pytest.fixture
def event(host):
    made = published(host, shifts=[shift(2, days=20)])
    catch_up()
    drain()
    return made


@pytest.fixture
def morning(monkeypatch, noon):
    """The mails to hosts on the next morning, or so many after it, at an hour of the place."""

    def at(hour=8, days=1) -> list[tuple[str, str]]:
        day = noon + timedelta(days=days)
        then = datetime(day.year, day.month, day.day, hour, 5, tzinfo=VERMONT)
        monkeypatch.setattr(clock, "now", lambda: then)
        known = set(Delivery.objects.values_list("pk", flat=True))
        make_rounds()
        drain()
        monkeypatch.setattr(clock, "now", lambda: then + timedelta(minutes=1))
        new = Delivery.objects.exclude(pk__in=known).filter(key__startswith="event.morning:")
        return list(new.values_list("subject", "text"))

    return at


def test_it_tells_what_is_new_and_who_waits(event, morning):
    rsvp = services.rsvp(first(event).pk, who("erin"), guests=1)
    services.rsvp(first(event).pk, who("frida"))
    desk.tell_needs(rsvp, "A chair, please.")
    catch_up()
    ((subject, text),) = morning()
    assert subject == "Your events: 1 new RSVP"
    for part in (
        "House party (",
        "1 new RSVP. 1 waits for a place. 1 wrote what they need. 2 come in all.",
        reverse("events:desk", args=[event.pk]),
        "No more of these",
    ):
        assert part in text
    assert "A chair" not in text  # what guests write stays on the desk


def test_one_a_morning_and_only_of_what_came_since(event, morning):
    services.rsvp(first(event).pk, who("erin"))
    assert len(morning(7)) == 1
    services.rsvp(first(event).pk, who("frida"))
    assert morning(9) == []
    ((subject, _text),) = morning(7, days=2)
    assert subject == "Your events: 1 new RSVP"
    assert morning(7, days=3) == []


def test_none_when_nothing_is_new(event, morning):
    assert morning() == []
    assert morning(days=2) == []


@pytest.mark.parametrize(("hour", "told"), [(6, 0), (7, 1), (9, 1), (10, 0), (20, 0)])
def test_it_comes_in_the_morning_of_the_place(event, morning, hour, told):
    services.rsvp(first(event).pk, who("erin"))
    assert len(morning(hour)) == told


def test_a_morning_in_california_is_later(host, morning):
    event = published(host, postal_code="94103", shifts=[shift(days=20)])
    services.rsvp(first(event).pk, who("erin"))
    assert morning(8) == []
    assert len(morning(11)) == 1


def test_who_took_it_back_is_told_too(event, morning):
    rsvp = services.rsvp(first(event).pk, who("erin"))
    morning(days=1)
    services.cancel_rsvp(rsvp)
    ((_subject, text),) = morning(days=2)
    assert "1 took it back." in text


def test_the_link_ends_them_and_lets_them_come_again(event, host, morning):
    services.rsvp(first(event).pk, who("erin"))
    morning()
    sent = mail.outbox[-1]
    address = reverse("events:no_morning", args=[links.morning_token(host)])
    assert address in sent.body
    assert address in sent.message()["List-Unsubscribe"]
    page = Client(headers={"sec-fetch-site": "same-origin"})
    assert "No more morning mails?" in page.get(address).content.decode()
    assert not mornings.stopped(host)
    assert page.post(address).status_code == 303
    assert mornings.stopped(host)
    services.rsvp(first(event).pk, who("frida"))
    assert morning(days=2) == []
    page.post(address)
    assert not mornings.stopped(host)
    assert len(morning(days=3)) == 1


def test_a_mail_program_ends_them_in_one_press(event, host):
    address = reverse("events:no_morning", args=[links.morning_token(host)])
    answer = Client(enforce_csrf_checks=True).post(address, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert Morning.objects.get().off
    assert Client().get(reverse("events:no_morning", args=["x"])).status_code == 404
