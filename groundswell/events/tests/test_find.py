"""Finding events: near a place, by time, with room; the map; what is counted."""

import json
import math
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from groundswell.events import selectors, services
from groundswell.events.models import Event
from groundswell.events.selectors import Bounds, FindQuery, finding
from groundswell.events.services import BulkEvent, add_events
from groundswell.events.tests.making import TEST, ago, details, draft, first, person, published, shift, who
from groundswell.kit import clock, geo

pytestmark = pytest.mark.django_db

BURLINGTON = geo.find_zip("05401")
KM = 1_000


def titles(**query):
    return [event.title for event in selectors.find(FindQuery(**query))]


@pytest.fixture
def vermont():
    """Published events of one host, the farther from Burlington the later in the list."""
    host = person("alice")
    for title, code in (
        ("Burlington", "05401"),
        ("Essex", "05452"),
        ("Montpelier", "05602"),
        ("Brattleboro", "05301"),
        ("New York", "10001"),
    ):
        published(host, title=title, postal_code=code)
    return host


# --- near a place --------------------------------------------------------------------------------------------------
def test_the_nearest_comes_first_with_its_distance(vermont):
    found = selectors.find(FindQuery(place=BURLINGTON))
    assert [event.title for event in found] == ["Burlington", "Essex", "Montpelier", "Brattleboro", "New York"]
    for event in found:
        true = geo.distance_m(BURLINGTON.latitude, BURLINGTON.longitude, event.place.latitude, event.place.longitude)
        assert event.distance_m == pytest.approx(true, abs=1)


@pytest.mark.parametrize(("km", "n"), [(1, 1), (20, 2), (100, 3), (250, 4), (1000, 5)])
def test_the_radius_bounds_it(vermont, km, n):
    assert len(titles(place=BURLINGTON, radius_m=km * KM)) == n


def test_pages_follow_each_other_without_gaps(vermont):
    whole = titles(place=BURLINGTON)
    assert [titles(place=BURLINGTON, limit=2, offset=n) for n in (0, 2, 4, 6)] == [whole[:2], whole[2:4], whole[4:], []]


def test_online_events_follow_those_near_on_every_page(vermont):
    for n in range(3):
        published(vermont, title=f"Online {n}", online=True, postal_code="", shifts=[shift(days=3 + n)])
    near = {"place": BURLINGTON, "radius_m": 20 * KM}
    whole = ["Burlington", "Essex", "Online 0", "Online 1", "Online 2"]
    assert titles(**near) == whole
    assert titles(**near, online=False) == whole[:2]
    for size in (1, 2, 3):
        pages = [titles(**near, limit=size, offset=n) for n in range(0, 6, size)]
        assert sum(pages, []) == whole


# --- by time, kind and room ----------------------------------------------------------------------------------------
def test_without_a_place_the_soonest_comes_first():
    host = person("alice")
    for title, days in (("later", 9), ("soon", 2), ("then", 5)):
        published(host, title=title, shifts=[shift(days=days)])
    assert titles() == ["soon", "then", "later"]


def test_dates_are_those_of_the_shifts():
    host = person("alice")
    published(host, title="twice", shifts=[shift(days=2), shift(days=20)])
    middle = {"since": clock.now() + timedelta(days=5), "until": clock.now() + timedelta(days=15)}
    assert titles(**middle) == titles(place=BURLINGTON, **middle) == []
    late = {"since": clock.now() + timedelta(days=15), "until": clock.now() + timedelta(days=25)}
    (found,) = selectors.find(FindQuery(**late))
    assert found.starts_at == Event.objects.get().shifts.last().starts_at


def test_kinds_and_room():
    host = person("alice")
    published(host, title="canvass", type="canvass")
    full = published(host, title="full", shifts=[shift(1)])
    half = published(host, title="half", shifts=[shift(1), shift(1, days=4)])
    services.rsvp(first(full).pk, who("erin"))
    services.rsvp(first(half).pk, who("erin"))
    assert titles(types=["canvass"]) == ["canvass"]
    assert sorted(titles(types=["canvass", "house_party"])) == ["canvass", "full", "half"]
    for near in ({}, {"place": BURLINGTON}):
        assert sorted(titles(has_room=True, **near)) == ["canvass", "half"]
    assert {event.title: event.room for event in selectors.find(FindQuery())}["full"] is False


def test_what_is_not_listed_is_never_found():
    host = person("alice")
    shown = published(host, title="shown")
    published(host, title="unlisted", visibility="unlisted")
    draft(host, title="draft")
    services.confirm(draft(person("bob"), title="waiting"))
    services.cancel(published(host, title="cancelled"), TEST)
    ago(published(host, title="past"), days=9)
    selectors.forget_map()
    for near in ({}, {"place": BURLINGTON}, {"place": BURLINGTON, "radius_m": 10 * KM}):
        assert titles(**near) == ["shown"]
    assert [point.id for point in selectors.map_points()] == [shown.pk]
    assert selectors.counts().events == 2  # the unlisted one too


# --- the map -------------------------------------------------------------------------------------------------------
def test_the_map_has_each_listed_event_and_may_be_cut_to_a_part(vermont):
    selectors.forget_map()
    assert len(selectors.map_points()) == 5
    new_england = Bounds(south=42, west=-74, north=46, east=-70)
    assert {point.title for point in selectors.map_points(new_england)} == {
        "Burlington",
        "Essex",
        "Montpelier",
        "Brattleboro",
    }
    assert selectors.map_points(Bounds(-90, 170, 90, -170)) == []


def test_the_map_is_asked_for_once_in_two_seconds(vermont, django_assert_num_queries):
    selectors.forget_map()
    with django_assert_num_queries(1):
        for _ in range(10):
            selectors.map_points()


def test_the_map_knows_where_there_is_room():
    event = published(shifts=[shift(1)])
    selectors.forget_map()
    assert selectors.map_points()[0].room
    services.rsvp(first(event).pk, who("erin"))
    selectors.forget_map()
    assert not selectors.map_points()[0].room


# --- the index -----------------------------------------------------------------------------------------------------
def plan_of(query):
    """The plan that PostgreSQL chooses for the search itself."""
    near, point = finding._near(query)
    columns = f"{finding._COLUMNS}, earth <-> {finding._POINT} AS chord"
    text = finding._FIND.format(columns=columns, where=near, order=finding._NEAREST)
    with connection.cursor() as cursor:
        values = {**finding._asked(query), **point, "limit": query.limit, "offset": query.offset}
        cursor.execute("EXPLAIN (FORMAT JSON) " + text, values)
        plan = cursor.fetchone()[0]
    return plan if isinstance(plan, str) else json.dumps(plan)


@pytest.fixture
def thousands():
    host, at = person("alice"), clock.now() - timedelta(days=1)
    codes = [f"{n:05d}" for n in range(1000, 99000, 17)]
    places = [place for place in map(geo.find_zip, codes) if place][:3000]
    add_events(
        [BulkEvent(host.pk, details(postal_code=place.postal_code, shifts=[shift(20)]), at) for place in places],
        actor=TEST,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_event, events_shift")


def test_the_nearest_of_thousands_are_read_from_the_index_in_order(thousands):
    for query in (
        FindQuery(place=BURLINGTON),
        FindQuery(place=BURLINGTON, radius_m=80 * KM),
        FindQuery(place=BURLINGTON, radius_m=80 * KM, has_room=True, until=clock.now() + timedelta(days=30)),
    ):
        plan = plan_of(query)
        assert '"Index Name": "event_nearest"' in plan
        assert '"Order By": "(earth <->' in plan
        assert "Seq Scan" not in plan
    with connection.cursor() as cursor:  # the control: without the index the plan says so
        cursor.execute("DROP INDEX event_nearest")
    assert "event_nearest" not in plan_of(FindQuery(place=BURLINGTON))


# --- counts --------------------------------------------------------------------------------------------------------
def test_counts_are_those_of_published_events_to_come():
    host = person("alice")
    event = published(host, shifts=[shift(5), shift(None, days=4)])
    one, two = event.shifts.all()
    services.rsvp(one.pk, who("erin"), guests=2)
    services.rsvp(one.pk, who("bob"), guests=2)
    services.rsvp(two.pk, who("bob"))
    services.confirm(draft(person("charlie")))
    counts = selectors.counts()
    assert (counts.events, counts.places, counts.taken, counts.rsvps, counts.waiting) == (1, 5, 4, 2, 3)
    assert counts.to_review == 1


def test_everybody_sees_their_own_rsvps_and_events():
    host = person("alice")
    event = published(host)
    rsvp = services.rsvp(first(event).pk, who("erin"))
    assert list(selectors.rsvps_of(rsvp.person)) == [rsvp]
    assert list(selectors.rsvps_of(host)) == []
    assert list(selectors.hosted_by(host)) == [event]
    assert list(selectors.hosted_by(rsvp.person)) == []


# --- what changes a list -------------------------------------------------------------------------------------------
@given(
    st.floats(-89.9, 89.9), st.floats(-180, 180), st.floats(0, 2 * math.pi), st.floats(0, 1), st.floats(1_000, 500_000)
)
@example(40.005, -180.0, math.pi * 1.25, 0.99, 1_000)
@example(44.0, -73.0, math.pi * 1.25, 0.5, 1_000)
def test_what_is_near_a_place_is_in_one_of_its_squares(lat, lng, bearing, share, radius_m):
    """Also where it is known only about: across the edge of a square, the date line and the poles."""
    here, far = math.radians(lat), share * radius_m / geo.EARTH_RADIUS_M
    there = math.asin(math.sin(here) * math.cos(far) + math.cos(here) * math.sin(far) * math.cos(bearing))
    east = math.atan2(
        math.sin(bearing) * math.sin(far) * math.cos(here), math.cos(far) - math.sin(here) * math.sin(there)
    )
    touched = selectors.squares(geo.Place("", "", "", "US", lat, lng, "UTC"), radius_m)
    for off in (-0.01, 0, 0.01):  # the private grid has fiftieths of a degree
        row, column = math.floor(math.degrees(there) + off), math.floor(lng + math.degrees(east) + off)
        assert finding._square(row, column) in touched
