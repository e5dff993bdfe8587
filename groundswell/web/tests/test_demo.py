"""The demo's movement: in the published shape, made up, through the doors."""

import statistics
import threading
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum

from groundswell.events.models import RSVP, Event, Merger, Shift
from groundswell.events.selectors import FindQuery, counts, find
from groundswell.journeys.models import Walk
from groundswell.kit import clock
from groundswell.ledger.selectors import tally
from groundswell.messaging.models import Mailing, Signal, Template, Worded
from groundswell.people.models import Consent
from groundswell.powers.models import ROOT, User
from groundswell.powers.selectors import may
from groundswell.web.demo import loading, shape
from tests.at_once import until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def night():
    return list(shape.gatherings(2_591, NOW))


def places(gathering):
    return sum(party.places for party in gathering.parties)


def test_the_sizes_are_those_of_the_night(night):
    sizes = sorted(map(places, night))
    cut = statistics.quantiles(sizes, n=100)
    assert [round(cut[at]) for at in (9, 24, 49, 74, 89)] == pytest.approx([4, 10, 20, 35, 70], abs=1)
    assert cut[98] == pytest.approx(205, rel=0.05)
    assert sizes[-1] <= 600
    assert sizes.count(0) == pytest.approx(72, abs=25)


def test_as_many_are_full_or_without_a_limit_as_that_night(night):
    assert sum(made.capacity is None for made in night) / len(night) == pytest.approx(0.17, abs=0.02)
    assert sum(made.capacity == places(made) for made in night) / len(night) == pytest.approx(965 / 2591, abs=0.03)
    assert all(made.capacity is None or places(made) <= made.capacity for made in night)


def test_the_same_seed_makes_the_same_movement(night):
    assert list(shape.gatherings(50, NOW, seed=7)) == list(shape.gatherings(50, NOW, seed=7))
    assert list(shape.gatherings(50, NOW, seed=7)) != list(shape.gatherings(50, NOW, seed=8))


def test_nobody_in_it_can_get_mail(night):
    import random

    chance = random.Random(1)
    people = [shape.somebody(chance, number, "05401") for number in range(500)]
    assert all(person.email.endswith("@example.org") for person in people)
    assert len({person.email for person in people}) == 500


@pytest.mark.django_db(transaction=True)
def test_it_is_made_through_the_doors_and_keeps_growing(mailoutbox, settings):
    settings.BASE_URL = "http://127.0.0.1:9"  # where nobody answers, as when the demo is made
    assert not loading.is_filled()
    loading.fill(lambda step: None, count=40, seed=3)
    assert loading.is_filled()
    now = counts()
    assert now.events > 40 and now.to_review == 3 and now.waiting > 0
    taken = Shift.objects.aggregate(taken=Sum("taken"))["taken"]
    assert tally("event.rsvp").quantity == taken > now.taken > 0, "also of events that are over"
    came = RSVP.objects.filter(attended=True)
    assert tally("event.attended").quantity == sum(rsvp.places for rsvp in came) > 0
    assert tally("event.walked_in").quantity == came.filter(state="walk_in").count() > 0
    assert tally("consent.given").entries == Consent.objects.filter(given=True).count() > 0
    call_command("ledger", "verify", stdout=StringIO())
    dana, alice = User.objects.get(email=shape.OWNER), User.objects.get(email=shape.LEADER)
    assert may(dana, "everything", ROOT)
    assert may(alice, "events.review", loading.VERMONT) and not may(alice, "events.review", ROOT)
    assert {mail.to[0].rpartition("@")[2] for mail in mailoutbox} == {"example.org", "greenmountain.example"}
    made = {mailing.state: mailing for mailing in Mailing.objects.all()}
    assert made.keys() == {"finished", "draft", "paused", "asked"}
    signals = set(Signal.objects.filter(mailing_id=made["finished"].pk).values_list("kind", "machine"))
    people_did = {(kind, False) for kind in ("opened", "clicked", "bounced", "unsubscribed", "replied")}
    assert signals >= people_did | {("opened", True)}
    assert {copy.state for copy in made["paused"].deliveries.all()} >= {"sent", "queued"}
    assert made["draft"].drafts.get().versions.count() == 2 and Template.objects.count() == 1
    assert set(Walk.objects.values_list("state", flat=True)) == {"inside", "ended"}
    assert Worded.objects.count() == 1

    rosa = Event.objects.filter(hosts__user__email=shape.HOST)
    assert rosa.filter(starts_at__lte=clock.now(), ends_at__gt=clock.now()).exists(), "one runs"
    assert [(merger.into.title, merger.state) for merger in Merger.objects.all()] == [("Letters to the editor", "open")]

    stop = threading.Event()
    before = sum(found.taken for found in find(FindQuery(limit=50)))
    arrivals = threading.Thread(target=loading.keep_arriving, args=[stop])
    arrivals.start()
    try:
        until(lambda: sum(found.taken for found in find(FindQuery(limit=50))) > before)
    finally:
        stop.set()
        arrivals.join()
