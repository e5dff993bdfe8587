"""Mailings at headquarters: begun, counted, launched from the page, watched, read, settled."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.messaging import services
from groundswell.messaging.models import Answer, Choice, Delivery, Link, Mailing, Signal, Subject
from groundswell.messaging.selectors import audience, results
from groundswell.messaging.services import figures
from groundswell.messaging.services.answering import about_mailing
from groundswell.messaging.tests.test_steering import Lease, browser, make_team, queued  # noqa: F401
from groundswell.messaging.tests.writing_mailings import crowd, frozen, mailing, segment
from groundswell.people import services as people
from groundswell.people.models import ContactPoint, Person
from groundswell.people.services import NewPerson
from groundswell.powers.models import Movement
from groundswell.powers.movement import forget
from groundswell.powers.services import give

State = Mailing.State
VERMONT = "movement.place.us.vt"


@pytest.fixture
def team(db, settings, queued):  # noqa: F811
    return make_team(settings)


@pytest.fixture
def dana(team) -> Client:
    return browser(team["dana"])


def page(client, name, *args, **asked) -> str:
    reply = client.get(reverse(f"messaging:{name}", args=args), asked)
    assert reply.status_code == 200, reply.status_code
    return text_of(reply)


def text_of(reply) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", reply.content.decode()).split())


FORM = {"name": "June news", "purpose": "news", "priority": "1"}


# --- before it goes ------------------------------------------------------------------------------------------------
def test_an_empty_list_offers_the_first_step(dana):
    assert "No mailings yet" in page(dana, "mailings") and "Begin a mailing" in page(dana, "mailings")


def test_a_mailing_is_begun_and_says_what_it_lacks(team, dana):
    reply = dana.post(reverse("messaging:new_mailing"), FORM)
    made = Mailing.objects.get()
    assert reply["Location"].endswith(str(made.pk)) and made.drafts.count() == 1
    text = page(dana, "mailing", made.pk)
    assert "Choose a segment" in text and "First choose to whom it goes." in text and "Nothing is written yet" in text
    assert Entry.objects.filter(kind="mailing.made", on_id=made.pk).exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "required"),
        ("wanted_at", "2020-01-01T10:00", "This is over."),
        ("from_hour", "9", "Choose both hours"),
        ("reply_to", "nobody", "valid email"),
        ("purpose", "spam", "Choose one of the list."),
        ("segment", "0197b0a0-0000-7000-8000-000000000000", "Choose one of the list."),
    ],
)
def test_what_cannot_stand_is_named(dana, field, value, words):
    reply = dana.post(reverse("messaging:new_mailing"), {**FORM, field: value})
    assert reply.status_code == 422 and words in reply.content.decode()
    assert not Mailing.objects.exists()


def test_a_time_is_on_the_clock_of_headquarters(dana):
    Movement.objects.update(time_zone="America/Los_Angeles")
    forget()
    dana.post(reverse("messaging:new_mailing"), {**FORM, "wanted_at": "2040-01-15T10:00"})
    made = Mailing.objects.get()
    assert made.wanted_at.isoformat() == "2040-01-15T18:00:00+00:00"
    assert 'value="2040-01-15T10:00"' in dana.get(reverse("messaging:edit_mailing", args=[made.pk])).content.decode()


def test_the_page_says_who_of_the_segment_would_not_get_it(team, dana):
    _got, gone, took_back, dead, picky, busy = crowd(6)
    silent = people.find_or_add(NewPerson("Silent", email="silent@example.org"), how="test").person
    people.tag(silent, "list", actor="system:test")
    ContactPoint.objects.filter(person=gone).delete()
    people.withdraw(took_back, "news", "email", actor="system:test")
    ContactPoint.objects.filter(person=dead).update(status="bounces")
    Choice.objects.create(person=picky, own_team_only=True)
    other = mailing(team["dana"], segment(team["dana"]))
    Choice.objects.create(person=busy, per_week=1)
    frozen(other, [busy], "sent")
    made = mailing(team["dana"], segment(team["dana"]))
    text = page(dana, "mailing", made.pk)
    assert "1 person would get it now" in text and "Of 7 in the segment, these would not:" in text
    for why in (
        "1 no address",
        "1 did not agree to these mails",
        "1 took their agreement back",
        "1 an address that does not work",
        "1 want mail from people they know only",
        "1 enough mails this week",
    ):
        assert why in text
    assert "Send to 1 person" in text


def test_what_a_host_wrote_takes_no_slot_of_the_week(team, dana):
    (one,) = crowd(1)
    Choice.objects.create(person=one, per_week=1)
    services.queue_many([services.Message("a:1", one, "hill0@example.org", "Hello", "Text", purpose="event:1")])
    made = mailing(team["dana"], segment(team["dana"]))
    assert "1 person would get it now" in page(dana, "mailing", made.pk)
    services.queue_many([services.Message("a:2", one, "hill0@example.org", "Hello", "Text", purpose="news")])
    assert "1 enough mails this week" in page(dana, "mailing", made.pk)


def test_only_people_within_reach_are_counted(team):
    crowd(3)
    people.find_or_add(NewPerson("Far", "Away", email="far@example.org", postal_code="94103"), how="test")
    give(team["dana"], team["charlie"], "mailings.send", VERMONT)
    made = mailing(team["dana"], segment(team["dana"], {"all": []}))
    people.agree(Person.objects.get(given_name="Far"), "news", "email", "x", "/", actor="system:test")
    assert "3 people would get it now" in page(browser(team["charlie"]), "mailing", made.pk)
    assert "4 people would get it now" in page(browser(team["dana"]), "mailing", made.pk)


def test_whoever_made_a_mailing_reads_the_answers_of_people_within_reach_alone(team):
    for verb in ("mailings.write", "people.see"):
        give(team["dana"], team["charlie"], verb, VERMONT)
    made = mailing(team["charlie"], segment(team["dana"], {"all": []}))
    (near,) = crowd(1)
    far = people.find_or_add(NewPerson("Far", "Away", email="far@example.org", postal_code="94103"), how="test").person
    for row, text in zip(frozen(made, [near, far], "sent"), ["I am near.", "I am far."], strict=True):
        Answer.objects.create(key=text, delivery=row, about=about_mailing(made.pk), text=text)
    text = page(browser(team["charlie"]), "answers", made.pk)
    assert "I am near." in text and "I am far." not in text
    assert "I am far." in page(browser(team["dana"]), "answers", made.pk)


def test_an_estimate_is_called_one_wherever_the_number_stands(team, monkeypatch):
    Movement.objects.update(agree_above=1)
    forget()
    crowd(2)
    real = audience.of
    monkeypatch.setattr(audience, "of", lambda who, made: replace(real(who, made), estimated=True))
    made = mailing(team["alice"], segment(team["alice"]))
    assert "It goes to about 2 people" in page(browser(team["alice"]), "mailing", made.pk)
    browser(team["alice"]).post(reverse("messaging:steer", args=[made.pk]), {"do": "ask"})
    assert "I agree: send to about 2 people" in page(browser(team["olga"]), "mailing", made.pk)
    assert all("to about 2 people" in row.text for row in Delivery.objects.filter(key__startswith="mailing.asked:"))


def test_who_asks_agrees_and_calls_back_is_led_by_the_page(team):
    Movement.objects.update(agree_above=1)
    forget()
    crowd(2)
    made = mailing(team["alice"], segment(team["alice"]))
    steer = reverse("messaging:steer", args=[made.pk])
    text = page(browser(team["alice"]), "mailing", made.pk)
    assert "It goes to 2 people, so a second person has to agree" in text and "dana, olga" in text
    assert "Send to 2 people" not in text
    browser(team["alice"]).post(steer, {"do": "ask"})
    assert "I agree: send to 2 people" in page(browser(team["olga"]), "mailing", made.pk)
    assert "I agree" not in page(browser(team["bob"]), "mailing", made.pk)
    browser(team["olga"]).post(steer, {"do": "agree"})
    text = page(browser(team["alice"]), "mailing", made.pk)
    assert "10 minutes until it begins" in text and "Call it back" in text


def test_only_who_began_it_or_writes_for_all_changes_it(team):
    give(team["dana"], team["charlie"], "mailings.write", VERMONT)
    made = mailing(team["alice"], segment(team["alice"]))
    edit = reverse("messaging:edit_mailing", args=[made.pk])
    assert browser(team["charlie"]).get(reverse("messaging:mailing", args=[made.pk])).status_code == 200
    assert browser(team["charlie"]).get(edit).status_code == 404
    assert browser(team["dana"]).get(edit).status_code == 200
    assert browser(team["alice"]).post(reverse("messaging:remove_mailing", args=[made.pk])).status_code == 302
    assert not Mailing.objects.exists()


def test_a_segment_that_a_mailing_goes_to_is_not_removed(team, dana):
    to = segment(team["dana"])
    mailing(team["dana"], to)
    reply = dana.post(reverse("people:remove_segment", args=[to.pk]), follow=True)
    assert "is in use" in reply.content.decode()
    to.refresh_from_db()


# --- how it goes ---------------------------------------------------------------------------------------------------
@pytest.fixture
def going(team):
    """Ten copies, on their way: four sent, one failed, one unknown, two not sent, two waiting."""
    made = mailing(team["dana"], segment(team["dana"]), drafts=2, subjects=2)
    rows = frozen(made, crowd(10))
    states = ["sent"] * 4 + ["failed", "unknown", "suppressed", "suppressed", "queued", "queued"]
    for row, state in zip(rows, states, strict=True):
        problem = "enough" if state == "suppressed" else ""
        Delivery.objects.filter(pk=row.pk).update(state=state, problem=problem)
    Delivery.objects.filter(pk=rows[6].pk).update(address="", problem="no_address")
    return made


def test_the_states_add_up_to_the_audience_and_each_opens_its_copies(dana, going):
    text = page(dana, "mailing", going.pk)
    assert "8 of 10 done" in text and "together 10" in text
    assert "4 in the last minute" in text and "about 1 minute left" in text
    assert "1 no address" in text and "1 enough mails this week" in text
    for state, number in (("sent", 4), ("failed", 1), ("unknown", 1), ("suppressed", 2), ("queued", 2)):
        copies = dana.get(reverse("messaging:copies", args=[going.pk]), {"state": state}).content.decode()
        assert copies.count('<li class="card">') == number
    assert "Person7 Hill" in page(dana, "copies", going.pk, why="enough")


def test_a_sum_that_does_not_add_up_is_said(dana, going):
    assert "were written down" not in page(dana, "mailing", going.pk)
    Mailing.objects.update(people=11)
    assert "11 were written down when it began" in page(dana, "mailing", going.pk)


def test_the_moving_part_is_sent_only_when_it_moved(dana, going):
    address = reverse("messaging:mailing_progress", args=[going.pk])
    first = dana.get(address, {"state": "sending"})
    assert first.status_code == 200 and "HX-Refresh" not in first
    assert dana.get(address, {"state": "sending"}, headers={"If-None-Match": first["ETag"]}).status_code == 304
    Delivery.objects.filter(state="queued").update(state="sent", moved_at=clock.now())
    assert dana.get(address, {"state": "sending"}, headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert dana.get(address, {"state": "waiting"})["HX-Refresh"] == "true"


def test_copies_of_people_out_of_reach_are_not_shown(team, going):
    give(team["dana"], team["charlie"], "mailings.write")
    assert "None within your reach" in page(browser(team["charlie"]), "copies", going.pk, state="sent")
    give(team["dana"], team["charlie"], "people.see", VERMONT)
    assert "Person0 Hill" in page(browser(team["charlie"]), "copies", going.pk, state="sent")
    Person.objects.filter(given_name="Person0").update(scope="movement.place.us.ca")
    assert "Person0 Hill" not in page(browser(team["charlie"]), "copies", going.pk, state="sent")


def test_many_copies_are_shown_page_by_page(dana, going, monkeypatch):
    monkeypatch.setattr(results, "SHOWN", 3)
    address, seen = reverse("messaging:copies", args=[going.pk]), []
    while address:
        shown = dana.get(address).content.decode()
        seen += re.findall(r"<bdi>(Person\d+ Hill)</bdi>", shown)
        more = re.search(r'href="(\?after=[^"]+)"', shown)
        address = more and reverse("messaging:copies", args=[going.pk]) + more[1]
    assert sorted(seen) == sorted(set(seen)) and len(seen) == 10


@pytest.mark.parametrize("asked", ["state=odd", "after=x", "link=-1", "signal=x", "draft=1"])
def test_a_made_up_question_has_no_answer(dana, going, asked):
    assert dana.get(f"{reverse('messaging:copies', args=[going.pk])}?{asked}").status_code == 404


def settle(client, made, row, **fields):
    return client.post(reverse("messaging:settle", args=[made.pk, row.pk]), fields)


def test_a_person_settles_what_nobody_knows_and_it_is_not_sent_again(dana, going):
    row = Delivery.objects.get(state="unknown")
    assert "Was it delivered?" in page(dana, "copies", going.pk, state="unknown")
    assert settle(dana, going, row, state="sent", note="She says\nso.").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.problem) == ("sent", "She says so.")
    settle(dana, going, row, state="failed")
    row.refresh_from_db()
    assert row.state == "sent"
    entry = Entry.objects.get(kind="mailing.settled")
    assert entry.data == {"state": "sent"} and entry.person_id == row.person_id


def test_nothing_is_settled_into_the_queue_nor_by_who_does_not_reach_the_person(team, dana, going):
    row = Delivery.objects.get(state="unknown")
    assert settle(dana, going, row, state="queued").status_code == 404
    assert settle(browser(team["alice"]), going, row, state="sent").status_code == 404
    row.refresh_from_db()
    assert row.state == "unknown"


# --- how it did ----------------------------------------------------------------------------------------------------
def signal(row, kind, **fields):
    return Signal.objects.create(delivery=row, mailing_id=row.mailing_id, kind=kind, **fields)


@pytest.fixture
def done(team):
    """Twelve copies of two drafts with two subjects each; some opened, clicked, left."""
    made = mailing(team["dana"], segment(team["dana"]), drafts=2, subjects=2)
    rows = frozen(made, crowd(12), "sent")
    link = Link.objects.create(mailing=made, url="https://example.org/a")
    for row in rows[:6]:
        signal(row, "delivered")
    for _twice in range(2):
        signal(rows[0], "opened")
    signal(rows[0], "opened", machine=True)
    signal(rows[1], "opened", machine=True)
    signal(rows[0], "clicked", link=link)
    signal(rows[1], "clicked", link=link, machine=True)
    signal(rows[2], "unsubscribed")
    return made


def test_people_and_machines_are_told_apart_and_each_copy_counts_once(dana, done):
    whole = results.results(done).whole
    assert (whole.copies, whole.delivered, whole.opened, whole.scanned) == (12, 6, 1, 1)
    assert (whole.clicked, whole.unsubscribed) == (1, 1)
    text = page(dana, "mailing", done.pk)
    assert "12 of 12 done" in text and "By draft" in text and "By subject" in text and "https://example.org/a" in text


def test_every_number_of_the_results_opens_as_many_copies(dana, done):
    found = results.results(done)
    for line in [*found.drafts, *found.subjects]:
        for name in ("delivered", "opened", "scanned", "clicked", "unsubscribed"):
            address = f"{reverse('messaging:copies', args=[done.pk])}?{line.asked}&signal={name}"
            assert dana.get(address).content.decode().count('<li class="card">') == getattr(line.figures, name)
    link = Link.objects.get()
    assert dana.get(f"{reverse('messaging:copies', args=[done.pk])}?link={link.pk}").content.count(b'class="card"') == 1
    assert sum(line.figures.copies for line in found.drafts) == 12 == sum(one.figures.copies for one in found.subjects)


def test_what_can_be_chance_gets_no_winner(dana, done):
    assert "None is ahead" in page(dana, "mailing", done.pk)


def test_what_is_no_chance_is_ahead(team, dana):
    made = mailing(team["dana"], segment(team["dana"]), drafts=2)
    rows = frozen(made, crowd(40), "sent")
    first = Subject.objects.order_by("version__draft__number").first()
    for row in rows:
        if row.subject_line == first:
            signal(row, "clicked")
    found = results.results(made)
    assert [line.ahead for line in found.drafts] == [True, False]
    assert "by more than chance" in page(dana, "mailing", made.pk)


def test_lists_show_what_was_counted_last(team, dana, done):
    figures.count(Lease())
    text = page(dana, "mailings")
    assert "12" in text and "8.3%" in text
    counted = Mailing.objects.get().counted_at
    Mailing.objects.update(state=State.FINISHED, ended_at=clock.now() - timedelta(days=2))
    Signal.objects.update(at=clock.now() - timedelta(days=2))
    figures.count(Lease())
    assert Mailing.objects.get().counted_at == counted
    signal(Delivery.objects.filter(mailing=done).last(), "unsubscribed")
    figures.count(Lease())
    assert Mailing.objects.get().figures["unsubscribed"] == 2
