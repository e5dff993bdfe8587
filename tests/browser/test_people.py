"""People at headquarters in a real browser: live search, the keyboard, what a person's page does."""

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from groundswell.people import services
from groundswell.people.services import NewPerson, find_or_add, person_of_user
from groundswell.powers.services import found_movement
from groundswell.sources import services as sources
from tests.browser.conftest import check_with_axe, looks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "Yes, write to me about events near me. I can take this back at any time."


@pytest.fixture
def dana(transactional_db, settings):
    """Dana, who runs the movement; Bob with everything kept about him, and thirty others."""
    settings.SECOND_FACTOR_REQUIRED = False
    owner = found_movement("dana@example.org", "Green Mountain")
    find_or_add(NewPerson(given_name="Dana", family_name="Reyes", email="dana@example.org"), how="test")
    person_of_user(owner)
    actor = f"user:{owner.pk}"
    services.add_many(
        [NewPerson(f"Person{n}", "Hill", email=f"hill{n}@example.org", postal_code="10001") for n in range(30)],
        actor=actor,
        how="import",
    )
    sources.make_link("Flyer at the farmers' market", "flyer-june", actor=actor)
    details = NewPerson("Bob", "Øst", "bob@example.org", "802-555-0123", "05401", external=("mobilize", "88123"))
    bob = find_or_add(details, how="rsvp").person
    services.agree(bob, "news", "email", WORDS, "/events/41/rsvp", actor=f"person:{bob.pk}")
    services.agree(bob, "news", "phone", "You may call me.", "/events/41/rsvp", actor=f"person:{bob.pk}")
    services.withdraw(bob, "news", "phone", actor=f"person:{bob.pk}")
    services.verify(bob.contact_points.get(channel="email"))
    sources.arrive("flyer-june", person=bob, page="/events/41")
    for name in ("host", "Phone bank"):
        services.tag(bob, name, actor=actor)
    day = services.define_field("Best day to call", "choice", ["Saturday", "Sunday"], actor=actor)
    services.define_field("Rooms for guests", "number", actor=actor)
    services.set_field(bob, day, "Sunday", actor=actor)
    return owner, bob


@pytest.fixture
def hq(context, dana, live_server):
    """Dana's browser, signed in."""
    client = Client()
    client.force_login(dana[0])
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])


def people():
    return reverse("web:people")


def test_search_narrows_while_one_types_and_opens_a_person_by_keyboard(page, hq, dana):
    page.goto(people())
    assert page.get_by_role("row").count() > 20
    page.keyboard.type("bob 0123")
    page.get_by_text("1 person", exact=True).wait_for()
    page.wait_for_url("**q=bob**")
    page.keyboard.press("Tab")
    page.get_by_role("link", name="Bob Øst").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Bob Øst").wait_for()
    assert page.get_by_role("link", name="Write").get_attribute("href") == "mailto:bob@example.org"
    page.go_back()
    expect(page.get_by_label("Find a person")).to_have_value("bob 0123")
    page.keyboard.type("zzz")
    page.get_by_role("heading", name="Nobody within your reach").wait_for()


def test_a_tag_goes_on_and_comes_off(page, hq, dana):
    page.goto(reverse("web:person", args=[dana[1].pk]))
    page.get_by_label("New tag").fill("driver")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take “driver” off").click()
    page.get_by_role("button", name="Take “driver” off").wait_for(state="detached")


def test_search_works_without_javascript(browser, live_server, hq, context):
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(context.cookies())
    page = plain.new_page()
    page.goto(people())
    page.get_by_label("Find a person").fill("øst")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Bob Øst").wait_for()
    plain.close()


def test_axe_finds_nothing_and_nothing_overflows(page, hq, dana, shots):
    addresses = {
        "people": people(),
        "people-none": people() + "?q=nobody",
        "person": reverse("web:person", args=[dana[1].pk]),
        "fields": reverse("web:fields"),
        "sources": reverse("web:sources"),
    }
    for name, address in addresses.items():
        page.goto(address)
        for look in looks(page):
            page.screenshot(path=shots / f"hq-{name}-{look}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, look)
            check_with_axe(page, f"{name} {look}")
