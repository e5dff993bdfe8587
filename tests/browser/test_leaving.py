"""Choosing less mail, leaving and coming back; answers of guests and writing back: in a real browser."""

import pytest
from django.db import transaction
from django.test import Client
from playwright.sync_api import expect

from groundswell.events.services import writing
from groundswell.messaging.incoming import REPLIED, Report
from groundswell.messaging.models import Delivery
from groundswell.messaging.services.answering import file, write_back
from groundswell.messaging.tests import making
from groundswell.messaging.tokens import token
from groundswell.people import services as people
from tests.browser.conftest import check_with_axe, looks
from tests.cast import make_world, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Could you say whether the hall has a ramp? " * 12 + "https://example.org/" + "a" * 90


@pytest.fixture
def world(transactional_db, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    return make_world()


def see(page, name):
    check_with_axe(page, name)
    for look in looks(page):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}, {look}"


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_reader_chooses_less_leaves_and_comes_back(page, world, language):
    making.people.agree(world.bob, "events", "email", "Tell me.", "/", actor=making.TEST)
    world.bob.language = language
    world.bob.save()
    words = {
        "en": (
            "Less often: at most 2 mailings a week",
            "See the other choices",
            "Nothing by email at all",
            "Yes, please",
        ),
        "es": (
            "Con menos frecuencia: 2 envíos por semana como máximo",
            "Ver las otras opciones",
            "Nada por correo electrónico",
            "Sí, por favor",
        ),
    }[language]
    page.goto(f"/u/{token(world.copy.pk)}")
    see(page, f"choices-{language}")
    page.get_by_label(words[0]).check()
    page.locator("form button").click()
    expect(page.locator("h1")).not_to_have_text("")
    see(page, f"fewer-{language}")
    page.get_by_role("link", name=words[1]).click()
    page.get_by_label(words[2]).check()
    page.locator("form button").click()
    expect(page.get_by_role("button", name=words[3])).to_be_visible()
    see(page, f"everything-{language}")
    page.get_by_role("button", name=words[3]).click()
    page.goto(f"/u/{token(world.copy.pk)}?others")
    page.locator("form button").click()
    expect(page.get_by_role("button", name=words[3])).to_be_visible()
    see(page, f"these-{language}")


def test_a_host_reads_answers_and_writes_back(page, context, world, live_server):
    client = Client()
    sign_in(client, world.users["alice"])
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    address = f"/events/{world.event.pk}/host/answers"
    page.goto(address)
    expect(page.get_by_text("Nobody has answered yet.")).to_be_visible()
    see(page, "answers-empty")
    root = Delivery.objects.create(
        key="host:1",
        person=world.bob,
        address="bob@example.org",
        purpose=writing.about(world.event.pk),
        subject="Bring a chair, if you have one to spare",
    )
    other = people.find_or_add(people.NewPerson("Wilhelmina", "Canaria", "mina@example.org"), how="test").person
    second = Delivery.objects.create(
        key="host:2", person=other, address="mina@example.org", purpose=root.purpose, subject=root.subject
    )
    with transaction.atomic():
        file(root, Report(REPLIED, "one", text="I bring two.\n\nShall I come early?"))
        file(second, Report(REPLIED, "two", text=LONG))
    answer = root.answers.get()
    write_back(answer.about, str(answer.pk), "Yes, at six. Thank you!", world.users["alice"], "x")
    page.goto(address)
    see(page, "answers")
    page.locator("textarea").first.fill("It has one.")
    page.get_by_role("button", name="Send it").first.click()
    expect(page.get_by_text("Your answer is on its way.")).to_be_visible()
    expect(page.get_by_text("It has one.")).to_be_visible()
    page.goto(f"/events/{world.event.pk}/host/message")
    see(page, "message")
