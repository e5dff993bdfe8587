"""A whole evening of a host, on a phone: from the first page to the next dates, one visit to each page on the way."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from groundswell.events import links, sheets
from groundswell.events import services as events
from groundswell.events.models import RSVP, Event, Host
from groundswell.events.services import copying
from groundswell.events.tests import making
from groundswell.kit import clock
from groundswell.people.services import NewPerson, person_of_user
from groundswell.powers import services as powers
from tests.browser.test_desk import begins, row
from tests.browser.test_journeys import come, deliver, newest_mail_to, sign_in, town  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("town")]
BY_FORM = ("Ana", "Bo")
OTHERS = ("Chloé", "Dmitri", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo")


def start(page) -> Event:
    page.goto("/events/new")
    page.get_by_label("What do you call it?").fill("Soup and calls")
    page.locator("input[type=date]").first.fill((clock.now() + timedelta(days=5)).strftime("%Y-%m-%d"))
    page.locator("input[type=time]").nth(0).fill("19:00")
    page.locator("input[type=time]").nth(1).fill("21:00")
    page.get_by_label("ZIP").fill("05401")
    page.get_by_label("Street and number").fill("3 Elm Street")
    page.get_by_role("button", name="Start this event").tap()
    expect(page.locator(".badge").first).to_have_text(re.compile("Published"))
    return Event.objects.get(title="Soup and calls")


def test_a_host_runs_a_whole_evening_from_a_phone(page, live_server):
    sign_in(page, "dana@example.org")
    event = start(page)
    desk = f"/events/{event.pk}/host"

    # Guests say that they come.
    strangers = page.context.browser.new_context(base_url=live_server.url)
    for name in BY_FORM:
        guest = strangers.new_page()
        guest.goto(f"/events/{event.pk}")
        come(guest, name, f"{name.lower()}@example.org")
    strangers.close()
    for n, name in enumerate(OTHERS):
        about = NewPerson(name, "", f"guest{n}@example.org", phone=f"802-555-01{n + 10}")
        events.rsvp(making.first(event).pk, about, guests=2 if name == "Gus" else 0)
    deliver()

    # They are written to, and two are called.
    page.goto(desk)
    page.get_by_role("link", name="Write to them").tap()
    page.get_by_role("link", name="a reminder").tap()
    page.get_by_role("button", name="See it first").tap()
    page.get_by_role("button", name="Send to 10 people").tap()
    expect(page.locator(".toasts")).to_contain_text("On its way to 10 people.")
    page.get_by_role("link", name="Who comes").tap()
    for name in ("Chloé", "Dmitri"):
        row(page, name).get_by_role("button", name="Will come").tap()
        expect(row(page, name)).to_contain_text("Will come ·")
    sheet = page.request.get(page.get_by_role("link", name="Sign-in sheet").get_attribute("href"))
    assert sheet.headers["content-type"] == "application/pdf" and sheet.body().startswith(b"%PDF")
    codes = {RSVP.objects.get(pk=pk).person.given_name: code for code, pk in sheets.codes(guests_of(event)).items()}

    # At the door: a tap, a slip, a code on a phone, who is found by name, who walks in.
    begins(event)
    page.goto(desk)
    first = row(page, "Ana").get_by_role("button", name="Check in")
    assert first.bounding_box()["y"] < 500, "the first guest is at hand without scrolling"
    first.tap()
    expect(row(page, "Ana")).to_contain_text("Here")
    page.get_by_placeholder("Find a guest").fill("ev")
    expect(row(page, "Bo")).to_be_hidden()
    row(page, "Eve").get_by_role("button", name="Check in").tap()
    row(page, "Eve").get_by_role("button", name="Undo").tap()
    row(page, "Eve").get_by_role("button", name="Check in").wait_for()
    shown = RSVP.objects.get(shift__event=event, person__given_name="Bo")
    page.goto(reverse("events:desk_check_in", args=[event.pk, links.check_in_token(shown)]))
    page.get_by_role("button", name="Check in").tap()
    page.get_by_role("link", name="All guests").tap()
    for name in ("Wanda", "Yuri"):
        page.get_by_text("Somebody walked in").tap()
        page.get_by_label("Name").fill(name)
        page.get_by_label("Email or phone").fill(f"{name.lower()}@example.org")
        page.get_by_role("button", name="They are here").tap()
        expect(row(page, name)).to_contain_text("walked in")
    expect(page.locator(".here-count")).to_contain_text("4 of 14 are here")

    # Afterwards the sheet is typed in; the others did not come.
    begins(event, ago=timedelta(hours=3))
    page.get_by_role("link", name="Type the sheet in").tap()
    expect(page.get_by_label("Codes")).to_be_focused()
    for name in ("Chloé", "Dmitri", "Gus"):
        page.keyboard.type(codes[name])
        expect(page.locator("#answers li").first).to_contain_text(name)
    page.keyboard.type("2\n")
    expect(page.locator("#answers li").first).to_contain_text("2 of 3 came")
    page.get_by_role("button", name="The other 5 did not come").tap()
    expect(page.locator("#rest")).to_contain_text("8 came")

    # The next dates; then thanks, which lead to the first of them.
    page.get_by_role("link", name="Who comes").tap()
    page.get_by_role("link", name="Do it again").tap()
    page.get_by_label("How many times").fill("5")
    page.get_by_role("button", name="Make them").tap()
    expect(page.locator("#copies li")).to_have_count(5)
    deliver()
    assert newest_mail_to("dana@example.org").subject == "5 new events: Soup and calls"
    page.get_by_role("link", name="Who comes").tap()
    page.get_by_role("link", name="Thank them").tap()
    expect(page.get_by_label("What you want to say")).to_have_value(
        re.compile("Will you come again.*/events/", re.DOTALL)
    )
    page.get_by_role("button", name="See it first").tap()
    page.get_by_role("button", name="Send to 5 people").tap()
    expect(page.locator(".toasts")).to_contain_text("On its way to 5 people.")

    # One date is led by somebody else, another is called off.
    second, third = copying.copies(event)[1:3]
    bob = person_of_user(powers.proved_address("bob@example.org"))
    events.add_host(second, bob, making.TEST)
    page.goto(f"/events/{second.pk}/host")
    page.get_by_role("link", name="Hand it over").tap()
    page.get_by_role("button", name="Ask them").tap()
    page.get_by_role("button", name="Take it back").wait_for()
    deliver()
    other = page.context.browser.new_context(base_url=live_server.url).new_page()
    sign_in(other, "bob@example.org")
    other.goto(f"/events/{second.pk}/host")
    other.get_by_role("link", name="See and answer").click()
    other.get_by_role("button", name="Yes, I lead it").click()
    expect(other.locator(".toasts")).to_contain_text("You lead the event now.")
    other.context.close()
    assert Host.objects.get(event=second, lead=True).person == bob
    page.goto(f"/events/{third.pk}/host")
    page.get_by_role("link", name="Call it off").tap()
    page.get_by_role("button", name="Call it off").tap()
    expect(page.locator(".badge").first).to_have_text("Called off")


def guests_of(event):
    return RSVP.objects.filter(shift__event=event).values_list("pk", flat=True)
