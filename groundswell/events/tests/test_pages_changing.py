"""Changing an event through its page: what was not touched stays, and who was quicker is not overwritten."""

import html
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from groundswell.events import selectors, services
from groundswell.events.models import Event
from groundswell.events.tests import making
from groundswell.events.tests.filling import Form, answers, shown_form
from groundswell.jobs.worker import drain
from groundswell.ledger.models import Entry
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.services import person_of_user as people_of_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_time_trap")]


def test_the_host_changes_what_it_says(world):
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{world.event.pk}/edit"
    text = client.get(url).content.decode()
    shift = making.first(world.event)
    assert "Kanarienweg 1" in text and f'value="{shift.pk}"' in text
    kept = {"shifts-INITIAL_FORMS": "1", "shifts-0-id": str(shift.pk), "version": "0"}
    reply = client.post(url, answers(title="Open kitchen, bigger", **kept, **{"shifts-0-capacity": "40"}))
    assert reply.status_code == 302, reply.content.decode()[:3000]
    world.event.refresh_from_db()
    shift.refresh_from_db()
    assert world.event.title == "Open kitchen, bigger" and shift.capacity == 40 and shift.taken == 1
    bad = client.post(url, answers(title="", **kept))
    assert bad.status_code == 422 and b"Bring a spoon." in bad.content


def test_calling_off_shows_the_mail_first_and_takes_the_hosts_own_words(world):
    making.published(making.person("zed"), title="Soup at Zed's")
    client, url = world.client("alice"), f"/events/{world.event.pk}/cancel"
    shown = html.unescape(client.post(url, {"words": "The hall is flooded.\n\nSorry!"}).content.decode())
    assert "The hall is flooded." in shown and "There is room: Soup at Zed's, " in shown and "1 person is told" in shown
    world.event.refresh_from_db()
    assert world.event.state == "published"
    long = client.post(url, {"words": "x" * 1_001, "sure": "on"})
    assert long.status_code == 422 and b"this has 1001" in long.content
    client.post(url, {"words": "The hall is flooded.\n\nSorry!", "sure": "on"})
    world.event.refresh_from_db()
    assert world.event.state == "cancelled"
    catch_up()
    drain()
    mail = Delivery.objects.get(key__startswith="event.cancelled:")
    assert mail.subject == "Called off: Open kitchen" and "The hall is flooded.\n\nSorry!" in mail.text
    assert "There is room: Soup at Zed's" in mail.text
    assert "Who came is still yours" not in client.get(f"/events/{world.event.pk}/edit").content.decode()


@pytest.mark.parametrize("near", [True, False])
def test_calling_off_promises_events_nearby_only_if_there_are_any(world, near):
    making.published(making.person("zed"), title="Soup at Zed's", shifts=[making.shift(days=3 if near else 9)])
    client, url = world.client("alice"), f"/events/{world.event.pk}/cancel"
    shown = client.get(url).content.decode()
    assert ("with the nearest events that have room" in shown) == near
    assert ("there is none with room" in shown) != near
    client.post(url, {"words": "", "sure": "on"})
    catch_up()
    drain()
    mail = Delivery.objects.get(key__startswith="event.cancelled:")
    assert ("There is room" in mail.text) == near and "/events?near=05401" in mail.text


def test_an_event_to_which_nobody_comes_is_called_off_with_one_press(world):
    quiet = making.published(world.event.created_by, title="Quiet")
    client, url = world.client("alice"), f"/events/{quiet.pk}/cancel"
    assert 'name="words"' not in client.get(url).content.decode()
    client.post(url, {"sure": "on"})
    quiet.refresh_from_db()
    assert quiet.state == "cancelled"


@pytest.mark.parametrize("role", ["charlie", "nobody"])
def test_out_of_reach_is_not_there(world, role):
    client = world.client(role)
    own = str(world.event.pk)
    unknown = "01900000-0000-7000-8000-000000000000"
    for name in ("edit", "desk", "hosts", "submit", "cancel", "decide"):
        for event_id in (own, unknown):
            url = reverse(f"events:{name}", args=[event_id])
            for reply in (client.get(url), client.post(url, {"act": "publish", "sure": "on", "title": "Mine now"})):
                if role == "nobody":
                    assert reply.status_code == 302 and "/account/sign-in" in reply["Location"]
                else:
                    assert reply.status_code in (404, 405), (name, reply.status_code)
                    assert b"Kanarienweg" not in reply.content
    assert client.get("/hq/review").status_code == (302 if role == "nobody" else 404)
    world.event.refresh_from_db()
    assert world.event.state == "published" and world.event.title == "Open kitchen"


def test_the_host_is_let_in(world):
    """The control of the test above."""
    assert world.client("alice").get(reverse("events:edit", args=[world.event.pk])).status_code == 200


def saved_untouched(world, event, **changed):
    """alice saves the page with nothing touched but this; the entry that says what that changed."""
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{event.pk}/edit"
    reply = client.post(url, shown_form(client, event) | {"title": "Only the title"} | changed)
    assert reply.status_code == 302, reply.content.decode()
    event.refresh_from_db()
    return Entry.objects.filter(kind="event.changed", on_id=event.pk).latest("pk").data["fields"]


NIGHTS = [(10, 32), (20, 10), (20, 14), (9, 72), (19, 2)]


@pytest.mark.parametrize(("hour", "hours"), NIGHTS)
def test_another_title_moves_no_time(world, hour, hours):
    shifts = [making.shift(hour=hour, hours=hours), making.shift(days=9)]
    event = making.published(people_of_user(world.users["alice"]), shifts=shifts)
    before = list(event.shifts.values_list("pk", "starts_at", "ends_at"))
    assert saved_untouched(world, event) == ["title"]
    assert list(event.shifts.values_list("pk", "starts_at", "ends_at")) == before


def test_another_title_keeps_the_events_own_clock_and_another_zip_brings_its_own(world):
    alice = people_of_user(world.users["alice"])
    event = making.published(alice, postal_code="60601", time_zone="America/New_York")
    assert saved_untouched(world, event) == ["title"] and event.time_zone == "America/New_York"
    assert "time_zone" in saved_untouched(world, event, postal_code="80202", city="") and "Denver" in event.time_zone


def test_seconds_and_the_hour_that_comes_twice_survive_another_title(world):
    event = making.published(people_of_user(world.users["alice"]))
    starts = datetime(2027, 11, 7, 6, 30, 15, tzinfo=UTC)  # 1:30:15 on the second round
    event.shifts.update(starts_at=starts, ends_at=starts + timedelta(hours=2))
    Event.objects.filter(pk=event.pk).update(starts_at=starts, ends_at=starts + timedelta(hours=2))
    assert saved_untouched(world, event) == ["title"]
    assert making.first(event).starts_at == starts


RICH = '<p>Bring <b>soup</b>: <a href="https://example.org/soup">how</a></p><ul><li>bowl</li><li>spoon</li></ul>'


def test_another_title_keeps_links_and_lists_of_the_description(world):
    event = making.published(people_of_user(world.users["alice"]), description=RICH)
    kept = event.description
    assert "<li>" in kept and saved_untouched(world, event) == ["title"]
    assert event.description == kept
    assert saved_untouched(world, event, title="Again", description="Only words") == ["title", "description"]
    assert event.description == "<p>Only words</p>"


@pytest.mark.parametrize("words", ["Bring <pie>.", "Ask <joe@example.org>\n\nor me", "a <3 b", "<b@example.org>"])
def test_words_in_angles_are_words(world, page, words):
    event = making.published(people_of_user(world.users["alice"]), description=words)
    text = page.get(f"/events/{event.pk}").content.decode()
    assert all(html.escape(part) in text for part in words.split("\n\n"))
    assert event.description.count("<p>") == len(words.split("\n\n"))
    assert shown_form(world.client("alice"), event)["description"] == words


def test_another_time_without_scripts_keeps_the_shifts_that_are_there(world):
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{world.event.pk}/edit"
    shift = making.first(world.event)
    more = shown_form(client, world.event) | {"add_shift": "1"}
    parser = Form()
    parser.feed(client.post(url, more).content.decode())
    assert parser.values["shifts-0-id"] == str(shift.pk) and parser.values["shifts-TOTAL_FORMS"] == "2"
    assert client.post(url, parser.values).status_code == 302  # the new row may stay empty
    later = {"shifts-1-day": making.at(8).date().isoformat(), "shifts-1-starts": "10:00", "shifts-1-ends": "11:00"}
    assert client.post(url, parser.values | {"version": world.event.version} | later).status_code == 302
    assert world.event.shifts.count() == 2 and making.first(world.event) == shift
    both = shown_form(client, world.event) | {"shifts-1-DELETE": "on", "add_shift": "1"}
    parser = Form()
    parser.feed(client.post(url, both).content.decode())
    client.post(url, parser.values)
    assert world.event.shifts.get() == shift


def test_whoever_saves_what_a_co_host_changed_meanwhile_is_told_and_may_go_on(world):
    charlie = people_of_user(world.users["charlie"])
    services.add_host(world.event, charlie, making.TEST)
    second = making.shift(days=6)
    services.change(world.event, making.TEST, shifts=[*selectors.details_of(world.event).shifts, second])
    clients = {who: world.client(who, headers={"sec-fetch-site": "same-origin"}) for who in ("alice", "charlie")}
    url = f"/events/{world.event.pk}/edit"
    read = shown_form(clients["alice"], world.event)
    theirs = shown_form(clients["charlie"], world.event) | {
        "title": "Charlie's kitchen",
        "shifts-1-DELETE": "on",
        "shifts-TOTAL_FORMS": "3",
        "shifts-2-day": making.at(7).date().isoformat(),
        "shifts-2-starts": "08:00",
        "shifts-2-ends": "09:00",
    }
    assert clients["charlie"].post(url, theirs).status_code == 302
    reply = clients["alice"].post(url, read | {"street": "2 New Rd"})
    text = html.unescape(reply.content.decode())
    assert reply.status_code == 409 and "It was changed meanwhile by Charlie: look at it again." in text
    told = text[text.index("meanwhile by") : text.index("</dl>")]
    assert "Charlie's kitchen" in told and "8 AM" in told
    world.event.refresh_from_db()
    assert world.event.title == "Charlie's kitchen" and world.event.street == "Kanarienweg 1"
    parser = Form()
    parser.feed(reply.content.decode())
    assert parser.values["title"] == "Open kitchen" and parser.values["street"] == "2 New Rd"
    assert clients["alice"].post(url, parser.values).status_code == 302
    world.event.refresh_from_db()
    assert (world.event.title, world.event.street) == ("Open kitchen", "2 New Rd")
    assert [shift.starts_at.astimezone(ZoneInfo("America/New_York")).hour for shift in world.event.shifts.all()] == [
        19,
        8,
    ]


@pytest.mark.parametrize("version", ["", "x", "-1", "7"])
def test_a_form_that_does_not_say_what_was_read_saves_nothing(world, version):
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{world.event.pk}/edit"
    reply = client.post(url, shown_form(client, world.event) | {"title": "Mine", "version": version})
    assert reply.status_code in (409, 422)
    world.event.refresh_from_db()
    assert world.event.title == "Open kitchen"
