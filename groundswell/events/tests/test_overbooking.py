"""Places offered beyond the room: only where the host asks, only as many as the past allows, and everywhere alike."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from groundswell.events import attendance, forecasting, selectors, services
from groundswell.events.forecasting import Past, learned
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.rules import Invalid
from groundswell.events.selectors import FindQuery
from groundswell.events.services import routing
from groundswell.events.tests import making
from groundswell.kit import clock
from groundswell.ledger.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def half_come(monkeypatch):
    """Of a long past of house parties half of the people came, at each about alike."""
    rates = learned([Past(n, "house_party", n % 3, None, 20, 9 + n % 3) for n in range(60)])
    monkeypatch.setattr(attendance, "rates", lambda: rates)
    return rates


@pytest.fixture(autouse=True)
def fresh_rates(no_time_trap):
    attendance.forget_rates()


def come(event, count, start=0):
    return [services.rsvp(making.first(event).pk, making.who(f"guest{n}")) for n in range(start, start + count)]


def test_it_is_off_until_the_host_asks(half_come):
    event = making.published(shifts=[making.shift(4)])
    come(event, 6)
    shift = making.first(event)
    assert (shift.extra, shift.taken, shift.waiting) == (0, 4, 2)


def test_who_waits_gets_the_places_offered_more(half_come):
    event = making.published(shifts=[making.shift(20)])
    come(event, 24)
    routing.overbook(event, 10, making.TEST)
    shift = making.first(event)
    expected = forecasting.beyond(20, attendance.shares_of(event)[shift.pk], half_come.strength, 0.1)
    assert shift.extra == expected >= 4
    assert (shift.taken, shift.waiting) == (24, 0)
    assert Entry.objects.get(kind="event.overbooked").data == {"percent": 10}


def test_never_more_than_is_offered(half_come):
    event = making.published(shifts=[making.shift(4)])
    routing.overbook(event, 10, making.TEST)
    extra = making.first(event).extra
    come(event, 4 + extra + 3)
    shift = making.first(event)
    assert (shift.taken, shift.waiting, shift.free) == (4 + extra, 3, 0)


def test_coming_and_changing_ask_the_same_room(half_come):
    """One by the database's function, one by the UPDATE that takes more places."""
    event = making.published(shifts=[making.shift(4)])
    Shift.objects.update(extra=2)
    (first, *_) = come(event, 4)
    services.change_rsvp(first, 2)
    assert making.first(event).taken == 6
    assert come(event, 1, start=9)[0].state == RSVP.State.WAITING
    with pytest.raises(services.NoRoom):
        services.change_rsvp(first, 3)


def test_finding_the_map_and_the_page_know_the_places_offered_more():
    event = making.published(shifts=[making.shift(2)])
    come(event, 2)
    assert not selectors.find(FindQuery(has_room=True))
    Shift.objects.update(extra=1)
    selectors.forget_map()
    assert [found.id for found in selectors.find(FindQuery(has_room=True))] == [event.pk]
    assert selectors.map_points()[0].room
    assert "2 of 3 places taken" in Client().get(f"/events/{event.pk}").content.decode()


def test_the_database_and_the_rules_count_room_alike():
    event = making.published(shifts=[making.shift(7)])
    Shift.objects.update(extra=3, opening=2)
    come(event, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_room(s) FROM events_shift s")
        assert cursor.fetchone()[0] == making.first(event).free == 7
        cursor.execute("UPDATE events_shift SET capacity = NULL")
        cursor.execute("SELECT events_room(s) FROM events_shift s")
        assert cursor.fetchone()[0] is making.first(event).free is None


def test_taking_it_back_leaves_everybody_their_place(half_come):
    event = making.published(shifts=[making.shift(4)])
    routing.overbook(event, 10, making.TEST)
    come(event, 5)
    routing.overbook(event, 0, making.TEST)
    shift = making.first(event)
    assert (shift.extra, shift.taken) == (0, 5)
    assert come(event, 1, start=9)[0].state == RSVP.State.WAITING


def test_another_capacity_offers_anew(half_come):
    event = making.published(shifts=[making.shift(4)])
    routing.overbook(event, 10, making.TEST)
    before = making.first(event).extra
    services.change(event, making.TEST, shifts=[making.shift(40, id=making.first(event).pk)])
    assert making.first(event).extra > before


def test_while_too_little_is_known_nothing_more_is_offered():
    event = making.published(shifts=[making.shift(4)])
    routing.overbook(event, 10, making.TEST)
    assert making.first(event).extra == 0


def test_another_chance_than_those_offered_is_refused(half_come):
    with pytest.raises(Invalid):
        routing.overbook(making.published(), 50, making.TEST)


def test_the_past_is_read_from_the_ledger():
    event = making.published(shifts=[making.shift(9)])
    one, other, third, waits = come(event, 4)
    making.ago(event, days=4)
    services.mark_attended(one, True, making.TEST)
    services.mark_attended(other, False, making.TEST)
    services.mark_attended(third, True, making.TEST)
    services.mark_attended(third, False, making.TEST)  # a slip, put right
    (past,) = attendance.past()
    assert (past.places, past.came, past.type, past.host) == (3, 1, "house_party", event.created_by_id)


def test_nothing_is_learned_of_a_shift_while_it_runs():
    """Those who came are checked in one by one; of the others nobody knows yet."""
    event = making.published(shifts=[making.shift(9)])
    one, _other = come(event, 2)
    making.ago(event, days=4)
    Shift.objects.filter(event=event).update(ends_at=clock.now() + timedelta(hours=1))
    services.mark_attended(one, True, making.TEST)
    assert attendance.past() == []
    Shift.objects.filter(event=event).update(ends_at=clock.now() - timedelta(minutes=1))
    assert len(attendance.past()) == 1


def test_nothing_is_learned_of_an_event_that_was_called_off_in_the_middle():
    event = making.published(shifts=[making.shift(9)])
    one, _other = come(event, 2)
    making.ago(event, seconds=(event.starts_at - clock.now()).total_seconds())
    services.mark_attended(one, True, making.TEST)
    services.cancel(event, making.TEST)
    making.ago(event, hours=3)
    assert attendance.past() == []


def test_the_host_sees_forecast_and_offers_and_chooses(cast, half_come):
    event = making.published(cast.people["alice"], shifts=[making.shift(20)])
    come(event, 20)
    page = Client(headers={"sec-fetch-site": "same-origin"})
    page.force_login(cast.alice.user)
    text = re.sub("<[^>]+>", "", page.get(f"/events/{event.pk}/host/fill").content.decode())
    around = attendance.forecasts(event)[0].comes
    assert f"About {around.expected} people, likely {around.low} to {around.high}" in text
    assert "places more" in text
    assert page.post(f"/events/{event.pk}/host/fill", {"act": "overbook", "percent": "5"}).status_code == 302
    assert making.first(event).extra > 0
    assert page.post(f"/events/{event.pk}/host/fill", {"act": "overbook", "percent": "50"}).status_code == 422


def test_where_no_chance_offers_a_place_the_page_says_so(cast, half_come):
    tiny = making.published(cast.people["alice"], shifts=[making.shift(1)])
    page = Client(headers={"sec-fetch-site": "same-origin"})
    page.force_login(cast.alice.user)
    text = page.get(f"/events/{tiny.pk}/host/fill").content.decode()
    assert "it would be no place more" in text and 'name="percent"' not in text
    Event.objects.filter(pk=tiny.pk).update(overbook=5)
    assert 'name="percent"' in page.get(f"/events/{tiny.pk}/host/fill").content.decode(), (
        "what was chosen is taken back"
    )


def test_the_desk_says_how_many_places_more_are_offered(cast, half_come):
    event = making.published(cast.people["alice"], shifts=[making.shift(20)])
    come(event, 20)
    page = Client(headers={"sec-fetch-site": "same-origin"})
    page.force_login(cast.alice.user)
    assert "offered" not in page.get(f"/events/{event.pk}/host").content.decode()
    page.post(f"/events/{event.pk}/host/fill", {"act": "overbook", "percent": "10"})
    extra = making.first(event).extra
    text = page.get(f"/events/{event.pk}/host").content.decode()
    assert extra > 1 and f"{extra} more are offered" in text and f'max="{20 + extra}"' in text


def test_charlie_does_not_overbook(cast, half_come):
    event = making.published(cast.people["alice"], shifts=[making.shift(20)])
    page = Client(headers={"sec-fetch-site": "same-origin"})
    page.force_login(cast.charlie.user)
    assert page.post(f"/events/{event.pk}/host/fill", {"act": "overbook", "percent": "5"}).status_code == 404
    assert making.first(event).extra == 0
