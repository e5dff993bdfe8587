"""Headquarters words the mails that the house sends by itself; the next one has those words, and facts stay."""

import re
from dataclasses import replace

import pytest
from django.core import mail
from django.test import Client

from groundswell.events import services as events
from groundswell.events.tests.making import first, who
from groundswell.jobs.worker import drain
from groundswell.ledger.models import Entry
from groundswell.ledger.services import catch_up
from groundswell.messaging import hooks, worded
from groundswell.messaging.verbs import WRITE
from groundswell.people.models import Person
from groundswell.powers.services import give
from tests.cast import sign_in

GOING = "/hq/letters/event.going/en"
OWN = {"subject": "See you at {title}!", "text": "{come}\n\nBring {guests}.", "do": "save"}
GOOD = OWN | {"text": "{come}\n\nBring a dish & a <friend>."}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh():
    worded.forget()
    yield
    worded.forget()


@pytest.fixture
def dana(world):
    return world.client("dana")


def confirmation(world, name="frida"):
    """The mail to somebody who says they come to alice's event."""
    events.rsvp(first(world.event).pk, who(name))
    catch_up()
    drain()
    return next(one for one in mail.outbox if one.to == [f"{name}@example.org"])


def test_the_next_mail_has_the_words_of_the_movement_and_keeps_its_facts(world, dana):
    before = confirmation(world)
    assert before.subject == "You’re coming: Open kitchen"
    assert dana.post(GOING, GOOD).status_code == 302
    after = confirmation(world, "greta")
    assert after.subject == "See you at Open kitchen!"
    assert "Bring a dish & a <friend>." in after.body
    assert "Bring a dish &amp; a &lt;friend&gt;." in after.alternatives[0][0]
    assert "Something came up?" not in after.body
    for stays in ("Hello Greta,", "Kanarienweg", "Change or cancel", "/rsvp/", "bring"):
        assert stays.casefold() in after.body.casefold()
    assert after.attachments[0][0] == "event.ics"
    assert Entry.objects.filter(kind="letter.worded").count() == 1


def test_each_language_has_its_own_words(world, dana):
    dana.post("/hq/letters/event.going/es", GOOD | {"subject": "¡Nos vemos en {title}!"})
    assert confirmation(world).subject == "You’re coming: Open kitchen"
    greta = events.rsvp(first(world.event).pk, who("greta")).person
    Person.objects.filter(pk=greta.pk).update(language="es")
    catch_up()
    drain()
    assert mail.outbox[-1].subject == "¡Nos vemos en Open kitchen!"


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("text", "Bring {guests}.", "There is no field “guests”. There are: {come}, {title}."),
        ("subject", "{password}", "There is no field “password”"),
        ("text", "{title", "There is a “{” without its other half."),
        ("text", "{{ settings.SECRET_KEY }}", "without its other half"),
        ("subject", "   ", "This field is required"),
        ("text", "x" * 5001, "at most 5000"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_kept(world, dana, field, wrong, said):
    page = dana.post(GOING, GOOD | {field: wrong})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert confirmation(world).subject == "You’re coming: Open kitchen"


def test_the_preview_shows_a_real_event_and_changes_nothing(world, dana):
    page = dana.post(GOING, GOOD | {"do": "preview"}, headers={"HX-Target": "preview"}).content.decode()
    assert "See you at Open kitchen!" in page
    assert "Bring a dish &amp; a &lt;friend&gt;." in page
    assert confirmation(world).subject == "You’re coming: Open kitchen"
    assert "no field “guests”" in dana.post(GOING, OWN | {"do": "preview"}).content.decode()


def test_back_to_ours(world, dana):
    dana.post(GOING, GOOD)
    assert "Back to our words" in dana.get(GOING).content.decode()
    assert dana.post(GOING, {"do": "restore"}).status_code == 302
    assert confirmation(world).subject == "You’re coming: Open kitchen"


def test_every_kind_of_mail_can_be_read_and_saved_as_it_is_in_every_language(world, dana):
    for language in ("en", "es"):
        for name in hooks.letters:
            address = f"/hq/letters/{name}/{language}"
            form = dana.get(address).context["form"]
            kept = {"subject": form["subject"].value(), "text": form["text"].value(), "do": "save"}
            assert "%(" not in kept["subject"] + kept["text"]
            assert dana.post(address, kept).status_code == 302, name
            preview = dana.get(address).context["preview"]
            assert preview.subject and preview.paragraphs and "{" not in preview.subject, name


def test_the_code_is_in_the_mail_whatever_its_words(world, dana):
    words = {"subject": "Hello from {name}", "text": "Welcome back.\n\nBye.", "do": "save"}
    assert dana.post("/hq/letters/powers.code/en", words).status_code == 302
    page = Client(headers={"sec-fetch-site": "same-origin"})
    page.post("/account/sign-in/", {"email": "charlie@example.org"})
    sent = mail.outbox[-1]
    assert sent.subject == "Hello from The Movement"
    code = re.search(r"Welcome back\.\n\n    (\d{4}-\d{4})\n\nBye\.", sent.body)[1]
    assert page.post("/account/sign-in/code/", {"code": code}).status_code == 302


def test_words_of_a_letter_that_has_other_fields_by_now_give_way_to_ours(world, dana, monkeypatch):
    dana.post(GOING, GOOD)
    letter = hooks.letters["event.going"]
    monkeypatch.setitem(hooks.letters, letter.name, replace(letter, fields={"come": "", "title": "", "new": ""}))
    assert confirmation(world).subject == "See you at Open kitchen!"
    worded.Worded.objects.update(subject="{gone}")
    worded.forget()
    assert confirmation(world, "greta").subject == "You’re coming: Open kitchen"


def test_whoever_writes_for_a_part_does_not_word_what_everybody_gets(world):
    give(world.users["dana"], world.users["alice"], WRITE, "movement.place.us.vt")
    alice = world.client("alice")
    sign_in(alice, world.users["alice"], strong=True)
    assert alice.get("/hq/letters").status_code == 404
    assert alice.post(GOING, GOOD).status_code == 404
    give(world.users["dana"], world.users["alice"], WRITE)
    assert alice.get("/hq/letters").status_code == 200
