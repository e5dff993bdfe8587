"""Starting an event through its page: what it asks, and what one is told when it cannot be."""

import html
import re

import pytest

from groundswell.events import links
from groundswell.events.models import Event
from groundswell.events.tests import making
from groundswell.events.tests.filling import answers
from groundswell.events.views import hosting as pages
from groundswell.ledger import http
from groundswell.people.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_time_trap")]


def test_a_stranger_starts_an_event_and_confirms_it(page):
    reply = page.post("/events/new", answers())
    assert reply.status_code == 303 and reply["Location"] == "/events/new/mailed"
    event = Event.objects.get()
    assert event.state == "draft" and making.first(event).capacity == 12
    url = f"/events/confirm/{links.confirm_token(event)}"
    assert "Is this your event?" in page.get(url).content.decode()
    assert "A person looks it over now" in page.post(url, follow=True).content.decode()
    event.refresh_from_db()
    assert event.state == "waiting"


def test_whoever_is_signed_in_needs_to_say_only_what_happens(world):
    client = world.client("charlie", headers={"sec-fetch-site": "same-origin"})
    text = client.get("/events/new").content.decode()
    assert "charlie@example.org" in text and 'name="given_name"' not in text
    reply = client.post("/events/new", answers(), follow=True)
    event = Event.objects.get(title="Soup and calls")
    assert event.state == "waiting" and reply.redirect_chain[-1][0] == f"/events/{event.pk}/edit"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"shifts-0-starts": "20:00", "shifts-0-ends": "09:00"}, "shifts-0-ends", "Does it end on another day?"),
        ({"shifts-0-last_day": making.at(2).date().isoformat()}, "shifts-0-last_day", "must be after the start"),
        ({"shifts-0-last_day": making.at(30).date().isoformat()}, "shifts-0-ends", "at most seven days"),
        ({"title": ""}, "title", "required"),
        ({"title": "x" * 10_000}, "title", "Use at most 120 characters"),
        ({"postal_code": "00000"}, "postal_code", "We do not know the ZIP"),
        ({"postal_code": ""}, "postal_code", "required"),
        ({"shifts-0-day": "2020-01-01"}, "shifts-0-starts", "in the past"),
        ({"shifts-0-day": "never"}, "shifts-0-day", "valid date"),
        ({"shifts-0-ends": "18:00"}, "shifts-0-ends", "The end must be after the start"),
        ({"shifts-0-capacity": "0"}, "shifts-0-capacity", "Room for 1 to 100,000"),
        ({"shifts-0-capacity": "-3"}, "shifts-0-capacity", "Room for 1 to 100,000"),
        ({"shifts-0-capacity": "9" * 30}, "shifts-0-capacity", "Room for 1 to 100,000"),
        ({"email": "nobody"}, "email", "is not an email address"),
        ({"phone": "12"}, "phone", "is not a phone number"),
        ({"languages": ["klingon"]}, "languages", "Choose one of the list."),
        ({"online": "yes", "online_url": "javascript:alert(1)"}, "online_url", "A link begins with https://"),
        ({"type": "riot"}, "type", "Choose one of the list."),
    ],
)
def test_what_cannot_stand_is_told_on_its_field_and_nothing_is_written(page, changed, field, words):
    before = Person.objects.count()
    reply = page.post("/events/new", answers(**changed))
    text = reply.content.decode()
    assert reply.status_code == 422
    box = re.search(rf'<ul class="errorlist" id="id_{field}_error">(.*?)</ul>', text, re.S)
    assert box and words in box[1], field
    assert "Bring a spoon." in text and "17 Hill Rd" in text
    assert not Event.objects.exists() and Person.objects.count() == before


def test_a_shift_over_midnight_ends_on_the_next_day(page):
    page.post("/events/new", answers(**{"shifts-0-starts": "22:00", "shifts-0-ends": "01:00"}))
    shift = making.first(Event.objects.get())
    assert (shift.ends_at - shift.starts_at).total_seconds() == 3 * 3600


def test_a_shift_over_days_names_its_last_day(page):
    until = making.at(5).date().isoformat()
    page.post("/events/new", answers(**{"shifts-0-last_day": until, "shifts-0-ends": "18:00"}))
    shift = making.first(Event.objects.get())
    assert (shift.ends_at - shift.starts_at).total_seconds() == 47 * 3600


def test_another_time_can_be_added_without_scripts_and_nothing_typed_is_lost(page):
    text = page.post("/events/new", answers(add_shift="1")).content.decode()
    assert "Bring a spoon." in text and 'name="shifts-1-day"' in text and "errorlist" not in text
    more = {"shifts-TOTAL_FORMS": "2", "shifts-1-day": making.at(5).date().isoformat()}
    page.post("/events/new", answers(**more, **{"shifts-1-starts": "10:00", "shifts-1-ends": "12:00"}))
    assert Event.objects.get().shifts.count() == 2


def test_the_same_form_sent_twice_makes_one_event(page):
    key = "0190aaaa-0000-7000-8000-000000000000"
    first = page.post("/events/new", answers(idempotency_key=key))
    second = page.post("/events/new", answers(idempotency_key=key))
    assert (first.status_code, second.status_code) == (303, 303)
    assert Event.objects.count() == 1


def test_without_the_key_it_would_make_two(page):
    """The control of the test above."""
    page.post("/events/new", answers())
    page.post("/events/new", answers())
    assert Event.objects.count() == 2


def test_mistakes_and_further_times_do_not_use_up_the_limit(page, monkeypatch):
    monkeypatch.setitem(pages.STARTED, "burst", 2)
    monkeypatch.setitem(pages.STARTED, "per_hour", 0.001)
    for _again in range(4):
        assert page.post("/events/new", answers(title="")).status_code == 422
        assert page.post("/events/new", answers(postal_code="00000")).status_code == 422
        assert page.post("/events/new", answers(add_shift="1")).status_code == 200
    assert [page.post("/events/new", answers()).status_code for _n in range(2)] == [303, 303]
    reply = page.post("/events/new", answers(idempotency_key="k" * 36))
    text = reply.content.decode()
    assert reply.status_code == 429 and "Wait a minute, then send it." in text and reply["Retry-After"] == "60"
    assert "Bring a spoon." in text and "17 Hill Rd" in text and 'name="shifts-0-day"' in text
    assert Event.objects.count() == 2


def test_a_key_used_for_other_answers_brings_the_form_back_with_a_new_one(page):
    key = "0190aaaa-0000-7000-8000-000000000001"
    page.post("/events/new", answers(idempotency_key=key))
    reply = page.post("/events/new", answers(idempotency_key=key, title="Second thoughts"))
    text = reply.content.decode()
    assert reply.status_code == 422 and "it makes one more event" in text and "Second thoughts" in text
    new = re.search(r'name="idempotency_key" value="([^"]+)"', text)[1]
    assert new != key
    assert page.post("/events/new", answers(idempotency_key=new, title="Second thoughts")).status_code == 303


def test_a_press_while_the_first_is_worked_on_brings_the_form_back_with_its_key(page, monkeypatch):
    """The same key: whoever presses again gets the first event, not a second one."""

    def busy(*args):
        raise http.KeyInFlight

    monkeypatch.setattr(http, "PATIENCE", 0)
    monkeypatch.setattr(http, "idempotent", busy)
    reply = page.post("/events/new", answers(idempotency_key="the-key"))
    text = reply.content.decode()
    assert reply.status_code == 409 and "still being worked on" in text and "Bring a spoon." in text
    assert 'name="idempotency_key" value="the-key"' in text and reply["Retry-After"]
    by_program = page.post("/events/new", answers(), headers={"Idempotency-Key": "the-key"})
    assert by_program.status_code == 409 and by_program["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": "a\0b"}, "This has a character that cannot be written."),
        ({"shifts-TOTAL_FORMS": "x"}, "The times did not arrive."),
        ({"shifts-TOTAL_FORMS": "900"}, "An event has at most 20 times."),
    ],
)
def test_broken_forms_are_answered_in_our_words(page, changed, words):
    reply = page.post("/events/new", answers(**changed))
    text = html.unescape(reply.content.decode())
    assert reply.status_code == 422 and words in text
    for raw in ("ManagementForm", "Null characters", "Please submit", "Select a valid"):
        assert raw not in text
