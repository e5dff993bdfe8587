"""What happens to those who press while a host moves or cancels the event, and on the night the clocks change."""

import re
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils.html import strip_tags

from groundswell.events import rules, selectors, services
from groundswell.events.models import RSVP
from groundswell.events.rules import Refused, ShiftDetails
from groundswell.events.selectors import FindQuery
from groundswell.events.tests import making
from groundswell.events.tests.making import TEST, first, published, who
from groundswell.jobs.worker import drain
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from tests.at_once import HANGS_S, together, until, waiting
from tests.functions import without

NEW_YORK = ZoneInfo("America/New_York")


# --- while people press --------------------------------------------------------------------------------------------
def pressed_while(event, act):
    """`act` has changed the event but not committed when two people press; what became of them."""
    changed, found = threading.Event(), []

    def work(number):
        if number == 0:
            with transaction.atomic():
                act()
                changed.set()
                until(lambda: waiting() == 2)
            return None
        changed.wait(HANGS_S)
        return services.rsvp(shift, who(f"late{number}"), event_id=event.pk, page="/events")

    shift = first(event).pk
    found = together(work, 3, returned=Refused)
    return found[1:]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_nobody_slips_into_an_event_that_is_being_cancelled(guarded):
    """Unguarded (the control: not looked at again under the lock), both slip in."""
    event = published()
    services.rsvp(first(event).pk, who("erin"), page="/events")
    late = "IF events_closed(state, shift.ends_at, moment) IS NOT NULL THEN  -- a moment ago"
    if guarded:
        found = pressed_while(event, lambda: services.cancel(event, TEST))
        assert [type(one) for one in found] == [Refused, Refused]
        assert RSVP.objects.filter(shift__event=event).count() == 1
    else:
        with without("events_come", late, "IF false THEN  --"):
            assert all(isinstance(one, RSVP) for one in pressed_while(event, lambda: services.cancel(event, TEST)))


@pytest.mark.django_db(transaction=True)
def test_all_who_came_in_before_the_cancellation_are_told():
    """Eight press while the host cancels: whoever got a place, as Erin did before, hears of it, and the host."""
    event = published()
    shift = first(event).pk
    erin = services.rsvp(shift, who("erin"), event_id=event.pk, page="/events")

    def work(number):
        if number == 4:
            return services.cancel(event, TEST)
        return services.rsvp(shift, who(f"guest{number}"), event_id=event.pk, page="/events")

    found = together(work, 9, returned=Refused)
    going = {rsvp.person_id for rsvp in found if isinstance(rsvp, RSVP)}
    refused = sum(isinstance(one, Refused) for one in found)
    assert len(going) + refused == 8
    catch_up()
    drain()
    told = Delivery.objects.filter(key__startswith="event.cancelled:")
    assert set(told.values_list("person_id", flat=True)) == {event.created_by_id, erin.person_id, *going}


@pytest.mark.django_db(transaction=True)
def test_all_who_came_in_before_or_while_it_moved_hear_when_it_is():
    event = published()
    services.rsvp(first(event).pk, who("erin"), page="/events")
    new = making.shift(days=6, hour=18, id=first(event).pk)
    found = pressed_while(event, lambda: services.change(event, TEST, shifts=[new]))
    people = {rsvp.person_id for rsvp in found} | set(RSVP.objects.values_list("person_id", flat=True))
    catch_up()
    drain()
    event.refresh_from_db()
    hour = event.starts_at.astimezone(ZoneInfo(event.time_zone))
    assert hour.hour == 18
    for person in people:  # erin by a notice, the late by their confirmation
        letters = " ".join(Delivery.objects.filter(person_id=person).values_list("text", flat=True))
        assert re.search(rf"\\b6 ?(:00 )?PM|{hour:%B} {hour.day}", letters), letters


# --- the night the clocks change -----------------------------------------------------------------------------------
FORWARD = datetime(2027, 3, 14)  # two o'clock is three o'clock
BACK = datetime(2027, 11, 7)  # two o'clock is one o'clock again


@pytest.fixture
def early():
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False):
        yield


def over_night(title, begins, ends, postal_code="10001"):
    return published(title=title, postal_code=postal_code, shifts=[ShiftDetails(begins, ends)])


@pytest.mark.django_db
@pytest.mark.parametrize("night, hours, zones", [(FORWARD, 4, ("EST", "EDT")), (BACK, 6, ("EDT", "EST"))])
def test_an_event_over_the_change_shows_the_clocks_of_its_place(early, night, hours, zones):
    event = over_night("Night shift", night - timedelta(hours=1), night + timedelta(hours=4))
    assert event.ends_at - event.starts_at == timedelta(hours=hours)
    page = " ".join(strip_tags(Client().get(f"/events/{event.pk}").content.decode()).split())
    assert f"11 PM {zones[0]} – {night:%A}, {night:%B} {night.day}, 4 AM {zones[1]}" in page


@pytest.mark.django_db
def test_events_of_that_night_are_listed_in_the_order_in_which_they_begin(early):
    """Half past one in Chicago, before its change, is half past three in New York, after its own."""
    late = over_night("Chicago", FORWARD.replace(hour=1, minute=30), FORWARD.replace(hour=5), "60601")
    soon = over_night("New York", FORWARD.replace(hour=3, minute=15), FORWARD.replace(hour=5))
    before = over_night("Before", FORWARD.replace(hour=1, minute=45), FORWARD.replace(hour=5))
    assert [e.id for e in selectors.find(FindQuery())] == [before.pk, soon.pk, late.pk]


@pytest.mark.parametrize("night", [FORWARD, BACK])
def test_check_in_opens_at_midnight_of_the_place_whatever_the_clocks_do(night):
    begins = night.replace(hour=4, tzinfo=NEW_YORK).astimezone(UTC)
    midnight = night.replace(tzinfo=NEW_YORK).astimezone(UTC)
    assert not rules.has_come(begins, "America/New_York", midnight - timedelta(seconds=1))
    assert rules.has_come(begins, "America/New_York", midnight)
    assert rules.has_come(begins, "America/New_York", midnight + timedelta(hours=2, minutes=30))
