"""Answers reach whoever wrote, and what those write back reaches the answerer; nobody sees an address."""

import re
from email import message_from_bytes

import pytest
from django.core import mail
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from groundswell.events.services import writing
from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.messaging import incoming
from groundswell.messaging.models import Answer, Delivery, Mailing, Signal
from groundswell.messaging.services import answering, fetching
from groundswell.messaging.tests import mailbox, mails, making
from groundswell.people import selectors as people
from groundswell.people.models import ContactPoint, Person
from groundswell.powers.services import give
from tests.cast import make_world, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    world = make_world()
    ContactPoint.objects.update(verified_at=clock.now())
    return world


@pytest.fixture
def box(settings):
    with mailbox.running() as (box, port):
        settings.MAILBOX_URL = f"imap://erin:secret@127.0.0.1:{port}/INBOX"
        settings.REPLY_DOMAIN = "answers.example.org"
        yield box


@pytest.fixture
def copy(world, box):
    """Bob's, of what alice wrote to her guests."""
    writing.write(
        world.event,
        "going",
        "Bring a chair",
        "We are many.",
        by="Alice",
        actor=making.TEST,
        reply_to="alice@example.org",
    )
    drain()
    return Delivery.objects.get(key__startswith=writing.KIND)


def come_in(box, *mails):
    box.put(*mails)
    jobs.enqueue(fetching.JOB, queueing_lock=fetching.JOB)
    drain()


def browser(world, name, **how):
    client = Client(headers={"sec-fetch-site": "same-origin"}, **how)
    sign_in(client, world.users[name], strong=name == "dana")
    return client


def said(reply) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", reply.content.decode()).split())


def to_alice():
    return [one for one in mail.outbox if one.to == ["alice@example.org"] and "answered" in one.subject]


# --- to a host -----------------------------------------------------------------------------------------------------
def test_a_guests_answer_reaches_the_host_without_an_address(world, box, copy):
    come_in(box, mails.answer(copy, "I bring two.\n\nOn Sun, 22 Nov 2026 Movement wrote:\n> We are many."))
    (told,) = to_alice()
    assert told.subject == "Bob answered: Bring a chair" and "I bring two." in told.body
    assert "We are many" not in told.body and "canary.bob@" not in told.message().as_string()
    page = said(browser(world, "alice").get(f"/events/{world.event.pk}/host/answers"))
    assert "Bob waits for an answer" in page and "I bring two." in page and "canary.bob@" not in page
    assert Signal.objects.get().kind == "replied"
    assert Entry.objects.get(kind="mail.replied").person_id == world.bob.pk


def test_a_host_answers_on_the_page_and_the_guest_answers_that(world, box, copy):
    come_in(box, mails.answer(copy, "Two?"))
    answer = Answer.objects.get()
    sent = {"to": str(answer.pk), "text": "Two is good.", "press": "one"}
    alice = browser(world, "alice")
    for _press in range(2):
        assert alice.post(f"/events/{world.event.pk}/host/answers", sent).status_code == 302
    drain()
    (back,) = [one for one in mail.outbox if one.subject == "Re: Bring a chair"]
    assert back.to == ["canary.bob@example.org"] and "Alice answers you:" in back.body and "Two is good." in back.body
    assert "alice@" not in back.message().as_string() and back.reply_to[0].startswith("reply+")
    ours = Delivery.objects.get(key__startswith=f"{answering.OURS}:")
    come_in(box, mails.answer(ours, "See you!"))
    page = said(alice.get(f"/events/{world.event.pk}/host/answers"))
    assert page.index("Two?") < page.index("Two is good.") < page.index("See you!")
    assert len(to_alice()) == 2


def test_a_host_answers_the_mail_that_told_them(world, box, copy):
    come_in(box, mails.answer(copy, "Two?"))
    told = Delivery.objects.get(key__startswith=f"{answering.TOLD}:")
    come_in(box, mails.answer(told, "Two is good.\n\n> Two?", sender="alice@example.org"))
    (back,) = [one for one in mail.outbox if one.to == ["canary.bob@example.org"] and one.subject.startswith("Re:")]
    assert "Two is good." in back.body and "alice@" not in back.message().as_string()


def test_charlie_reads_no_answers_and_answers_none(world, box, copy):
    come_in(box, mails.answer(copy, "I bring two."))
    charlie, address = browser(world, "charlie"), f"/events/{world.event.pk}/host/answers"
    assert charlie.get(address).status_code == 404
    assert charlie.post(address, {"to": str(Answer.objects.get().pk), "text": "Hi"}).status_code == 404


def test_an_answer_about_something_else_is_not_answered_from_here(world, box, copy):
    come_in(box, mails.answer(world.copy, "News?"))
    sent = {"to": str(Answer.objects.get().pk), "text": "Hi", "press": "one"}
    assert browser(world, "alice").post(f"/events/{world.event.pk}/host/answers", sent).status_code == 404


def test_nothing_written_is_said_on_its_field(world, box, copy):
    come_in(box, mails.answer(copy, "Two?"))
    for text, words in ((" ", "Write something here."), ("x" * 3_001, "Use at most 3000 characters")):
        sent = {"to": str(Answer.objects.get().pk), "text": text, "press": "one"}
        reply = browser(world, "alice").post(f"/events/{world.event.pk}/host/answers", sent)
        assert reply.status_code == 422 and words in said(reply)


# --- to a mailing --------------------------------------------------------------------------------------------------
def test_an_answer_to_a_mailing_is_read_by_whoever_wrote_it(world, box):
    come_in(box, mails.answer(world.copy, "Where do I sign?"))
    page = said(browser(world, "dana").get(f"/hq/mailings/{world.copy.mailing_id}/answers"))
    assert "Where do I sign?" in page and "Bob" in page and "canary.bob@" not in page
    assert [one.to for one in mail.outbox if one.subject.startswith("Bob answered")] == [["dana@example.org"]]


def test_who_writes_mailings_elsewhere_reads_answers_of_people_in_reach_only(world, box):
    come_in(box, mails.answer(world.copy, "Where do I sign?"))
    address = f"/hq/mailings/{world.copy.mailing_id}/answers"
    give(world.users["dana"], world.users["charlie"], "mailings.write", "movement.place.us.vt")
    charlie = Client(headers={"sec-fetch-site": "same-origin"})
    sign_in(charlie, world.users["charlie"], strong=True)
    assert "Where do I sign?" not in said(charlie.get(address))
    sent = {"to": str(Answer.objects.get().pk), "text": "Hi", "press": "one"}
    assert charlie.post(address, sent).status_code == 404


def test_an_answer_without_our_address_is_known_by_what_it_answers(world, box):
    come_in(box, mails.answer(world.copy, "Where do I sign?", by_reference=True))
    assert Answer.objects.get().delivery == world.copy


@pytest.mark.parametrize("word", ["STOP", "Unsubscribe.", "Baja"])
def test_who_answers_that_they_want_no_more_gets_no_more(world, box, word):
    come_in(box, mails.answer(world.copy, word))
    assert not people.agrees(world.bob, "news", "email")


# --- what is no answer ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<list.example>"},
        {"X_Autoreply": "yes"},
    ],
)
def test_machines_are_not_forwarded(box, copy, headers):
    come_in(box, mails.answer(copy, "I am away.", **headers))
    assert not Answer.objects.exists() and not to_alice()


def test_our_own_mails_are_not_forwarded(world, box, copy):
    come_in(box, mails.answer(copy, "Two?"))
    loop = next(one for one in mail.outbox if "answered" in one.subject).message()
    loop.replace_header("To", f"reply+{'x' * 32}@answers.example.org") if loop["To"] else None
    loop["In-Reply-To"] = f"<{copy.pk}@example.org>"
    come_in(box, loop.as_bytes())
    assert Answer.objects.count() == 1 and len(to_alice()) == 1


def test_who_has_only_an_address_answers_nothing(world, box):
    come_in(box, b"From: bob@x.example\r\nTo: reply+" + b"A" * 32 + b"@answers.example.org\r\n\r\nHello\r\n")
    assert not Answer.objects.exists()


def test_after_twenty_a_day_writers_read_the_rest_on_the_page(world, box, copy, monkeypatch):
    monkeypatch.setattr(answering, "FORWARDED_A_DAY", 2)
    come_in(box, *(mails.answer(copy, f"Answer {n}") for n in range(4)))
    assert len(to_alice()) == 2 and Answer.objects.count() == 4


def test_the_same_mail_twice_is_one_answer(box, copy):
    twice = mails.answer(copy, "Two?", message_id="<one@example.net>")
    come_in(box, twice, twice)
    assert Answer.objects.count() == 1 and len(to_alice()) == 1


# --- the text ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Yes!\n\nOn Mon, 1 Jul 2026 at 10:00, Us <a@b.c> wrote:\n> Come", "Yes!"),
        ("Yes!\n\nOn Mon, 1 Jul 2026 at 10:00, Us\n<a@b.c> wrote:\n> Come", "Yes!"),
        ("¡Sí!\n\nEl lun, 1 jul 2026 a las 10:00, Us escribió:\n> Ven", "¡Sí!"),
        ("Yes!\n\n-----Original Message-----\nFrom: Us", "Yes!"),
        ("> Come?\nYes!\n> Really?\nYes.", "Yes!\nYes."),
        ("On we go.\nAll of us.", "On we go.\nAll of us."),
        ("> only quoted", "> only quoted"),
        ("a\x00b\u202ec", "abc"),
    ],
)
def test_what_they_wrote_is_told_from_what_we_wrote(written, kept):
    assert incoming.without_quotes(written) == kept


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_whatever_comes_in_is_read_or_left(raw):
    message = message_from_bytes(b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n" + raw)
    incoming.read(message, "k")
    incoming.read(message_from_bytes(raw), "k")


def test_an_answer_in_html_is_read_as_text():
    message = message_from_bytes(
        b"From: a@b.c\r\nIn-Reply-To: <0197b0a0-0000-7000-8000-000000000000@x>\r\nContent-Type: text/html\r\n\r\n"
        b"<style>p{}</style><p>Yes &amp; no</p><blockquote>old</blockquote>"
    )
    assert incoming.read(message, "k").text == "Yes & no"


def test_the_mailing_is_of_who_made_it(world):
    assert answering.writers(f"mailing:{world.copy.mailing_id}") == [Person.objects.get(user=world.users["dana"])]
    Mailing.objects.update(made_by=None)
    assert answering.writers(f"mailing:{world.copy.mailing_id}") == []
