"""A mailing is launched once, by two people where it goes to many, and can be called back until it begins."""

import threading
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from groundswell.jobs import hooks as jobs
from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.services import beginning, steering
from groundswell.messaging.tests.writing_mailings import crowd, frozen, mailing, segment
from groundswell.people import segments
from groundswell.people import services as people
from groundswell.people.models import Segment
from groundswell.powers import selectors as powers
from groundswell.powers.models import Movement
from groundswell.powers.movement import forget
from groundswell.powers.services import found_movement, give, proved_address
from groundswell.powers.viewer import Viewer
from tests.at_once import HANGS_S, together

State = Mailing.State


class Lease:
    """Of a job that runs alone."""

    def transaction(self):
        return nullcontext()


@pytest.fixture
def queued(monkeypatch) -> list:
    """The jobs that were queued for the engine: name, when, arguments."""
    found: list = []
    for name in (steering.BEGIN, steering.GO_ON):
        monkeypatch.setitem(jobs.jobs, name, lambda lease, **args: None)
    real = steering.jobs.enqueue

    def enqueue(name, /, **how):
        found.append((name, how.get("at"), how.get("mailing_id")))
        return real(name, **how)

    monkeypatch.setattr(steering.jobs, "enqueue", enqueue)
    return found


@pytest.fixture
def team(db, settings, queued):
    """dana and olga own the movement; alice has her power to send from dana, bob his from alice."""
    return make_team(settings)


def make_team(settings):
    settings.SECOND_FACTOR_REQUIRED = False
    Movement.objects.update_or_create(only=True, defaults={"postal_address": "1 Main St"})
    forget()
    team = {"dana": found_movement("dana@example.org", "The Movement"), "olga": found_movement("olga@example.org")}
    for name in ("alice", "bob", "charlie"):
        team[name] = proved_address(f"{name}@example.org")
    give(team["dana"], team["alice"], "mailings.send", may_hand_on=1)
    give(team["dana"], team["alice"], "mailings.write")
    give(team["alice"], team["bob"], "mailings.send")
    return team


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def press(user, made, do, **fields) -> str:
    """Press a button of the mailing; what is said then."""
    reply = browser(user).post(reverse("messaging:steer", args=[made.pk]), {"do": do, **fields})
    assert reply.status_code == 302 and reply["Location"].endswith(str(made.pk))
    made.refresh_from_db()
    return " ".join(message.message for message in reply.wsgi_request._messages)


def kinds(made) -> list[str]:
    return list(Entry.objects.filter(on_id=made.pk).order_by("pk").values_list("kind", flat=True))


# --- few people ----------------------------------------------------------------------------------------------------
def test_a_launch_can_be_called_back_for_ten_minutes_and_then_begins(team, queued):
    crowd(3)
    made = mailing(team["alice"], segment(team["alice"]))
    press(team["alice"], made, "launch")
    assert made.state == State.WAITING and made.asked_by == team["alice"]
    assert timedelta(minutes=9) < made.starts_at - clock.now() <= rules.UNDO
    assert queued == [(steering.BEGIN, made.starts_at, str(made.pk))]
    assert Entry.objects.get(kind="mailing.launched").data == {"people": 3}
    press(team["alice"], made, "call_back")
    assert made.state == State.DRAFT and made.starts_at is None
    assert kinds(made) == ["mailing.launched", "mailing.called_back"]


def test_what_is_wanted_later_begins_later(team, queued):
    crowd(1)
    later = clock.now() + timedelta(days=2)
    made = mailing(team["alice"], segment(team["alice"]), wanted_at=later)
    press(team["alice"], made, "launch")
    assert made.starts_at == later and queued[0][1] == later


def test_what_has_begun_is_not_called_back(team):
    made = mailing(team["alice"], segment(team["alice"]))
    frozen(made, crowd(2))
    assert "not where it was" in press(team["alice"], made, "call_back")
    assert made.state == State.SENDING


def test_without_words_or_people_nothing_goes(team):
    made = mailing(team["alice"], None)
    assert "Choose to whom" in press(team["alice"], made, "launch")
    empty = mailing(team["alice"], segment(team["alice"]), drafts=0)
    assert "Nothing is written yet" in press(team["alice"], empty, "launch")
    assert {made.state, empty.state} == {State.DRAFT}


def test_what_a_check_stops_does_not_go(team):
    crowd(1)
    made = mailing(team["alice"], segment(team["alice"]))
    Movement.objects.update(postal_address="")
    forget()
    assert "postal address" in press(team["alice"], made, "launch")
    assert made.state == State.DRAFT


def test_whoever_may_not_send_learns_who_can(team):
    give(team["dana"], team["charlie"], "mailings.write")
    made = mailing(team["charlie"], segment(team["alice"]))
    assert "You may not send mailings" in press(team["charlie"], made, "launch")
    assert made.state == State.DRAFT and not kinds(made)


def test_an_outsider_finds_no_mailing(team):
    made = mailing(team["alice"], segment(team["alice"]))
    assert (
        browser(team["charlie"]).post(reverse("messaging:steer", args=[made.pk]), {"do": "launch"}).status_code == 404
    )


# --- many people ---------------------------------------------------------------------------------------------------
@pytest.fixture
def large(team):
    """Two are many here."""
    Movement.objects.update(agree_above=1)
    forget()
    crowd(2)
    return mailing(team["alice"], segment(team["alice"]))


def test_to_many_goes_only_what_a_second_person_agreed_to(team, large):
    assert "second person" in press(team["alice"], large, "launch")
    press(team["alice"], large, "ask")
    assert large.state == State.ASKED
    told = Delivery.objects.filter(key__startswith="mailing.asked:")
    assert {row.address for row in told} == {"dana@example.org", "olga@example.org"}
    assert all(reverse("messaging:mailing", args=[large.pk]) in row.text for row in told)
    press(team["olga"], large, "agree")
    assert large.state == State.WAITING and large.agreed_by == team["olga"] and large.asked_by == team["alice"]
    assert kinds(large) == ["mailing.asked", "mailing.launched"]
    assert Delivery.objects.filter(key__startswith="mailing.agreed:", address="alice@example.org").exists()


def test_a_second_person_is_needed_for_everybody_however_few_they_are(team):
    crowd(1)
    made = mailing(team["alice"], segment(team["alice"], {"all": []}))
    assert "second person" in press(team["alice"], made, "launch")


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_neither_oneself_nor_who_has_the_power_from_oneself_is_a_second_person(team, large, who):
    press(team["alice"], large, "ask")
    assert "Somebody else must agree" in press(team[who], large, "agree")
    assert large.state == State.ASKED


def test_without_that_rule_the_own_hand_would_do(team, large, monkeypatch):
    monkeypatch.setattr(powers, "independent", lambda user, of, verb, scope: True)
    press(team["alice"], large, "ask")
    press(team["bob"], large, "agree")
    assert large.state == State.WAITING


def test_one_above_is_a_second_person_and_an_owner_needs_another_owner(team, large):
    press(team["bob"], large, "ask")
    press(team["alice"], large, "agree")
    assert large.state == State.WAITING
    press(team["dana"], large, "call_back")
    press(team["dana"], large, "ask")
    assert "Somebody else" in press(team["alice"], large, "agree")
    press(team["olga"], large, "agree")
    assert large.state == State.WAITING


def test_where_nobody_could_agree_the_page_says_what_to_do(team, large):
    Segment.objects.update(made_by=team["olga"])
    team["olga"].is_active = False
    team["olga"].save()
    assert "a second owner" in press(team["dana"], large, "ask")
    assert large.state == State.DRAFT


def test_who_does_not_agree_says_why_and_it_is_a_draft_again(team, large):
    press(team["alice"], large, "ask")
    press(team["olga"], large, "refuse", note="The date\nis wrong.")
    assert large.state == State.DRAFT and large.asked_at is None
    mail = Delivery.objects.get(key__startswith="mailing.refused:")
    assert "The date is wrong." in mail.text and mail.address == "alice@example.org"


def test_what_nobody_agreed_to_within_a_day_is_a_draft_again_and_told(team, large):
    press(team["alice"], large, "ask")
    steering.fall_back(Lease())
    large.refresh_from_db()
    assert large.state == State.ASKED
    Mailing.objects.update(asked_at=clock.now() - timedelta(hours=25))
    Segment.objects.update(changed_at=clock.now() - timedelta(days=3))
    assert "more than a day ago" in press(team["olga"], large, "agree")
    steering.fall_back(Lease())
    large.refresh_from_db()
    assert large.state == State.DRAFT
    assert Delivery.objects.filter(key__startswith="mailing.lapsed:", address="alice@example.org").count() == 1


def test_a_segment_changed_after_it_was_asked_for_is_not_agreed_to(team, large):
    press(team["alice"], large, "ask")
    draft = people.Draft("The list", segments.read({"all": []}))
    people.save_segment(Viewer(team["alice"], strong=True), draft, large.segment)
    assert "segment was changed" in press(team["olga"], large, "agree")
    assert large.state == State.ASKED


def test_nothing_of_what_was_asked_for_can_be_changed_before_it_is_taken_back(team, large):
    give(team["dana"], team["alice"], "people.see")
    fields = {"name": "Other", "segment": large.segment.pk, "purpose": "news", "priority": 1}
    edit = reverse("messaging:edit_mailing", args=[large.pk])
    press(team["alice"], large, "ask")
    refused = browser(team["alice"]).post(edit, fields)
    assert refused.status_code == 422 and "Take it back first" in refused.content.decode()
    press(team["alice"], large, "call_back")
    assert browser(team["alice"]).post(edit, fields).status_code == 302
    large.refresh_from_db()
    assert large.name == "Other"


@pytest.mark.parametrize(("what", "why"), [("segment", "changed"), ("people", "grew"), ("nothing", "")])
def test_what_was_launched_begins_only_as_it_was_launched(team, queued, what, why):
    Movement.objects.update(agree_above=2)
    forget()
    crowd(2)
    to = segment(team["alice"])
    made = mailing(team["alice"], to)
    press(team["alice"], made, "launch")
    if what == "segment":
        people.save_segment(Viewer(team["alice"], strong=True), people.Draft("Others", segments.read({"all": []})), to)
    elif what == "people":
        crowd(3)
    Mailing.objects.update(starts_at=clock.now())
    beginning.begin(Lease(), made.pk)
    made.refresh_from_db()
    assert (made.state, made.problem) == (State.PAUSED if why else State.SENDING, why)


# --- on its way ----------------------------------------------------------------------------------------------------
def test_it_pauses_goes_on_and_stops_with_its_reasons_in_the_ledger(team, queued):
    made = mailing(team["alice"], segment(team["alice"]))
    frozen(made, crowd(3))
    press(team["alice"], made, "pause", note="A typo in the date.")
    assert made.state == State.PAUSED and made.problem == "A typo in the date."
    press(team["alice"], made, "resume")
    assert made.state == State.SENDING and made.problem == ""
    assert queued == [(steering.GO_ON, None, str(made.pk))]
    press(team["alice"], made, "stop")
    assert made.state == State.STOPPED and made.ended_at
    steering.clear(Lease(), str(made.pk))
    assert set(Delivery.objects.filter(mailing=made).values_list("state", "problem")) == {("suppressed", "stopped")}
    assert kinds(made) == ["mailing.paused", "mailing.resumed", "mailing.stopped"]
    assert Entry.objects.get(kind="mailing.paused").data == {"why": "person"}


@pytest.fixture
def elsewhere(team):
    """Sends mailings in one state, and has to do with none of the others'."""
    give(team["dana"], team["charlie"], "mailings.send", "movement.place.us.vt")
    return team["charlie"]


@pytest.mark.parametrize("begun", [True, False])
def test_whoever_sends_in_one_state_may_pause_everybodys_mailing_and_no_more(team, elsewhere, begun):
    made = mailing(team["alice"], segment(team["alice"]))
    people = crowd(1)
    if begun:
        frozen(made, people)
        Mailing.objects.update(asked_by=team["alice"])
    else:
        press(team["alice"], made, "launch")
        assert "another team" in press(elsewhere, made, "call_back") and made.state == State.WAITING
    assert "another team" in press(elsewhere, made, "stop")
    press(elsewhere, made, "pause")
    assert made.state == State.PAUSED
    for do in ("resume", "stop"):
        assert "another team" in press(elsewhere, made, do)
    page = browser(elsewhere).get(reverse("messaging:mailing", args=[made.pk])).content.decode()
    assert "You can pause it." in page and 'value="resume"' not in page and 'value="stop"' not in page
    press(team["dana"], made, "stop")
    assert made.state == State.STOPPED


def test_without_that_rule_one_state_would_stop_the_mailing_of_all(team, elsewhere, monkeypatch):
    monkeypatch.setattr(steering, "may_steer", lambda viewer, mailing: True)
    made = mailing(team["alice"], segment(team["alice"]))
    frozen(made, crowd(1))
    press(elsewhere, made, "stop")
    assert made.state == State.STOPPED


def test_the_system_pauses_and_says_why(team):
    made = mailing(team["alice"], segment(team["alice"]))
    frozen(made, crowd(1))
    steering.pause(made, why="complaints")
    entry = Entry.objects.get(kind="mailing.paused")
    assert entry.data == {"why": "complaints"} and entry.actor == "system:sending"


def test_what_was_held_before_it_began_gets_a_new_window_to_undo(team, queued):
    crowd(1)
    made = mailing(team["alice"], segment(team["alice"]))
    press(team["alice"], made, "launch")
    Mailing.objects.update(starts_at=clock.now() - timedelta(minutes=16))
    made.refresh_from_db()
    assert rules.missed(made.starts_at, clock.now())
    steering.pause(made, why="missed")
    press(team["alice"], made, "resume")
    assert made.state == State.WAITING and made.starts_at > clock.now() + timedelta(minutes=9)
    assert [job[0] for job in queued] == [steering.BEGIN, steering.BEGIN]
    steering.pause(made, why="changed")
    press(team["alice"], made, "call_back")
    assert made.state == State.DRAFT


def test_a_mailing_is_missed_only_a_quarter_of_an_hour_after_its_time():
    now = clock.now()
    assert not rules.missed(now - rules.MISSED, now)
    assert rules.missed(now - rules.MISSED - timedelta(seconds=1), now)


# --- at once -------------------------------------------------------------------------------------------------------
LAUNCHES = 200


def launched_by_many(team, made) -> set[str]:
    """Two hundred press the button, fifty at a time: the database has no more connections. Where it leads them."""

    def launch(number: int) -> str:
        reply = browser(team["alice"]).post(reverse("messaging:steer", args=[made.pk]), {"do": "launch"})
        return reply["Location"]

    return {where for _turn in range(LAUNCHES // 50) for where in together(launch, 50)}


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_launches_one_runs_and_the_others_get_its_id(settings, queued):
    team = make_team(settings)
    crowd(2)
    made = mailing(team["alice"], segment(team["alice"]))
    assert launched_by_many(team, made) == {reverse("messaging:mailing", args=[made.pk])}
    assert kinds(made) == ["mailing.launched"] and len(queued) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_it_would_be_launched_more_than_once(settings, queued, monkeypatch):
    both = threading.Barrier(2)

    def unlocked(mailing):
        found = Mailing.objects.select_related("segment", "asked_by").get(pk=mailing.pk)
        both.wait(HANGS_S)
        return found

    monkeypatch.setattr(steering, "_locked", unlocked)
    team = make_team(settings)
    crowd(2)
    made = mailing(team["alice"], segment(team["alice"]))
    together(lambda n: steering.launch(Viewer(team["alice"], strong=True), made), 2)
    assert kinds(made) == ["mailing.launched", "mailing.launched"] and len(queued) == 2
