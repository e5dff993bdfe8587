"""Many events and RSVPs at once follow the same rules as one by one."""

from datetime import timedelta

import pytest

from groundswell.events import selectors, services
from groundswell.events.models import RSVP, Event, Host, Shift
from groundswell.events.rules import Invalid
from groundswell.events.services import BulkEvent, BulkRSVP, add_events, add_rsvps
from groundswell.events.tests.making import TEST, details, first, person, published, shift, who
from groundswell.kit import clock
from groundswell.ledger import selectors as ledger
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.services import NewPerson, add_many

pytestmark = pytest.mark.django_db


def crowd(n):
    return add_many([NewPerson(email=f"p{i}@example.org") for i in range(n)], actor=TEST, how="test")


def test_places_are_given_in_order_of_time_and_the_rest_wait():
    at, shift_ = clock.now() - timedelta(hours=5), first(published(shifts=[shift(5)]))
    ids = crowd(6)
    rows = [BulkRSVP(shift_.pk, ids[n], 1, at + timedelta(minutes=n)) for n in range(6)]
    assert add_rsvps(list(reversed(rows)), actor=TEST) == 6
    states = {r.person_id: r.state for r in RSVP.objects.all()}
    assert [states[pk] for pk in ids] == ["going", "going", "waiting", "waiting", "waiting", "waiting"]
    shift_.refresh_from_db()
    assert (shift_.taken, shift_.waiting) == (4, 8)
    assert {r.at for r in RSVP.objects.all()} == {row.at for row in rows}


def test_what_hosts_noted_stands_in_the_row_and_in_the_ledger():
    at, shift_ = clock.now() - timedelta(hours=5), first(published(shifts=[shift(3)]))
    ids, called, came = crowd(5), ("will_come", at + timedelta(hours=1)), (True, at + timedelta(hours=4))
    rows = [
        BulkRSVP(shift_.pk, ids[0], 1, at, called=called, marked=came),
        BulkRSVP(shift_.pk, ids[1], 0, at, marked=(False, came[1])),
        BulkRSVP(shift_.pk, ids[2], 1, at, marked=came),
        BulkRSVP(shift_.pk, ids[3], 0, at + timedelta(hours=4), marked=came, walked_in="Wanda"),
    ]
    assert add_rsvps(rows, actor=TEST) == 4
    kept = {r.person_id: (r.state, r.attended, r.called, r.written_as) for r in RSVP.objects.all()}
    assert [kept[pk] for pk in ids[:4]] == [
        ("going", True, "will_come", ""),
        ("going", False, "", ""),
        ("waiting", None, "", ""),
        ("walk_in", True, "", "Wanda"),
    ]
    shift_.refresh_from_db()
    assert (shift_.taken, shift_.waiting) == (3, 2)
    catch_up()
    counted = {
        kind: ledger.tally(f"event.{kind}").quantity
        for kind in ("rsvp", "waiting", "called", "attended", "missed", "walked_in")
    }
    assert counted == {"rsvp": 3, "waiting": 2, "called": 1, "attended": 3, "missed": 1, "walked_in": 1}


def test_who_has_an_rsvp_already_is_passed_over():
    shift_ = first(published(shifts=[shift(5)]))
    erin = services.rsvp(shift_.pk, who("erin")).person_id
    row = BulkRSVP(shift_.pk, erin, 2, clock.now())
    assert add_rsvps([row, row], actor=TEST) == 0
    shift_.refresh_from_db()
    assert shift_.taken == 1


def test_live_rsvps_go_on_where_bulk_ones_ended():
    shift_ = first(published(shifts=[shift(2)]))
    add_rsvps([BulkRSVP(shift_.pk, pk, 0, clock.now()) for pk in crowd(3)], actor=TEST)
    assert services.rsvp(shift_.pk, who("erin")).state == "waiting"
    services.cancel_rsvp(RSVP.objects.filter(state="going").first())
    assert RSVP.objects.filter(state="waiting").count() == 1


def test_events_come_with_shifts_hosts_and_their_past_in_the_ledger():
    host, at = person("alice"), clock.now() - timedelta(days=2)
    (event,) = add_events([BulkEvent(host.pk, details(shifts=[shift(5), shift(6, days=5)]), at)], actor=TEST)
    assert (event.state, event.shifts.count(), event.city) == ("published", 2, "Burlington")
    assert Host.objects.get(event=event).lead
    assert {(e.kind, e.at) for e in ledger.of_subject(event.pk)} == {("event.created", at), ("event.published", at)}
    assert selectors.public_event(event.pk).open


def test_an_event_that_cannot_stand_stops_it_with_nothing_written():
    rows = [BulkEvent(person("alice").pk, details(postal_code=code), clock.now()) for code in ("05401", "00000")]
    with pytest.raises(Invalid):
        add_events(rows, actor=TEST)
    assert not Event.objects.exists()


def test_a_night_of_events_takes_few_queries(django_assert_max_num_queries):
    host, at = person("alice"), clock.now() - timedelta(days=1)
    with django_assert_max_num_queries(50):
        add_events([BulkEvent(host.pk, details(shifts=[shift(30)]), at)] * 300, actor=TEST)
    shifts, people = list(Shift.objects.values_list("pk", flat=True)), crowd(500)
    rows = [BulkRSVP(shifts[n % 300], people[n % 499], n % 3, at) for n in range(6_000)]
    with django_assert_max_num_queries(100):
        assert add_rsvps(rows, actor=TEST) == 6_000
    catch_up()
    assert not Delivery.objects.exists()
    assert not Shift.objects.filter(taken__gt=30).exists()
