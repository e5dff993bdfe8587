"""A host runs an event from a phone with one hand: calls, the door, walk-ins, who did not come."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from groundswell.events import links
from groundswell.events import services as events
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.tests import making
from groundswell.kit import clock
from groundswell.people.services import NewPerson, person_of_user
from groundswell.powers import services as powers
from tests.browser.test_journeys import check_access, deliver, sign_in, town  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("town")]
NAMES = ["Ana Featherstonehaugh-Quimby", "Bo Li", "Chloé Dubois", "Dmitri Orlov", "دانا الحسن"]


@pytest.fixture
def party(town):  # noqa: F811
    """Dana's, in four days; five come, the last of whom waits."""
    host = person_of_user(powers.proved_address("dana@example.org"))
    event = making.published(host, title="Pie and phone calls", shifts=[making.shift(5, days=4)])
    for number, name in enumerate(NAMES):
        given, _space, family = name.partition(" ")
        person = NewPerson(given, family, f"guest{number}@mountains.example.org", phone=f"802-555-010{number}")
        events.rsvp(making.first(event).pk, person, guests=int(number == 2))
    deliver()
    return event


def begins(event, ago=timedelta()):
    """It began a while ago."""
    starts = clock.now() - ago
    at = {"starts_at": starts, "ends_at": starts + timedelta(hours=2)}
    Shift.objects.filter(event=event).update(**at)
    Event.objects.filter(pk=event.pk).update(**at)


def row(page, name):
    return page.locator(".guest", has_text=name)


def fits(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for target in page.locator(".desk :is(a, button, summary):visible").all():
        assert target.bounding_box()["height"] >= 44, target.inner_text()


def test_a_host_runs_an_event_from_a_phone(page, party):
    sign_in(page, "dana@example.org")
    desk = f"/events/{party.pk}/host"
    page.goto(desk)
    fits(page)
    assert row(page, "Bo Li").get_by_role("link", name="+1 802-555-0101").get_attribute("href") == "tel:+18025550101"
    row(page, "Bo Li").get_by_role("button", name="Will come").click()
    row(page, "Bo Li").get_by_text("Will come ·").wait_for()
    row(page, "Dmitri").get_by_role("button", name="Won’t come").click()
    row(page, "Dmitri").get_by_text("not coming", exact=True).wait_for()
    row(page, "دانا").get_by_role("button", name="Will come").wait_for()  # no need to load the page again
    expect(row(page, "دانا").get_by_text("waiting", exact=True)).to_have_count(0)
    page.locator("#guests-gone .name", has_text="Dmitri").wait_for()

    begins(party)
    page.goto(desk)
    fits(page)
    for here, name in ((1, "Ana"), (3, "Chloé")):
        row(page, name).get_by_role("button", name="Check in").click()
        page.get_by_text(f"{here} of 5 are here").wait_for()
    row(page, "Chloé").get_by_role("button", name="Undo").click()
    page.get_by_text("1 of 5 are here").wait_for()
    row(page, "Chloé").get_by_role("button", name="Check in").dblclick()
    page.get_by_text("3 of 5 are here").wait_for()

    shown = RSVP.objects.get(person__given_name="Bo")
    page.goto(reverse("events:desk_check_in", args=[party.pk, links.check_in_token(shown)]))
    page.get_by_role("button", name="Check in").click()
    page.get_by_text("Bo Li is here.").wait_for()
    page.get_by_role("link", name="All guests").click()

    page.get_by_text("Somebody walked in").click()
    assert page.locator(".walk-in :checked").count() == 0
    page.get_by_label("Name").fill("Wanda Walker")
    page.get_by_label("Email or phone").fill("802-555-0199")
    fits(page)
    page.get_by_role("button", name="They are here").click()
    page.get_by_text("5 of 6 are here").wait_for()

    begins(party, ago=timedelta(hours=3))
    page.goto(desk)
    fits(page)
    page.get_by_role("button", name="All others did not come").click()
    page.get_by_text("Saved: 1 person did not come.").wait_for()
    row(page, "دانا").get_by_text("did not come").wait_for()
    page.get_by_role("button", name="Undo", exact=True).last.click()
    row(page, "دانا").get_by_role("button", name="Came").wait_for()


def test_two_hosts_at_one_door_see_what_the_other_pressed(context, party):
    begins(party)
    one, other = context.new_page(), context.new_page()
    sign_in(one, "dana@example.org")
    for page in (one, other):
        page.goto(f"/events/{party.pk}/host")
    one.get_by_text("Somebody walked in").click()
    one.get_by_label("Name").fill("Wanda")
    row(one, "Bo Li").locator("details.more > summary").click()
    row(other, "Ana").get_by_role("button", name="Check in").click()
    row(other, "Bo Li").get_by_role("button", name="Check in").click()
    other.get_by_text("2 of 5 are here").wait_for()
    asked = []
    one.on("response", lambda reply: asked.append(reply.status) if reply.url.endswith("/host/list") else None)
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    one.evaluate(look)
    row(one, "Ana").get_by_text("Here").wait_for()
    one.get_by_text("2 of 5 are here").wait_for()
    assert one.get_by_label("Name").input_value() == "Wanda"
    row(one, "Bo Li").get_by_role("button", name="Check in").wait_for()  # in use: it stays as it was
    row(one, "Bo Li").locator("details.more > summary").click()
    row(one, "Dmitri").locator("details.more > summary").focus()
    one.evaluate(look)
    row(one, "Bo Li").get_by_text("Here").wait_for()
    with one.expect_response("**/host/list") as said:
        one.evaluate(look)
    assert said.value.status == 304 and set(asked) <= {200, 304}
    begins(party, ago=timedelta(hours=3))
    with one.expect_response(lambda reply: reply.status == 286):
        one.evaluate(look)


def test_what_the_network_lost_is_told_on_its_row(context, party):
    begins(party)
    page = context.new_page()
    sign_in(page, "dana@example.org")
    page.goto(f"/events/{party.pk}/host")
    page.route("**/host/guests/*", lambda route: route.abort())
    row(page, "Ana").get_by_role("button", name="Check in").click()
    row(page, "Ana").get_by_text("Not saved: no connection.").wait_for()
    page.unroute("**/host/guests/*")
    row(page, "Ana").get_by_role("button", name="Check in").click()
    page.get_by_text("1 of 5 are here").wait_for()
    expect(page.get_by_text("Not saved")).to_have_count(0)


def test_the_door_works_without_scripts(browser, live_server, party):
    begins(party)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "dana@example.org")
    page.goto(f"/events/{party.pk}/host")
    row(page, "Ana").get_by_role("button", name="Check in").click()
    page.get_by_text("1 of 5 are here").wait_for()
    context.close()


def test_axe_finds_nothing_at_the_desk(browser, live_server, party):
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    page = context.new_page()
    sign_in(page, "dana@example.org")
    shown = RSVP.objects.first()
    for ago in (timedelta(days=-4), timedelta(), timedelta(hours=3), timedelta(days=9)):
        begins(party, ago)
        check_access(page, f"/events/{party.pk}/host")
    check_access(page, reverse("events:desk_check_in", args=[party.pk, links.check_in_token(shown)]))
    context.close()
