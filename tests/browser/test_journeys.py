"""Stories across the house in a real browser: find, come, change one's mind, host, approve, see it on the map."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from groundswell.events import selectors as events_read
from groundswell.events import services as events
from groundswell.events.rules import EventDetails, ShiftDetails
from groundswell.events.selectors import FindQuery, find
from groundswell.events.tests import making
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger import services as ledger
from groundswell.ledger.rules import person_actor, system_actor
from groundswell.people.services import NewPerson, find_or_add, person_of_user
from groundswell.powers import public
from groundswell.powers import services as powers
from tests.browser.conftest import LAPTOP, axe_finds, check_with_axe, looks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEST = system_actor("test")


@pytest.fixture(autouse=True)
def town(transactional_db, settings, live_server, monkeypatch):
    """Burlington, with one house party of Alice's; dana runs the movement."""
    settings.BASE_URL = live_server.url
    settings.SECOND_FACTOR_REQUIRED = False
    monkeypatch.setattr(public, "MIN_SECONDS", 0)  # browsers driven by programs are quicker than people
    powers.found_movement("dana@example.org", "Green Mountain")
    person_of_user(powers.proved_address("dana@example.org"))
    alice = find_or_add(NewPerson("Alice", "Reed", "alice@example.org"), how="test").person
    day = clock.now() + timedelta(days=6)
    starts = day.replace(hour=18, minute=30, second=0, microsecond=0, tzinfo=None)
    event = events.create(
        alice,
        EventDetails(
            title="Pie and phone calls at the Reeds’",
            type="house_party",
            postal_code="05401",
            street="12 Maple Street",
            place_shown="guests",
            description="Come as you are.",
            shifts=[ShiftDetails(starts, starts + timedelta(hours=2), capacity=2)],
        ),
        actor=person_actor(alice.pk),
    )
    event = events.confirm(event)
    if event.state == "waiting":
        event = events.publish(event, TEST)
    return event


def deliver() -> None:
    """What the worker does meanwhile."""
    ledger.catch_up()
    drain()


def newest_mail_to(address: str):
    return next(message for message in reversed(mail.outbox) if message.to == [address])


def link_in(message, pattern: str) -> str:
    return re.search(rf"https?://\S*{pattern}\S*", message.body).group()


def sign_in(page, address: str) -> None:
    page.goto(reverse("account_login"))
    page.get_by_label("Email").fill(address)
    page.get_by_role("button", name="Mail me a code").click()
    page.wait_for_selector("input[name=code]")
    deliver()
    code = re.search(r"\b[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\b", newest_mail_to(address).body).group()
    page.locator("input[name=code]").fill(code)
    page.locator("main form").filter(has=page.locator("input[name=code]")).get_by_role("button").first.click()
    page.wait_for_url("**/me")


def come(page, name: str, address: str) -> None:
    page.get_by_label("First name").fill(name)
    page.get_by_label("Email", exact=False).first.fill(address)
    page.locator("#come form button[type=submit]").click()
    page.wait_for_url(re.compile("/thanks"))


def test_find_by_zip_come_and_cancel_by_the_link_in_the_mail(page, town):
    page.goto("/")
    page.goto("/events")
    page.get_by_label("Near").fill("05401")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Pie and phone calls").first.click()
    assert "12 Maple Street" not in page.content()
    come(page, "Erin", "erin@example.org")
    assert "12 Maple Street" not in page.content()
    deliver()
    page.goto(link_in(newest_mail_to("erin@example.org"), "/rsvp/"))
    assert "12 Maple Street" in page.content()
    page.get_by_role("button", name="I can't come").click()
    page.get_by_text("You are not coming").wait_for()
    deliver()
    assert find(FindQuery(limit=1))[0].taken == 0


def test_who_waits_gets_the_place_that_becomes_free(page, town):
    links = []
    for name in ("Erin", "Frank", "Grace"):
        page.goto(f"/events/{town.pk}")
        come(page, name, f"{name.lower()}@example.org")
        links.append(page.url)
    assert page.get_by_text("It was full when you pressed").is_visible()
    deliver()
    page.goto(link_in(newest_mail_to("erin@example.org"), "/rsvp/"))
    page.get_by_role("button", name="I can't come").click()
    page.get_by_text("You are not coming").wait_for()
    deliver()
    page.goto(link_in(newest_mail_to("grace@example.org"), "/rsvp/"))
    assert page.get_by_role("heading", name="You are in").is_visible()


def test_host_an_event_have_it_approved_and_see_it_on_the_map(page, context):
    page.goto("/events/new")
    page.get_by_label("What do you call it?").fill("Knock on doors 🌲 in the hills")
    page.locator("input[type=date]").first.fill((clock.now() + timedelta(days=9)).strftime("%Y-%m-%d"))
    page.locator("input[type=time]").nth(0).fill("10:00")
    page.locator("input[type=time]").nth(1).fill("12:00")
    page.get_by_label("ZIP").fill("05602")
    page.get_by_label("Your first name").fill("Bob")
    page.get_by_label("Your email").fill("bob@example.org")
    page.get_by_role("button", name="Start this event").click()
    page.wait_for_url(re.compile("/events/new/mailed"))
    deliver()
    page.goto(link_in(newest_mail_to("bob@example.org"), "/events/confirm/"))
    assert find(FindQuery(limit=50)) and all("doors" not in event.title for event in find(FindQuery(limit=50)))
    page.get_by_role("button", name="Yes, it is mine").click()
    page.get_by_text("A person looks it over").wait_for()

    sign_in(page, "dana@example.org")
    page.goto("/hq/review")
    page.get_by_role("button", name="Publish").first.click()
    page.get_by_text("All looked over").wait_for()

    events_read.forget_map()
    page.goto("/events?near=Montpelier, VT")
    assert page.get_by_role("link", name="Knock on doors").first.is_visible()
    points = page.request.get("/events/points.json").json()
    assert any(abs(latitude - 44.26) < 0.2 for latitude, _, _ in points)
    assert page.locator("svg circle, svg use, .map svg *").count() > 0


def test_coming_needs_only_a_keyboard(page, town):
    page.goto(f"/events/{town.pk}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip().startswith("Skip")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || ''")
        reached.append(name)
        if name == "given_name":
            page.keyboard.type("Erin")
        if name == "email":
            page.keyboard.type("erin@example.org")
            page.keyboard.press("Enter")
            break
    page.wait_for_url(re.compile("/thanks"))


def test_the_place_that_has_focus_can_be_seen(page, town):
    page.goto(f"/events/{town.pk}")
    for _ in range(12):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
            return [e.tagName, b.width > 0 && b.height > 0, s.outlineStyle !== 'none' || s.boxShadow !== 'none']; }"""
        )
        assert seen[0] == "BODY" or (seen[1] and seen[2]), seen


def test_pages_work_without_javascript(browser, live_server, town):
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/events?near=05401")
    page.get_by_role("link", name="Pie and phone calls").first.click()
    come(page, "Erin", "erin@example.org")
    assert page.get_by_text("There was room when you pressed").is_visible()
    plain.close()


PUBLIC = [
    "/",
    "/events",
    "/events?near=05401",
    "/events?near=99999",
    "/events/new",
    "account_login",
    "/es/",
    "/nowhere",
]


def check_access(page, path: str) -> None:
    page.goto(path if path.startswith("/") else reverse(path))
    for look in looks(page):
        check_with_axe(page, f"{path} {look}")


def test_axe_finds_nothing_on_public_pages_and_nothing_overflows_a_small_phone(browser, live_server, town):
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    page = context.new_page()
    for path in [*PUBLIC, f"/events/{town.pk}"]:
        check_access(page, path)
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


def with_guests_at_two_times():
    """An event of yesterday; at each of its two times somebody came, waited or cancelled."""
    event = making.published(title="Canvass", shifts=[making.shift(2, hour=10), making.shift(hour=14)])
    early, late = event.shifts.all()
    wanda = NewPerson("Wandalina", "Featherstonehaugh-Quimby", "wandalina.featherstonehaugh@mountains.example.org")
    events.rsvp(early.pk, replace(wanda, phone="802-555-0123"), guests=1)
    events.rsvp(early.pk, making.who("bob"))
    events.rsvp(late.pk, making.who("bob"))
    events.cancel_rsvp(events.rsvp(late.pk, making.who("frank")))
    return making.ago(event, days=4)


def test_axe_finds_nothing_on_the_pages_of_hosts_and_reviewers(browser, live_server, town):
    context = browser.new_context(base_url=live_server.url, viewport=LAPTOP, bypass_csp=True)
    page = context.new_page()
    sign_in(page, "dana@example.org")
    busy = with_guests_at_two_times()
    events_of = [f"/events/{town.pk}/edit", f"/events/{town.pk}/host", f"/events/{busy.pk}/host"]
    for path in ["/hq/review", *events_of, "mfa_index"]:
        check_access(page, path)
    context.close()


def test_axe_would_find_a_picture_without_words(browser, live_server, town):
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    page = context.new_page()
    page.goto("/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/logo\">')")
    assert axe_finds(page).violations_count > 0
    context.close()
