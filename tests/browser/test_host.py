"""What hangs from the hosts' desk, on a phone: typing the sheet in, calling off. The rest of it is in the evening."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from groundswell.events import services as events
from groundswell.events import sheets
from groundswell.events.models import RSVP, Host
from groundswell.events.tests import making
from groundswell.people.services import NewPerson, person_of_user
from groundswell.powers import services as powers
from tests.browser.test_journeys import check_access, deliver, sign_in, town  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def event(town, page):  # noqa: F811
    """Dana's, with two guests; she is signed in."""
    dana = person_of_user(powers.proved_address("dana@example.org"))
    made = making.published(dana, title="Pie and phone calls")
    for name, guests in (("Łukasz", 0), ("Wanda", 2)):
        who = NewPerson(name, "", f"{name[1:]}@mountains.example.org")
        events.rsvp(making.first(made).pk, who, guests=guests)
    deliver()
    sign_in(page, "dana@example.org")
    return made


def test_codes_are_answered_with_names_as_they_are_typed(page, event):
    making.ago(event, days=4)
    codes = {RSVP.objects.get(pk=pk).person.given_name: code for code, pk in sheets.codes(ids(event)).items()}
    page.goto(f"/events/{event.pk}/host")
    page.get_by_role("link", name="Type the sheet in").tap()
    expect(page.get_by_label("Codes")).to_be_focused()
    page.keyboard.type(codes["Łukasz"].lower())  # no Enter, no button: the field has the focus
    expect(page.locator("#answers li").first).to_contain_text("Łukasz came")
    page.keyboard.type("XXXX")
    expect(page.locator("#answers li").first).to_contain_text("No such code")
    page.route("**/type-in", lambda route: route.fulfill(status=429, body="Wait."))
    page.keyboard.type(codes["Wanda"])
    expect(page.get_by_role("alert")).to_contain_text("No connection")
    page.unroute("**/type-in")
    page.get_by_role("button", name="Came").tap()
    expect(page.locator("#answers li").first).to_contain_text("3 of 3 came")
    page.keyboard.type("2\n")
    expect(page.locator("#answers li").first).to_contain_text("2 of 3 came")
    page.locator("#answers li").first.get_by_role("button", name="Undo").tap()
    expect(page.locator("#answers li").first).to_contain_text("is not marked any more")
    page.get_by_role("button", name="The other 3 did not come").tap()
    expect(page.locator("#rest")).not_to_contain_text("not marked yet")
    assert dict(RSVP.objects.filter(shift__event=event).values_list("person__given_name", "attended")) == {
        "Łukasz": True,
        "Wanda": False,
    }


def test_an_event_is_called_off_once_the_mail_was_seen(page, event):
    page.goto(f"/events/{event.pk}/host")
    page.get_by_role("link", name="Call it off").tap()
    page.get_by_label("What you want to say to them").fill("The hall is flooded.")
    page.get_by_role("button", name="See it first").tap()
    expect(page.locator(".letter")).to_contain_text("The hall is flooded.")
    page.get_by_role("button", name="Call it off").tap()
    expect(page.locator(".badge").first).to_have_text(re.compile("Called off"))
    event.refresh_from_db()
    assert event.state == "cancelled"


def test_axe_finds_nothing_on_these_pages(browser, live_server, page, event):
    state = page.context.storage_state()
    context = browser.new_context(base_url=live_server.url, storage_state=state, bypass_csp=True)
    looking = context.new_page()
    past = making.ago(making.published(Host.objects.get(event=event).person), days=4)
    for name, one in (("message", event), ("copy", event), ("cancel", event), ("hand_over", event), ("type_in", past)):
        check_access(looking, reverse(f"events:{name}", args=[one.pk]))
    context.close()


def ids(event):
    return list(RSVP.objects.filter(shift__event=event).values_list("pk", flat=True))
