"""A place that the host shows only to guests, and the link to an online event, reach nobody else."""

import json
from dataclasses import asdict

import pytest

from groundswell.events import calendar, selectors, services
from groundswell.events.models import Event
from groundswell.events.selectors import FindQuery
from groundswell.events.tests.making import draft, first, person, published, shift, who
from groundswell.jobs.worker import drain
from groundswell.kit import geo
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.selectors import NotFound

pytestmark = pytest.mark.django_db

STREET, VENUE, LINK = "77 Canary Lane", "The Canary Cage", "https://meet.example.org/canary"
POINT = {"latitude": 44.478123, "longitude": -73.212345}


def private(**changed):
    return published(
        place_shown="guests", street=STREET, venue=VENUE, time_zone="America/New_York", **{**POINT, **changed}
    )


def everything_public(event):
    selectors.forget_map()
    place = geo.find_zip("05401")
    shown = selectors.public_event(event.pk)
    return json.dumps(
        [
            asdict(shown),
            calendar.file(shown),
            [asdict(found) for found in selectors.find(FindQuery(place=place, radius_m=50_000))],
            [asdict(found) for found in selectors.find(FindQuery())],
            [point._asdict() for point in selectors.map_points()],
        ],
        default=str,
    )


def test_neither_street_nor_point_nor_link_is_public():
    event = private(online_url=LINK)
    public = everything_public(event)
    for canary in ("Canary", "canary", "44.478", "73.212"):
        assert canary not in public
    assert "44.48" in public  # on the grid


def test_where_everybody_may_know_it_it_is_public_but_the_link_never():
    event = published(street=STREET, venue=VENUE, online_url=LINK)
    public = everything_public(event)
    assert STREET in public
    assert VENUE in public
    assert "meet.example.org" not in public


def test_distance_and_order_do_not_betray_it_either():
    """Distances from many points would give the place away: they are those of the point on the grid."""
    event = private()
    grid = selectors.public_event(event.pk).place
    for code in ("05401", "05452", "05602", "10001"):
        place = geo.find_zip(code)
        (found,) = selectors.find(FindQuery(place=place))
        told = geo.distance_m(place.latitude, place.longitude, grid.latitude, grid.longitude)
        true = geo.distance_m(place.latitude, place.longitude, POINT["latitude"], POINT["longitude"])
        assert found.distance_m == pytest.approx(told, abs=1)
        assert abs(told - true) > 10


def test_who_comes_gets_place_and_link_who_waits_or_left_does_not():
    event = private(online_url=LINK, shifts=[shift(1)])
    erin = services.rsvp(first(event).pk, who("erin"))
    bob = services.rsvp(first(event).pk, who("bob"))
    shown = selectors.guest_event(erin)
    assert (shown.place.street, shown.place.venue, shown.online_url) == (STREET, VENUE, LINK)
    assert STREET in calendar.file(shown).replace("\r\n ", "")
    assert selectors.guest_event(bob).place.street == ""
    services.cancel_rsvp(erin)
    erin.refresh_from_db()
    hidden = selectors.guest_event(erin)
    assert (hidden.place.street, hidden.online_url) == ("", "")


def test_drafts_and_events_in_review_have_no_public_page():
    event = draft()
    for _ in ("draft", "waiting"):
        with pytest.raises(NotFound):
            selectors.public_event(event.pk)
        event = services.confirm(event)
    services.publish(event, "system:test")
    assert selectors.public_event(event.pk).open


def test_the_grid_in_the_database_is_the_grid_of_the_rules():
    """`earth` is made by SQL, the shown point by Python: they must agree, also at halves."""
    host = person("alice")
    for n, (lat, lng) in enumerate([(44.01, -73.03), (44.03, -73.01), (44.4999, -73.2001), (-33.87, 151.21)]):
        event = published(
            host, title=str(n), place_shown="guests", latitude=lat, longitude=lng, time_zone="America/New_York"
        )
        place = selectors.public_event(event.pk).place
        point = geo.Place("", "", "", "US", place.latitude, place.longitude, "UTC")
        nearest = selectors.find(FindQuery(place=point))[0]
        assert (nearest.title, nearest.distance_m) == (str(n), pytest.approx(0, abs=1))
    assert Event.objects.count() == 4


def test_the_mail_to_who_waits_says_of_the_place_only_that_it_comes():
    event = private(shifts=[shift(1)])
    for name in ("erin", "fay"):
        services.rsvp(first(event).pk, who(name))
    catch_up()
    drain()
    lines = Delivery.objects.get(address="fay@example.org").text.splitlines()
    assert "Those who come get the exact place." in lines
    assert not [line for line in lines if line.startswith(":") or "Canary" in line]
