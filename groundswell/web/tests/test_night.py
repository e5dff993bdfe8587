"""The board of the night: numbers move with the ledger, each opens what is behind it, nobody is named out of reach."""

import html
import re
import threading
import time
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groundswell.events import services as events
from groundswell.events.services import importing
from groundswell.events.tests import making
from groundswell.kit.clock import now
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import catch_up, record
from groundswell.people.services import NewPerson
from groundswell.web import night
from groundswell.web.rules import MOST_SEEN, forecast
from tests.at_once import HANGS_S

BOARD = "web:night_board"


@pytest.fixture(autouse=True)
def counted_anew():
    """And the clock stands, so that no minute ends between two looks."""
    night.forget()
    with time_machine.travel(now(), tick=False):
        yield


def come(event, name, guests=0):
    return events.rsvp(making.first(event).pk, NewPerson(name, email=f"{name}@example.org"), guests=guests, page="/x")


def board(client, **query):
    night.forget()
    return client.get(reverse(BOARD), query).content.decode()


def figures(page):
    """The large numbers, by what they count."""
    pairs = re.findall(r'<span class="figure"[^>]*>([\d,]+)</span><span class="label">([^<]+)<', page)
    return {label: int(number.replace(",", "")) for number, label in pairs}


def test_numbers_move_before_the_worker_has_read_anything(world):
    dana = world.client("dana")
    assert figures(board(dana))["RSVP since the beginning"] == 1
    come(world.event, "Fay", guests=2)
    seen = figures(board(dana))
    assert (seen["RSVPs since the beginning"], seen["places taken"]) == (2, 4)
    catch_up()
    assert figures(board(dana)) == seen


def test_every_number_opens_the_entries_behind_it(world):
    come(world.event, "Fay")
    dana = world.client("dana")
    page = board(dana)
    addresses = {html.unescape(url) for url in re.findall(r'href="(/hq/entries[^"]*)"', page)}
    assert len(addresses) > 65  # sixty of them are of the minutes
    for address in addresses:
        assert dana.get(address).status_code == 200, address
    behind = dana.get(reverse("web:entries"), {"kind": "event.rsvp", "within": "movement.place.us.vt"})
    assert [entry.who for entry in behind.context["entries"]] == ["Fay", "Bob Canaria"]
    assert not dana.get(reverse("web:entries"), {"within": "movement.place.us.ca"}).context["entries"]
    of_city = {"within": "movement.place.us.vt", "city": "Burlington", "kind": "event.rsvp"}
    assert len(dana.get(reverse("web:entries"), of_city).context["entries"]) == 2


def behind(client, address, monkeypatch):
    """What is behind a number: how many entries, and the sum of what they count, from every page of the list; and what
    the list itself says."""
    from groundswell.web.views import board as pages

    monkeypatch.setattr(pages, "PAGE", 3)
    found, going_on = [], address
    while True:
        answer = client.get(going_on)
        found += answer.context["entries"]
        if not answer.context["older"]:
            break
        going_on = f"{address}&{urlencode({'before': answer.context['older']})}"
    said = answer.context["count"]
    assert said is None or (said.entries, said.quantity) == (len(found), sum(entry.quantity for entry in found))
    return len(found), sum(entry.quantity for entry in found)


def test_behind_a_number_are_exactly_the_entries_it_counts(world, monkeypatch):
    """The programme has had everything: an event that is over, one called off, one in another state, one full with a
    waiting list, one sent back and let through again, one that came by import, guests who changed their minds."""
    small = making.published(world.bob, title="Small room", shifts=[making.shift(2)])
    rsvps = [come(small, name) for name in ("Fay", "Guy", "Hal", "Ida")]
    events.change_rsvp(rsvps[3], 1)
    events.cancel_rsvp(rsvps[0])
    over = making.published(world.erin, title="Over", shifts=[making.shift(9)])
    came = come(over, "Jan", guests=1)
    making.ago(over, days=4)
    events.mark_attended(came, True, making.TEST)
    off = making.published(making.person("kim"), title="Called off")
    come(off, "Lea")
    events.cancel(off, making.TEST)
    sent_back = events.send_back(world.waiting, making.TEST, "Say more.")
    events.submit(sent_back)
    come(making.published(making.person("max"), title="San Francisco", postal_code="94103"), "Ned", guests=3)
    times = [importing.ImportedShift(now() + making.timedelta(days=2), now() + making.timedelta(days=3))]
    said = {"title": "Brought along", "type": "rally", "time_zone": "UTC", "online": True, "opening_rsvps": 7}
    events.import_events([importing.ImportedEvent(external_id="1", shifts=times, **said)], "elsewhere")
    catch_up()

    dana = world.client("dana")
    page = html.unescape(board(dana))
    number = {
        label: (int(n), url)
        for url, n, label in re.findall(
            r'<a href="(/hq/entries[^"]*)"><span class="figure"[^>]*>(\d+)</span><span class="label">([^<]+)<', page
        )
    }
    by_entries = {"RSVPs since the beginning", "events to come"}
    assert number.keys() == by_entries | {"places taken", "places on waiting lists", "check-ins"}
    for label, (shown, url) in number.items():
        assert behind(dana, url, monkeypatch)[label not in by_entries] == shown > 0, label
    now_board = html.unescape(dana.get(reverse("web:board")).content.decode())
    for label, of_each in {
        "events to come": 0,
        "places taken, guests included": 1,
        "places on waiting lists": 1,
        "RSVPs that came as a number": 1,
    }.items():
        url, shown = re.search(
            rf'"(/hq/entries[^"]*)"><span class="figure">(\d+)</span><span class="label">{label}', now_board
        ).groups()
        assert behind(dana, url, monkeypatch)[of_each] == int(shown) > 0, label
    full = re.search(r'<a href="(/hq/entries[^"]*)">(\d+) (?:is|are) full<', page)
    assert behind(dana, full[1], monkeypatch)[0] == int(full[2]) == 1
    ranks = re.findall(r'<li><a href="(/hq/entries[^"]*)">[^<]+</a><span class="number">(\d+)', page)
    assert len(ranks) == 6, "a city that is short, two states, what is in none, two cities"
    for url, shown in ranks:
        assert behind(dana, url, monkeypatch)[1] == int(shown) > 0, url
    for label, shown in re.findall(r'href="(/hq/entries[^"]*)">(\d+) in the last minute', page):
        entries, places = behind(dana, label, monkeypatch)
        assert int(shown) == (entries if "kind=event.rsvp&" in label else places)


def test_a_minute_opens_the_entries_of_that_minute(world):
    for minutes in (1, 2):
        with transaction.atomic():
            record(
                "event.rsvp",
                actor=system_actor("test"),
                on=("event", world.event.pk),
                data={"shift": "s", "rsvp": "r"},
                at=now().replace(second=30) - making.timedelta(minutes=minutes),
            )
    dana = world.client("dana")
    page = board(dana)
    shown = re.search(r'<a href="([^"]+)">1 in the last minute</a>', page)
    behind = dana.get(html.unescape(shown[1]))
    assert len(behind.context["entries"]) == 1
    assert "1 entry, 1 counted with it" in behind.content.decode()


@pytest.mark.parametrize(
    "query",
    ["within=../x", "within=a b", "within=" + "x" * 10 + ".." + "y", "city=%00&within=us", "events=z", "places=z"],
)
def test_a_number_that_is_none_is_not_found(world, query):
    assert world.client("dana").get(f"{reverse('web:entries')}?{query}").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        *("/hq/people?q=%00", "/hq/events?state=%00", "/hq/entries?kind=%00", "/hq/entries?on=%00"),
        *("/hq/entries?since=%00&before=%00&within=us", "/outbox?before=%00", "/?source=%00"),
        *("/events?near=%00&at=%00&type=%00&page=%00", "/events?since=%00", "/events/points.json?box=%00"),
        *("/events/new?like=%00&type=%00", "/hq/sources?before=%00"),
    ],
)
def test_a_letter_that_no_database_holds_is_no_failure(world, address):
    assert world.client("dana").get(address).status_code < 500


def test_a_moment_that_is_none_shows_everything(world):
    for since in ("x", "2026-05-01", "9" * 40):
        assert world.client("dana").get(reverse("web:entries"), {"since": since}).context["entries"]


def test_a_board_on_which_nothing_moved_is_neither_drawn_nor_sent_again(world):
    dana = world.client("dana")
    catch_up()
    seen = dana.get(reverse(BOARD))["ETag"]
    assert html.escape(seen).replace("&quot;", '\\"') in board(dana), "the page sends it back"
    night.forget()
    again = dana.get(reverse(BOARD), headers={"If-None-Match": seen})
    assert again.status_code == 304 and not again.content and not again.templates
    come(world.event, "Fay")
    night.forget()
    assert len(dana.get(reverse(BOARD), headers={"If-None-Match": seen}).content) > 1_000


def test_people_out_of_reach_stay_unnamed(world):
    """Alice opens headquarters but may not see people."""
    assert "Canaria" in board(world.client("dana"))
    page = board(world.client("alice"))
    assert "Canaria" not in page and "Said they would come" in page


def test_where_places_are_short(world):
    small = making.published(world.bob, title="Small room", shifts=[making.shift(1)])
    for name in ("Fay", "Guy", "Hal"):
        come(small, name)
    page = board(world.client("dana"))
    short = page.partition('id="short"')[2]
    assert "2 wait, 0 free" in short and "Burlington, VT" in short and "city=Burlington" in short
    assert "1 is full" in page
    making.published(world.bob, title="Large room", shifts=[making.shift(50)])
    assert "Nowhere do more people wait" in board(world.client("dana"))


def test_the_map_fills(world):
    small = making.published(world.bob, title="Small room", postal_code="94103", shifts=[making.shift(2)])

    def tones():
        return [spot.tone for spot in night._count_places().sketch.spots if spot.path]

    assert tones() == ["some"]  # two points
    come(small, "Fay")
    assert tones() == ["some", "half"]
    come(small, "Guy")
    assert tones() == ["some", "full"]


def test_a_ledger_that_is_behind_says_so(world):
    catch_up()
    dana = world.client("dana")
    assert "behind" not in board(dana)
    come(world.event, "Fay")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_pending SET since = since - interval '12 s'")
    page = board(dana)
    assert 12 <= int(re.search(r"The ledger is (\d+) seconds behind", page)[1]) < HANGS_S


def test_before_anything_is_there_it_says_what_comes(client, world):
    events.cancel(world.event, making.TEST)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM ledger_entry WHERE kind = 'event.rsvp'")
        cursor.execute("DELETE FROM ledger_pending")
    assert "The night has not begun" in board(world.client("dana"))


def test_while_it_is_counted_for_the_first_time_it_says_so(world, monkeypatch):
    monkeypatch.setattr(night, "PATIENCE_S", 0.05)
    night._deeds.lock.acquire()
    page = world.client("dana").get(reverse("web:night")).content.decode()
    assert "Counting the last hour" in page and 'hx-trigger="every 1s"' in page


def test_many_readers_cost_one_count(world):
    """While a count is kept nobody counts again; the control with nothing kept does."""
    assert night._deeds.seconds <= 0.5
    dana = world.client("dana")

    def counts():
        with CaptureQueriesContext(connection) as queries:
            for _ in range(3):
                dana.get(reverse(BOARD))
        return sum("ledger_pending" in query["sql"] for query in queries)

    night.forget()
    night._deeds.seconds = HANGS_S
    assert counts() == 1
    night._deeds.seconds = -1.0
    assert counts() == 3


def test_while_one_counts_the_others_take_what_was_before():
    going, go_on = threading.Event(), threading.Event()
    made = iter([1, 2])

    def make():
        value = next(made)
        if value == 2:
            going.set()
            go_on.wait(HANGS_S)
        return value

    kept = night.Kept(make, 0.0)
    assert kept.get() == 1
    time.sleep(0.01)
    slow = threading.Thread(target=kept.get)
    slow.start()
    going.wait(HANGS_S)
    assert kept.get() == 1
    go_on.set()
    slow.join()
    assert kept.value == 2


@pytest.mark.parametrize("came, missed, low, high", [(0, 0, 250, 950), (130, 70, 580, 720), (50, 150, 190, 320)])
def test_the_forecast_follows_what_the_ledger_has_seen(came, missed, low, high):
    found = forecast(1_000, came, missed)
    assert low <= found.low < found.expected < found.high <= high


def test_the_forecast_is_never_surer_than_the_past_allows():
    """Millions seen count no more than two hundred; nobody comes more than once."""
    assert forecast(1_000, 700_000, 300_000) == forecast(1_000, round(MOST_SEEN * 0.7), round(MOST_SEEN * 0.3))
    assert forecast(0, 5, 5).high == 0
    assert forecast(3, 10**6, 0).high == 3


def test_the_interval_holds_eight_times_in_ten():
    """Drawn from the same model, the number falls inside as often as is said."""
    import random

    chance = random.Random(2015)
    found, inside = forecast(400, 65, 35), 0
    for _ in range(2_000):
        share = chance.betavariate(68, 37)
        came = sum(chance.random() < share for _ in range(400))
        inside += found.low <= came <= found.high
    assert 0.77 < inside / 2_000 < 0.83


def test_the_rail_leads_there(world):
    assert reverse("web:night") in world.client("alice").get(reverse("web:hq")).content.decode()
    assert world.client("charlie").get(reverse("web:night")).status_code == 404
