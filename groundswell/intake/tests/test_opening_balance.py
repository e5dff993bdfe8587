"""RSVPs that came as a number take places like those with names, and what an import changes is told to who comes."""

from datetime import timedelta

import pytest
from django.test import Client

from groundswell.events import selectors, services
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.selectors import FindQuery
from groundswell.events.services import importing, telling
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.models import ContactPoint, Person
from groundswell.people.rules import NewPerson
from groundswell.people.services import find_or_add, verify
from tests.cast import make_world

pytestmark = pytest.mark.django_db


def row(capacity, rsvps, *, hour=19, days=9, id_="1"):
    day = (clock.now() + timedelta(days=days)).date()
    return f"{id_},House party,{day} {hour}:00,05401,{capacity},{rsvps}\n"


@pytest.fixture
def file(load):
    """Import these rows, and forget what the map knew."""

    def run(*rows):
        report = load("id,title,start,zip,capacity,rsvps\n" + "".join(rows), "--system", "x")
        selectors.forget_map()
        return report

    return run


def come(name, *, guests=0):
    shift = Shift.objects.earliest("starts_at", "pk")
    return services.rsvp(shift.pk, NewPerson(given_name=name.title(), email=f"{name}@example.org"), guests=guests)


def known(name):
    person = find_or_add(NewPerson(given_name=name.title(), email=f"{name}@example.org"), how="test").person
    verify(ContactPoint.objects.get(person=person))


def states():
    return dict(RSVP.objects.values_list("person__given_name", "state"))


def settle():
    catch_up()
    drain()


def mails():
    return sorted((row.address.split("@")[0], row.key.split(":")[0]) for row in Delivery.objects.all())


# --- places --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("rsvps", "left"), [(9, 1), (10, 0), (14, 0)])
def test_an_event_is_full_when_its_opening_balance_fills_it(file, rsvps, left):
    """Control: with one fewer there is room, everywhere it is asked."""
    file(row(10, rsvps))
    event = Event.objects.get()
    page = Client().get(f"/events/{event.pk}").content.decode()
    assert f"{rsvps} of 10 places taken" in page
    assert ("1 place left" in page, "Put me on the waiting list" in page) == (bool(left), not left)
    assert f'"remainingAttendeeCapacity": {left}' in page
    assert [found.id for found in selectors.find(FindQuery(has_room=True))] == [event.pk] * left
    (found,) = selectors.find(FindQuery())
    (point,) = selectors.map_points()
    assert found.room == point.room == bool(left)
    assert come("erin").state == ("going" if left else "waiting")
    assert Person.objects.count() == 1  # nobody is invented for a number


@pytest.mark.parametrize("again", [row(12, 10), row(10, 8), row("", 10)])
def test_places_that_another_import_frees_go_to_who_waits(file, again):
    file(row(10, 10))
    come("erin", guests=1)
    come("frank")
    file(again)
    assert states()["Erin"] == "going"
    shift = Shift.objects.get()
    assert shift.free is None or shift.free == 0


def test_a_number_that_rises_takes_nobody_their_place(file):
    file(row(10, 8))
    come("erin", guests=1)
    file(row(10, 15))
    assert states() == {"Erin": "going"}
    shift = Shift.objects.get()
    assert (shift.opening, shift.taken, shift.capacity, shift.free) == (15, 2, 10, -7)
    assert come("frank").state == "waiting"


def openings():
    return list(Shift.objects.order_by("starts_at").values_list("opening", flat=True))


def test_the_balance_is_of_the_shift_that_the_row_names_and_moves_on_when_a_host_removes_it(file):
    file(row(10, 4, days=10), row(10, 3, days=9))
    event = Event.objects.get()
    assert openings() == [3, 4] and event.opening_rsvps == 7
    kept = selectors.details_of(event).shifts[1]
    services.change(event, "system:test", shifts=[kept])
    assert Shift.objects.get().opening == Event.objects.get().opening_rsvps == 7


def test_a_full_shift_beside_an_empty_one_is_full_by_itself(file):
    file(row(10, 10, days=9), row(10, 0, days=10))
    assert [shift.free for shift in Shift.objects.order_by("starts_at")] == [0, 10]
    assert come("erin").state == "waiting"


def test_who_waits_gets_in_when_the_numbers_are_of_another_shift_now(file):
    file(row(10, 10, days=9), row(10, 2, days=10))
    come("erin")
    file(row(10, 2, days=9), row(10, 10, days=10))
    assert openings() == [2, 10] and states() == {"Erin": "going"}
    assert Event.objects.get().opening_rsvps == 12
    assert file(row(10, 2, days=9), row(10, 10, days=10))["unchanged"] == 1


def test_a_number_for_the_whole_event_is_of_its_first_shift():
    shifts = [
        importing.ImportedShift(start := clock.now() + timedelta(days=n), start + timedelta(hours=2), 10)
        for n in (2, 1)
    ]
    said = {"external_id": "1", "title": "x", "type": "other", "time_zone": "UTC"}
    services.import_events([importing.ImportedEvent(**said, shifts=shifts, opening_rsvps=7)], "x")
    assert openings() == [7, 0]
    services.import_events([importing.ImportedEvent(**said, shifts=shifts, opening_rsvps=9)], "x")
    assert openings() == [9, 0]


def test_the_balance_moves_on_when_an_import_removes_its_shift(file):
    file(row(10, 7, days=9))
    event = Event.objects.get()
    Shift.objects.create(  # of a host, and earlier
        event=event, starts_at=event.starts_at - timedelta(days=1), ends_at=event.ends_at - timedelta(days=1)
    )
    file(row(10, 7, days=9))
    assert [shift.opening for shift in Shift.objects.all()] == [7]


def test_a_host_may_not_go_below_the_places_taken_but_leave_what_is_over_its_limit(file):
    file(row(10, 12))
    event = Event.objects.get()
    shift = selectors.details_of(event).shifts[0]
    for capacity, fits in ((9, False), (11, True), (12, True)):
        asked = services.ShiftDetails(shift.starts_at, shift.ends_at, capacity, shift.id)
        if fits:
            services.change(event, "system:test", shifts=[asked])
            continue
        with pytest.raises(services.Invalid) as caught:
            services.change(event, "system:test", shifts=[asked])
        assert caught.value.problems == {"shifts-0-capacity": "12 places are taken already."}


def test_who_runs_the_event_reads_what_the_number_is(file):
    world = make_world()
    file(row(20, 10))
    event = Event.objects.get(system="x")
    url = f"/events/{event.pk}/host"
    page = world.client("dana").get(url).content.decode()
    assert "10 RSVPs came with an import, without names" in page
    assert "10 places taken of 20" in page
    assert world.client("charlie").get(url).status_code == 404


# --- telling -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("told", [True, False])
def test_who_comes_hears_of_the_new_time_and_who_waited_of_the_place(file, monkeypatch, told):
    """Control: while what the system does was told to nobody, neither heard of it."""
    if not told:
        monkeypatch.setattr(telling, "TOLD_WHOEVER_DID_IT", set())
    file(row(1, 0))
    for name in ("nina", "olaf"):
        known(name)
        come(name)
    settle()
    Delivery.objects.all().delete()
    file(row(5, 0, hour=20))
    settle()
    assert states() == {"Nina": "going", "Olaf": "going"}
    everybody = [("nina", "event.changed"), ("olaf", "event.changed"), ("olaf", "event.promoted")]
    assert mails() == (everybody if told else [])


def test_a_first_import_and_one_that_says_the_same_write_to_nobody(file):
    for _ in range(2):
        file(row(5, 3), row(1, 1, id_="2"))
        settle()
    assert not Delivery.objects.exists()


def test_what_is_over_is_corrected_without_mail(file, monkeypatch):
    file(row(5, 0))
    known("nina")
    come("nina")
    settle()
    Delivery.objects.all().delete()
    later = row(5, 0, hour=20)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=30))
    file(later)
    settle()
    assert Shift.objects.get().starts_at.minute == 0
    assert not Delivery.objects.exists()


def test_what_changes_while_it_is_looked_over_is_told_once_it_is_published(file):
    file(row(5, 0))
    Event.objects.update(state="waiting")
    file(row(5, 0, hour=20))
    assert Event.objects.get().untold == ["time"]


# --- our own ids ---------------------------------------------------------------------------------------------------
def test_an_id_of_ours_is_known_in_upper_case_too(load, file):
    file(row(5, 0))
    Event.objects.update(system="", external_id="")
    event = Event.objects.get()
    text = "id,title,start,zip,capacity,rsvps\n" + row(5, 0, id_=str(event.pk).upper()).replace("House", "Kitchen")
    report = load(text, "--system", importing.OWN_SYSTEM)
    assert (report["written"], report["changed"]) == (0, 1)
    assert Event.objects.get().title == "Kitchen party"
