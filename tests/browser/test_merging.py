"""Two hosts put their events together, each from a phone; a guest answers by the link in the mail."""

import pytest
from playwright.sync_api import expect

from groundswell.events import services as events
from groundswell.events.tests import making
from groundswell.people.rules import NewPerson
from groundswell.people.services import person_of_user
from groundswell.powers import services as powers
from tests.browser.conftest import check_with_axe, looks
from tests.browser.test_journeys import deliver, link_in, newest_mail_to, sign_in, town  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("town")]


def host(name, hour):
    making.person(name)
    person = person_of_user(powers.proved_address(f"{name.lower()}@example.org"))
    return making.published(person, title=f"Phone calls at {name}’s", shifts=[making.shift(8, hour=hour)])


@pytest.fixture
def two():
    """Ana's, to which one comes with a friend; Bo's an hour earlier, with room. Dana could change both."""
    small, large = (host(name, hour) for name, hour in (("Ana", 19), ("Bo", 18)))
    events.rsvp(making.first(small).pk, NewPerson("Chloé", email="chloe@example.org"), guests=1)
    deliver()
    return small, large


def fits(page, where):
    for look in looks(page):
        check_with_axe(page, f"{where} {look}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{where} {look}"


def test_two_hosts_put_their_events_together_and_a_guest_answers(browser, live_server, two):
    small, large = two
    ana, bo, chloe = (browser.new_context(base_url=live_server.url, bypass_csp=True).new_page() for _n in range(3))
    sign_in(ana, "ana@example.org")
    ana.goto(f"/events/{small.pk}/host/fill")
    ana.get_by_role("link", name="Go together").click()
    fits(ana, "neighbors")
    ana.get_by_label("I would like to run it with them").check()
    ana.get_by_role("button", name="Ask its host").click()
    expect(ana.get_by_role("heading", name="You asked")).to_be_visible()
    fits(ana, "asked")

    deliver()
    sign_in(bo, "bo@example.org")
    bo.goto(f"/events/{large.pk}/host")
    bo.get_by_role("link", name="See and answer").click()
    fits(bo, "to answer")
    bo.get_by_role("button", name="Yes, together").click()
    expect(bo.get_by_text("have a place at your event")).to_be_visible()
    bo.goto(f"/events/{large.pk}/host")
    expect(bo.locator(".guest", has_text="Chloé").get_by_text("did not answer yet")).to_be_visible()
    fits(bo, "desk")

    deliver()
    ana.goto(f"/events/{small.pk}/host/merge")
    expect(ana.locator("main").get_by_role("link", name="Phone calls at Bo’s")).to_be_visible()
    chloe.goto(f"/events/{small.pk}")
    fits(chloe, "merged")
    chloe.goto(link_in(newest_mail_to("chloe@example.org"), "/rsvp/"))
    fits(chloe, "a guest")
    chloe.get_by_role("button", name="I come").click()
    expect(chloe.get_by_role("heading", name="You are in")).to_be_visible()
    expect(chloe.get_by_role("button", name="I come")).to_have_count(0)
    for page in (ana, bo, chloe):
        page.context.close()
