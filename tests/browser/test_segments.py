"""A segment is built by clicking in a real browser, with the count beside it, and by plain forms without a script."""

import pytest
from django.test import Client
from django.urls import reverse

from groundswell.people import services
from groundswell.people.models import Segment
from groundswell.people.services import NewPerson
from groundswell.powers.services import found_movement
from tests.browser.conftest import check_with_axe, looks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hq(context, transactional_db, settings, live_server):
    """The browser of dana, who runs the movement; twelve people in Vermont, three of them tagged."""
    settings.SECOND_FACTOR_REQUIRED = False
    owner = found_movement("dana@example.org", "Green Mountain")
    for n in range(12):
        details = NewPerson(f"Person{n}", "Hill", email=f"hill{n}@example.org", postal_code="05401")
        person = services.find_or_add(details, how="test").person
        if n < 3:
            services.tag(person, "nurse", actor="system:test")
    client = Client()
    client.force_login(owner)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])


def build(page):
    """Near Burlington, but not tagged."""
    page.locator("button[value='remove:t.0']").click()
    page.locator("#t-new").select_option("near")
    page.locator("button[value='add:t']").click()
    page.locator("#t-0-place").fill("Burlington, VT")
    page.locator("button[value='group:t']").click()
    page.locator("#t-1-how").select_option("none")
    page.locator("#t-1-new").select_option("tag")
    page.locator("button[value='add:t.1']").click()
    page.locator("#t-1-0-tag").select_option("nurse")


def test_the_count_follows_each_press_and_the_segment_is_saved(page, hq):
    page.goto(reverse("people:new_segment"))
    build(page)
    page.locator(".figure strong", has_text="9").wait_for()
    page.get_by_text("live within 25 miles of Burlington, VT, but are not tagged “nurse”").wait_for()
    page.locator("input[name=name]").fill("Neighbors")
    page.get_by_role("button", name="Save the segment").click()
    page.get_by_role("heading", name="Neighbors").wait_for()
    assert Segment.objects.get().name == "Neighbors"


def test_it_works_without_a_script(browser, hq, context, live_server):
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(context.cookies())
    page = plain.new_page()
    page.goto(reverse("people:new_segment"))
    build(page)
    page.get_by_role("button", name="Count them").last.click()
    assert page.locator(".figure strong").inner_text() == "9"
    plain.close()


def test_axe_finds_nothing(page, hq):
    page.goto(reverse("people:new_segment"))
    build(page)
    for look in looks(page):
        check_with_axe(page, look)
    page.goto(reverse("people:segments"))
    check_with_axe(page, "list")
