"""Who sends how much and what that costs the others; how fast mail goes out; letting a held system go on."""

import random
from datetime import timedelta

import pytest
from django.urls import reverse

from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.messaging import rules
from groundswell.messaging.models import Allowance, Delivery, Domain, Hold, Mailing
from groundswell.messaging.selectors import budget, pace
from groundswell.messaging.services import figures, steering
from groundswell.messaging.services.throttling import our_domain
from groundswell.messaging.tests.test_mailing_pages import page, signal, text_of
from groundswell.messaging.tests.test_steering import Lease, browser, make_team, queued  # noqa: F401
from groundswell.messaging.tests.writing_mailings import crowd, frozen, mailing, segment
from groundswell.powers.services import give
from groundswell.powers.viewer import Viewer


@pytest.fixture
def team(db, settings, queued):  # noqa: F811
    return make_team(settings)


# --- what sending costs --------------------------------------------------------------------------------------------
@pytest.fixture
def busy(team):
    """dana sent ten copies, of which two want no more; alice sent twenty in two mailings, of which none."""
    people = crowd(10)
    to = segment(team["dana"])
    first = mailing(team["dana"], to, asked_by=team["dana"])
    rows = frozen(first, people, "sent")
    for row in rows[:2]:
        signal(row, "unsubscribed")
    for _ in range(2):
        frozen(mailing(team["alice"], to, asked_by=team["alice"]), people, "sent")
    figures.count(Lease())
    return first


def test_each_sender_is_told_what_their_sending_costs_all_the_others(team, busy):
    found = {one.name: one for one in budget.senders(Viewer(team["dana"], strong=True)).senders}
    dana, alice = found["dana"], found["alice"]
    assert (dana.copies, dana.mailings, dana.unsubscribed) == (10, 1, 2)
    assert (alice.copies, alice.mailings, alice.unsubscribed) == (20, 2, 0)
    everybodys = 2 / 30
    assert dana.per_thousand == pytest.approx(1_000 * (2 + rules.PRIOR * everybodys) / (10 + rules.PRIOR))
    assert dana.expected == pytest.approx(10 * dana.per_thousand / 1_000)
    assert dana.others_lose == pytest.approx(dana.expected * 20 / 10)  # the others sent each of ten people two
    assert alice.others_lose == pytest.approx(alice.expected * 10 / 10)


def test_two_of_one_name_are_two_senders(team, busy, monkeypatch):
    monkeypatch.setattr(budget, "display_name", lambda user: "Maria")
    found = budget.senders(Viewer(team["dana"], strong=True)).senders
    assert sorted((one.name, one.copies) for one in found) == [("Maria", 10), ("Maria", 20)]


def test_whoever_sent_little_is_taken_to_be_like_everybody():
    assert rules.expected_rate(1, 1, 0.002) == pytest.approx(0.003, abs=1e-4)
    assert rules.expected_rate(5_000, 1_000_000, 0.002) == pytest.approx(0.005, abs=1e-5)


def test_the_page_shows_it_by_week_and_who_lost_the_slot_to_whom(team, busy):
    Delivery.objects.filter(mailing=busy).update(lost_to=Mailing.objects.exclude(pk=busy.pk).first().pk)
    text = page(browser(team["dana"]), "budget")
    assert "dana 1 mailing" in text and "alice 2 mailings" in text and "gave way to" in text
    lost = budget.lost()
    assert [(one.loser_id, one.people) for one in lost] == [(busy.pk, 10)]
    behind = browser(team["dana"]).get(reverse("messaging:copies", args=[busy.pk]), {"lost_to": str(lost[0].winner_id)})
    assert behind.content.decode().count('<li class="card">') == 10


def test_what_is_older_than_four_weeks_is_not_counted(team, busy):
    Mailing.objects.update(frozen_at=clock.now() - timedelta(weeks=5))
    assert "Nothing was sent in the last four weeks" in page(browser(team["dana"]), "budget")


# --- intervals and winners -----------------------------------------------------------------------------------------
def test_a_share_stands_between_what_wilson_says():
    found = rules.share(10, 100)  # Wilson 1927; the figures of Newcombe 1998, table I, for 10 of 100 by R's prop.test
    assert (round(found.low, 4), round(found.high, 4)) == (0.0552, 0.1744)
    assert rules.share(0, 0).high == 1.0 and rules.share(0, 20).low == 0.0


@pytest.mark.parametrize(
    ("results", "first"),
    [
        ([(10, 1_000), (12, 1_000)], None),
        ([(10, 1_000), (60, 1_000)], 1),
        ([(10, 1_000), (30, 1_000), (28, 1_000)], None),
        ([(5, 0), (0, 10)], None),
        ([(5, 10)], None),
    ],
)
def test_only_what_is_ahead_of_all_by_more_than_chance_is_ahead(results, first):
    assert rules.ahead(results) == first


def test_of_twenty_mailings_with_drafts_that_are_alike_one_at_most_gets_a_winner():
    dice = random.Random(7)
    wrong = 0
    for _ in range(2_000):
        drawn = [(sum(dice.random() < 0.05 for _ in range(400)), 400) for _ in range(4)]
        wrong += rules.ahead(drawn) is not None
    assert wrong <= 100


# --- how mail goes out ---------------------------------------------------------------------------------------------
def save(client, **fields):
    return client.post(reverse("messaging:domain"), {"name": our_domain(), **fields})


def test_a_domain_is_warmed_up_and_throttled(team):
    dana = browser(team["dana"])
    assert "It is warm" in page(dana, "sending")
    first = (clock.now() - timedelta(days=4)).date()
    assert save(dana, warm_from=first.isoformat(), per_hour_1="40").status_code == 302
    kept = Domain.objects.get()
    assert (kept.warm_from, kept.per_hour) == (first, {"1": 40})
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    Allowance.objects.create(domain=our_domain(), mailbox=1, hour=hour, used=33)
    text = page(dana, "sending")
    assert "Day 5 of 30 of its warming up" in text and "Gmail 33 33 33" in text
    other = pace.domains()[0].boxes[0]
    assert other.per_hour == rules.per_hour(first, None, clock.now().date())
    assert Entry.objects.filter(kind="sending.pace_changed").count() == 1


def test_what_is_no_number_is_named_and_other_domains_are_not_ours(team):
    dana = browser(team["dana"])
    refused = save(dana, per_hour_1="0")
    assert refused.status_code == 422 and "greater than or equal to 1" in text_of(refused)
    assert dana.post(reverse("messaging:domain"), {"name": "elsewhere.example"}).status_code == 404
    assert not Domain.objects.exists()


def test_only_who_sends_to_the_whole_movement_changes_the_pace_or_lets_go_on(team):
    give(team["dana"], team["charlie"], "mailings.send", "movement.place.us.vt")
    Hold.objects.create(held_at=clock.now(), why="restored")
    charlie = browser(team["charlie"])
    assert "Let mail go out again" not in page(charlie, "sending")
    assert save(charlie, per_hour_1="40").status_code == 404
    assert charlie.post(reverse("messaging:go_on")).status_code == 404
    assert pace.held()


def test_a_restored_system_goes_on_when_a_person_says_so(team, monkeypatch):
    queue: list = []
    monkeypatch.setattr(steering.jobs, "enqueue", lambda name, /, **how: queue.append((name, how.get("mailing_id"))))
    made = mailing(team["dana"], segment(team["dana"]))
    frozen(made, crowd(1))
    Hold.objects.create(held_at=clock.now(), why="restored")
    dana = browser(team["dana"])
    assert "restored from a copy: nothing is sent until you let it go on" in page(dana, "sending")
    assert "restored from a copy" in text_of(dana.get(reverse("web:hq")))
    assert dana.post(reverse("messaging:go_on")).status_code == 302
    assert pace.held() is None and (steering.GO_ON, str(made.pk)) in queue
    dana.post(reverse("messaging:go_on"))
    assert Entry.objects.filter(kind="sending.resumed").count() == 1
    assert "restored from a copy" not in text_of(dana.get(reverse("web:hq")))


def test_who_sends_no_mailings_is_not_told_of_the_hold(team):
    Hold.objects.create(held_at=clock.now(), why="slept")
    give(team["dana"], team["charlie"], "hq.open")
    assert "slept for long" not in text_of(browser(team["charlie"]).get(reverse("web:hq")))
    assert "slept for long" in text_of(browser(team["dana"]).get(reverse("web:hq")))
