"""Leaving in one press, and the choices before and after it: in force at once, told in the ledger, and taken back."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from groundswell.jobs.worker import drain
from groundswell.kit.ids import new_id
from groundswell.ledger.models import Entry
from groundswell.messaging import services
from groundswell.messaging.models import Choice, Delivery, Signal
from groundswell.messaging.services import Message, choosing, sending
from groundswell.messaging.tests import making
from groundswell.messaging.tokens import token
from groundswell.people import selectors as people
from groundswell.people.models import Consent
from groundswell.powers.models import Movement
from groundswell.powers.services import proved_address
from tests.cast import sign_in

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def erin():
    return making.person()


@pytest.fixture
def copy(erin):
    return making.copy(making.mailing(), erin)


def own_page():
    return Client(headers={"sec-fetch-site": "same-origin"})


def choose(copy, choice=None, **more):
    sent = ({"choice": choice} if choice else {}) | more
    return own_page().post(f"/u/{token(copy.pk)}", sent, follow=True)


def page(copy, query=""):
    return said(Client().get(f"/u/{token(copy.pk)}{query}"))


def said(reply) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", reply.content.decode()).split())


def deeds(kind="mail.unsubscribed"):
    return list(Entry.objects.filter(kind=kind).order_by("pk"))


def queue(person, purpose, address="erin@example.org"):
    """One more mail that waits, of which the person can say that they want none."""
    (row,) = services.queue_many([Message(f"test:{new_id()}", person, address, "Hello", "Text", purpose=purpose)])
    return row


# --- in one press --------------------------------------------------------------------------------------------------
def test_a_mail_program_leaves_for_its_reader_without_cookie_or_form(copy, erin):
    strict = Client(enforce_csrf_checks=True)
    reply = strict.post(f"/u/{token(copy.pk)}", ONE_CLICK)
    assert reply.status_code == 200 and not reply.cookies and reply["Content-Type"].startswith("text/plain")
    assert not people.agrees(erin, "news", "email")
    assert Signal.objects.get().kind == Signal.Kind.UNSUBSCRIBED
    (deed,) = deeds()
    assert (deed.person_id, deed.on_id, deed.data) == (erin.pk, copy.mailing_id, {"purpose": "news"})


def test_a_second_press_answers_the_same_and_adds_nothing(copy, erin):
    first, second = (Client().post(f"/u/{token(copy.pk)}", ONE_CLICK) for _press in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(deeds()) == 1 and Signal.objects.count() == 1
    assert Consent.objects.filter(person=erin, given=False).count() == 1


def test_looking_at_the_page_leaves_nothing(copy, erin):
    for _look in range(2):
        assert "None of these: news" in page(copy)
    assert people.agrees(erin, "news", "email") and not Signal.objects.exists()


def test_a_made_up_token_finds_nobody(copy, erin):
    good = token(copy.pk)
    for bad in (good[:-1] + ("A" if good[-1] != "A" else "B"), "x", token(new_id())):
        assert Client().get(f"/u/{bad}").status_code == 404
        assert Client().post(f"/u/{bad}", ONE_CLICK).status_code == 404
    assert people.agrees(erin, "news", "email")


def test_another_site_presses_nothing_but_the_one_click(copy, erin):
    elsewhere = Client(headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
    assert elsewhere.post(f"/u/{token(copy.pk)}", {"choice": "everything"}).status_code == 403
    assert people.agrees(erin, "news", "email")


# --- in force at once ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("choice", ["these", "everything"])
def test_what_waits_for_them_is_not_sent_any_more(copy, erin, choice):
    row = queue(erin, "news")
    choose(copy, choice)
    drain()
    row.refresh_from_db()
    assert (row.state, row.problem) == ("suppressed", "took_back")


def test_control_without_the_question_in_the_claim_it_is_sent(copy, erin, monkeypatch):
    row = queue(erin, "news")
    choose(copy, "these")
    monkeypatch.setattr(sending, "_CLAIM", sending._CLAIM.replace("purpose <> ''", "purpose = 'never'"))
    drain()
    row.refresh_from_db()
    assert row.state == "sent"


def test_of_another_purpose_and_what_they_asked_for_is_sent(copy, erin):
    other, asked = queue(erin, "event:" + new_id().hex), queue(erin, "")
    choose(copy, "these")
    services.release([erin.pk])
    Delivery.objects.update(not_before=other.queued_at)
    drain()
    assert {Delivery.objects.get(pk=row.pk).state for row in (other, asked)} == {"sent"}


def test_nothing_at_all_ends_also_what_nobody_asked_them_about(copy, erin):
    making.people.agree(erin, "events", "email", "Tell me.", "/", actor=making.TEST)
    row = queue(erin, "event:" + new_id().hex)
    assert "Nothing comes by email any more" in said(choose(copy, "everything"))
    assert not any(people.agrees(erin, purpose, "email") for purpose in ("news", "events"))
    drain()
    row.refresh_from_db()
    assert row.state == "suppressed"


def test_who_agrees_anew_after_leaving_everything_gets_that(copy, erin):
    choose(copy, "everything")
    making.people.agree(erin, "news", "email", "Write to me.", "/", actor=making.TEST)
    row = queue(erin, "news")
    drain()
    row.refresh_from_db()
    assert row.state == "sent"


# --- choices, and back again ---------------------------------------------------------------------------------------
def test_less_often_and_only_from_ones_own_are_kept(copy, erin):
    assert "At most 2 mailings a week" in said(choose(copy, "fewer:2"))
    choose(copy, "team")
    chosen = Choice.objects.get(person=erin)
    assert (chosen.per_week, chosen.own_team_only) == (2, True)
    assert deeds("mail.chose")[-1].data == {"per_week": 2, "own_team_only": True}
    assert people.agrees(erin, "news", "email")
    assert "Too much, or not for you?" in said(choose(copy, as_before="1"))
    chosen.refresh_from_db()
    assert (chosen.per_week, chosen.own_team_only) == (None, False)


def test_nobody_is_offered_more_than_comes_anyway(copy):
    Movement.objects.update_or_create(only=True, defaults={"mails_per_week": 2})
    assert "at most 1 mailing" in page(copy) and "at most 2" not in page(copy)
    assert choose(copy, "fewer:2").status_code == 422


def test_whoever_changes_their_mind_agrees_again_in_the_words_beside_the_button(copy, erin):
    done = said(choose(copy, "these"))
    words = "Email me again: news. I can stop it any time."
    assert "You get no more of these" in done and words in done
    choose(copy, again="1")
    last = people.consents(erin)[0]
    assert last.given and last.wording.words == words
    assert "Too much, or not for you?" in page(copy)


def test_everything_comes_back_as_it_was(copy, erin):
    making.people.agree(erin, "events", "email", "Tell me.", "/", actor=making.TEST)
    making.people.withdraw(erin, "surveys", "email", actor=making.TEST)
    done = said(choose(copy, "everything"))
    assert "Email me again: invitations to events and news. I can stop it any time." in done
    choose(copy, again="1")
    assert people.agrees(erin, "news", "email") and people.agrees(erin, "events", "email")
    assert not people.agrees(erin, "surveys", "email")
    row = queue(erin, "event:" + new_id().hex)
    drain()
    row.refresh_from_db()
    assert row.state == "sent"


def test_nothing_chosen_is_said_on_the_page(copy):
    reply = choose(copy, "what")
    assert reply.status_code == 422 and "Choose one of the list." in said(reply)


def test_the_page_speaks_the_language_of_the_copy(copy, erin):
    erin.language = "es"
    erin.save()
    reply = Client().get(f"/u/{token(copy.pk)}")
    assert '<html lang="es"' in reply.content.decode() and not reply.cookies


def test_on_ones_own_page_the_same_without_a_copy(erin):
    client = own_page()
    sign_in(client, proved_address("erin@example.org"))
    assert "/me/mail" in client.get("/me").content.decode()
    assert "None of these" not in said(client.get("/me/mail"))
    client.post("/me/mail", {"choice": "everything"})
    assert not people.agrees(erin, "news", "email")
    assert "Nothing comes by email any more" in said(client.get("/me/mail"))


def test_charlie_chooses_for_nobody_else(copy, erin):
    client = own_page()
    making.person("charlie")
    sign_in(client, proved_address("charlie@example.org"))
    client.post("/me/mail", {"choice": "everything"})
    assert people.agrees(erin, "news", "email")


def test_who_leaves_from_two_copies_leaves_once_and_each_mailing_learns_of_it(erin, copy):
    choosing.leave(erin, "news", copy)
    again = making.copy(making.mailing("August"), erin, moved_at=copy.moved_at + timedelta(days=1))
    choosing.leave(erin, "news", again)
    assert len(deeds()) == 1 and Signal.objects.count() == 2
