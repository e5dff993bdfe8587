"""The same event again: on which days, at which hours, and once however often one presses."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from groundswell.events import selectors, services
from groundswell.events.models import Event
from groundswell.events.services import copying, routing
from groundswell.events.tests import making
from groundswell.jobs.worker import drain
from groundswell.ledger.models import Entry
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.models import Person
from groundswell.powers.models import Movement
from tests import cast as people_cast

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")


def copy(client, event, day, times=1):
    return client.post(f"/events/{event.pk}/copy", {"day": day, "times": times}, follow=True)


def day_of(event) -> date:
    return event.starts_at.astimezone(NEW_YORK).date()


@pytest.mark.parametrize("day", ["9999-12-31", "9999-11-01", "0001-01-01"])
def test_a_first_date_that_cannot_be_is_told_at_its_field(world, alice, day):
    page = copy(alice, world.event, day, times=20)
    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"day"}
    assert not copying.copies(world.event)


def test_an_event_is_made_again_with_all_it_says(world, alice):
    services.change(
        world.event,
        making.TEST,
        description="<p>Read <a href='https://example.org'>this</a></p>",
        accessibility="No steps.",
        visibility="unlisted",
        languages=["es"],
        shifts=[making.shift(7, id=making.first(world.event).pk), making.shift(5, days=4, hour=9)],
    )
    routing.overbook(world.event, 5, making.TEST)
    world.event.refresh_from_db()
    assert "1 new event." in copy(alice, world.event, day_of(world.event) + timedelta(days=7)).content.decode()
    (made,) = copying.copies(world.event)
    before, after = selectors.details_of(world.event), selectors.details_of(made)
    week = timedelta(days=7)
    shifts = [(s.starts_at + week, s.ends_at + week, s.capacity) for s in before.shifts]
    assert [(s.starts_at, s.ends_at, s.capacity) for s in after.shifts] == shifts
    for name in before.__dataclass_fields__:
        assert name == "shifts" or getattr(before, name) == getattr(after, name), name
    assert (made.description, made.latitude, made.scope) == (
        world.event.description,
        world.event.latitude,
        world.event.scope,
    )
    assert made.overbook == 5
    assert sum(shift.taken for shift in made.shifts.all()) == 0


def test_seven_in_the_evening_stays_seven_when_the_clocks_change(db):
    with time_machine.travel(datetime(2027, 2, 20, 12, tzinfo=NEW_YORK)):
        world = people_cast.make_world()
        client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
        event = world.event
        services.change(event, making.TEST, shifts=[making.shift(id=making.first(event).pk, days=13)])  # March 5
        event.refresh_from_db()
        copy(client, event, "2027-03-12", times=3)
        starts = [one.starts_at for one in copying.copies(event)]
    assert [at.astimezone(NEW_YORK).strftime("%m-%d %H:%M") for at in starts] == [
        "03-12 19:00",
        "03-19 19:00",
        "03-26 19:00",
    ]
    assert [at.hour for at in starts] == [0, 23, 23]  # the clocks go on on March 14


def test_an_hour_that_the_clocks_skip_is_told_and_nothing_is_made(db):
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=NEW_YORK)):
        world = people_cast.make_world()
        client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
        event = world.event
        night = making.ShiftDetails(datetime(2027, 3, 7, 2, 30), datetime(2027, 3, 7, 5), None, making.first(event).pk)
        services.change(event, making.TEST, shifts=[night])
        event.refresh_from_db()
        reply = copy(client, event, "2027-03-14", times=2)
    assert reply.status_code == 422
    assert "Sunday, March 14, 2027: This time does not exist" in reply.content.decode()
    assert copying.copies(event) == []


def test_pressing_twice_is_as_pressing_once(world, alice):
    day = day_of(world.event) + timedelta(days=7)
    copy(alice, world.event, day, times=3)
    assert "These are there already." in copy(alice, world.event, day, times=3).content.decode()
    assert len(copying.copies(world.event)) == 3
    assert "1 new event." in copy(alice, world.event, day, times=4).content.decode()


def test_a_day_whose_copy_was_called_off_gets_another(world, alice):
    day = day_of(world.event) + timedelta(days=7)
    copy(alice, world.event, day)
    services.cancel(copying.copies(world.event)[0], making.TEST)
    assert "1 new event." in copy(alice, world.event, day).content.decode()


def test_the_next_week_that_is_to_come_is_proposed(world, alice):
    event = making.ago(world.event, days=24)  # three weeks ago
    page = alice.get(f"/events/{event.pk}/copy").content.decode()
    proposed = date.fromisoformat(re.search(r'name="day" value="([\d-]+)"', page)[1])
    today = datetime.now(NEW_YORK).date()
    assert proposed.weekday() == day_of(event).weekday() and today < proposed <= today + timedelta(days=7)


def test_up_to_twenty(world, alice):
    day = day_of(world.event) + timedelta(days=7)
    assert copy(alice, world.event, day, times=21).status_code == 422
    assert "20 new events." in copy(alice, world.event, day, times=20).content.decode()


def mails_now():
    catch_up()
    drain()
    found = list(Delivery.objects.values_list("key", "subject", "text"))
    Delivery.objects.all().delete()
    return found


def test_all_dates_stand_in_one_mail(world, alice):
    mails_now()
    copy(alice, world.event, day_of(world.event) + timedelta(days=7), 5)
    ((_key, subject, text),) = mails_now()
    assert subject == "5 new events: Open kitchen"
    for made in copying.copies(world.event):
        assert f"/events/{made.pk}/edit" in text
    copy(alice, world.event, day_of(world.event) + timedelta(days=7), 5)  # again: they are there
    assert mails_now() == []


def test_a_new_hosts_copies_wait_for_review_as_any_event_does(world):
    Movement.objects.update(review_first_events=True)
    charlie = world.client("charlie", headers={"sec-fetch-site": "same-origin"})
    event = services.confirm(making.draft(Person.objects.get(user__email="charlie@example.org")))
    assert event.state == "waiting"
    mails_now()
    copy(charlie, event, day_of(event) + timedelta(days=7))
    (made,) = copying.copies(event)
    assert made.state == "waiting"
    ((_key, _subject, text),) = mails_now()
    assert "Somebody reads them before they are listed." in text
    services.publish(made, f"user:{world.users['dana'].pk}")  # what becomes of it later is told by itself
    assert [key.partition(":")[0] for key, _subject, _text in mails_now()] == ["event.published"]


def test_control_copies_of_a_known_host_are_published(world, alice):
    copy(alice, world.event, day_of(world.event) + timedelta(days=7))
    assert [one.state for one in copying.copies(world.event)] == ["published"]


def test_who_runs_it_runs_the_copies_too(world):
    services.add_host(world.event, Person.objects.get(user__email="charlie@example.org"), making.TEST)
    charlie = world.client("charlie", headers={"sec-fetch-site": "same-origin"})
    copy(charlie, world.event, day_of(world.event) + timedelta(days=7))
    (made,) = copying.copies(world.event)
    hosts = [(host.person.given_name, host.lead) for host in selectors.hosts_of(made)]
    assert hosts == [("Alice", True), ("Charlie", False)]
    assert charlie.get(f"/events/{made.pk}/edit").status_code == 200


def test_what_nobody_confirmed_is_not_copied(world):
    event = making.draft(Person.objects.get(user__email="alice@example.org"))
    alice = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    assert copy(alice, event, day_of(event) + timedelta(days=7)).status_code == 422
    assert not Entry.objects.filter(kind=copying.KIND).exists()


def test_a_great_many_wait_their_turn(world, alice):
    first = day_of(world.event) + timedelta(days=7)
    for n in range(4):
        reply = copy(alice, world.event, first + timedelta(days=n), times=20)
    assert reply.status_code == 422 and "a great many events" in reply.content.decode()
    assert len(copying.copies(world.event)) == 60


def test_charlie_copies_nothing(world):
    n = Event.objects.count()
    assert copy(world.client("charlie"), world.event, day_of(world.event) + timedelta(days=7)).status_code == 404
    assert Event.objects.count() == n
