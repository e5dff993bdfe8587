"""The front in a real browser: the live board, my page by keyboard, nothing for axe to find on phone or laptop."""

from itertools import pairwise

import pytest
from django.urls import reverse

from groundswell.events import selectors as event_selectors
from groundswell.events import services as events
from groundswell.events.tests import making
from groundswell.ledger.services import catch_up
from groundswell.people.services import NewPerson
from groundswell.powers import selectors as powers
from groundswell.web import selectors
from tests.browser.conftest import LAPTOP, PHONE, check_with_axe, looks
from tests.cast import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    settings.DEMO = True
    selectors.forget()
    event_selectors.forget_map()
    return make_world()


@pytest.fixture
def sign_in(context, world, live_server):
    def as_role(role):
        session = world.client(role).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])

    return as_role


def figures(page):
    return page.locator("#board .figure").all_inner_texts()


def test_the_board_moves_by_itself_and_stands_still_while_it_is_used(page, sign_in, world):
    catch_up()
    sign_in("dana")
    page.goto(reverse("web:hq"))
    assert figures(page)[:2] == ["1", "1"]
    events.rsvp(making.first(world.event).pk, NewPerson("Fay", email="fay@example.org"), page="/events")
    catch_up()
    page.locator("#board .figure", has_text="2").first.wait_for()
    assert figures(page)[1] == "2"
    page.evaluate("document.getElementById('board').dataset.drawn = 'before'")
    with page.expect_response(lambda reply: reply.url.endswith(reverse("web:board")) and reply.status == 304):
        pass
    page.wait_for_timeout(300)
    assert figures(page)[1] == "2" and page.locator("#board[data-drawn=before]").count() == 1, "nothing is drawn again"

    page.get_by_text("As a table").click()
    events.rsvp(making.first(world.event).pk, NewPerson("Guy", email="guy@example.org"), page="/events")
    catch_up()
    page.wait_for_timeout(5_000)
    assert figures(page)[1] == "2", "it moved under somebody who uses it"
    page.get_by_text("As a table").click()
    page.evaluate("document.activeElement.blur()")
    page.locator("#board .figure", has_text="3").first.wait_for()


def test_a_power_is_handed_on_and_taken_back_with_the_keyboard_alone(page, sign_in, world):
    sign_in("alice")
    page.goto(reverse("web:me"))
    page.get_by_role("link", name="Hand it on").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Their email address").focus()
    page.keyboard.type("charlie@example.org")
    page.keyboard.press("Enter")
    page.get_by_text("Charlie holds this power now.").wait_for()
    assert powers.scopes(world.users["charlie"], "hq.open") == ["movement.place.us.vt"]
    page.get_by_text("Take back", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The power is taken back").wait_for()
    assert powers.scopes(world.users["charlie"], "hq.open") == []


def test_the_words_of_a_chart_stay_readable_on_a_phone(page, sign_in, world):
    sign_in("dana")
    for size in (PHONE, LAPTOP):
        page.set_viewport_size(size)
        page.goto(reverse("web:hq"))
        words = page.locator(".chart text:visible")
        words.first.wait_for()
        boxes = [word.bounding_box() for word in words.all()]
        assert len(boxes) >= 4 and min(box["height"] for box in boxes) > 11, "as 11 px letters are"
        labels = [word.bounding_box() for word in page.locator(".chart text.label:visible").all()]
        assert all(left["x"] + left["width"] < right["x"] for left, right in pairwise(labels)), "none over the next"


PAGES = [
    "web:home",
    "web:me",
    "web:hq",
    "web:night",
    "web:entries",
    "web:jobs",
    "web:powers",
    "web:settings",
    "web:outbox",
]


def test_axe_finds_nothing_and_nothing_hangs_over(page, sign_in, world):
    sign_in("dana")
    for address in [*map(reverse, PAGES), "/es/", "/es/hq/powers"]:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        for look in looks(page):
            check_with_axe(page, f"{address} {look}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} {look} hangs over"
