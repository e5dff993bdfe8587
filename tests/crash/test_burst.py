"""Bursts of RSVPs at a real site while its processes and its database die: what was acknowledged is there, once, and
whoever got no answer presses again."""

import contextlib
import http.client
import re
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg
import pytest

from bench import client
from bench.scratch import site
from groundswell.config import database
from groundswell.powers.public import MIN_SECONDS
from groundswell.web import serving
from tests.at_once import HANGS_S, until

pytestmark = pytest.mark.crash

HANDS = 12  # people who press at once
FLOOD = 10_000
WRONG = """
SELECT count(*) FROM events_shift shift LEFT JOIN LATERAL (
    SELECT coalesce(sum(1 + guests) FILTER (WHERE state = 'going'), 0) AS taken,
           coalesce(sum(1 + guests) FILTER (WHERE state = 'waiting'), 0) AS waiting
    FROM events_rsvp WHERE shift_id = shift.id
) held ON true
WHERE held.taken <> shift.taken OR held.waiting <> shift.waiting OR shift.taken > shift.capacity
"""


class Door:
    """The form of one event of a running site."""

    def __init__(self, scratch, shift, event, stamp):
        self.scratch, self.shift, self.event, self.stamp = scratch, shift, event, stamp

    def answers(self, name, guests=0):
        """The form, filled in."""
        fields = {"shift": self.shift, "guests": guests, "given_name": name, "family_name": "", "phone": ""}
        fields |= {"email": f"{name}@example.org", "shown_at": self.stamp, "homepage": "", "postal_code": ""}
        return urlencode(fields)

    def press(self, name, address="10.0.0.1", guests=0):
        """Status and headers of the reply; 0 where the connection broke."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        link = http.client.HTTPConnection("127.0.0.1", self.scratch.port, timeout=HANGS_S)
        try:
            headers |= {"X-Forwarded-For": address}
            link.request("POST", f"/events/{self.event}/rsvp", self.answers(name, guests), headers)
            reply = link.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, {}, ""
        finally:
            link.close()

    def burst(self, names, breaks, mends):
        """Everybody presses once; a quarter in, it breaks, and it is mended when somebody noticed. The last quarter
        press after it broke. The replies by name."""
        replies, broken = {}, threading.Event()

        def one(number_and_name):
            number, name = number_and_name
            if number >= len(names) * 3 // 4:
                broken.wait(HANGS_S)
            replies[name] = self.press(name, f"10.1.{number >> 8}.{number & 255}")
            time.sleep(0.02)

        with ThreadPoolExecutor(HANDS) as hands:
            pressing = [hands.submit(one, pair) for pair in enumerate(names)]
            until(lambda: len(replies) >= len(names) // 4)
            breaks()
            broken.set()
            until(lambda: len(acknowledged(replies.copy())) < len(replies))
            mends()
            for one_hand in pressing:
                one_hand.result()
        return replies

    def rows(self, statement, *values):
        with psycopg.connect(self.scratch.url) as link:
            return link.execute(statement, values).fetchall()

    def coming(self):
        """How often each address has said so."""
        return Counter(
            value.partition("@")[0]
            for (value,) in self.rows(
                "SELECT point.value FROM events_rsvp rsvp JOIN people_contactpoint point USING (person_id)"
                " WHERE rsvp.shift_id = %s AND rsvp.state <> 'cancelled'",
                self.shift,
            )
        )

    def room(self, places):
        with psycopg.connect(self.scratch.url) as link:
            link.execute("UPDATE events_shift SET capacity = %s WHERE id = %s", [places, self.shift])


@pytest.fixture(scope="module")
def doors():
    """One door for each test, of one site with two server processes."""
    asked = []
    with site(
        fill=lambda scratch: asked.extend(scratch.fill("night", "12", "100")["asked"]), TRUSTED_PROXIES="1"
    ) as on:
        events = list({event: shift for shift, event, _guests in asked}.items())
        stamp = re.search(rb'name="shown_at" value="([^"]+)"', on.get(f"/events/{events[0][0]}")[1])[1].decode()
        time.sleep(MIN_SECONDS + 0.1)
        yield iter([Door(on, shift, event, stamp) for event, shift in events])
        if later := getattr(on, "later", None):  # another server than it began with
            later.terminate()
            later.wait(HANGS_S)


@pytest.fixture
def door(doors):
    return next(doors)


def well(scratch):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return scratch.get("/healthz")[0] == 200
    return False


def acknowledged(replies):
    return {name for name, (status, _headers, _page) in replies.items() if status == 303}


def nothing_lost(door, names, replies):
    """What was acknowledged is there; who got no answer presses again; in the end each is there once."""
    assert acknowledged(replies) <= door.coming().keys()
    assert acknowledged(replies) < set(names), "nobody noticed"
    for number, name in enumerate(names):
        if name not in acknowledged(replies):
            assert door.press(name, f"10.2.{number >> 8}.{number & 255}")[0] == 303
    assert door.coming() == Counter(names)
    assert door.rows(WRONG) == [(0,)]
    said = "SELECT count(*) FROM ledger_entry WHERE kind IN ('event.rsvp', 'event.waiting') AND on_id = %s"
    assert door.rows(said, door.event) == [(len(names),)]


def test_a_server_killed_mid_burst_loses_nothing_it_acknowledged(door):
    door.room(100)
    names = [f"k{n}" for n in range(160)]
    on = door.scratch

    def kill():
        server = psutil.Process(on.server)
        for one in [*server.children(recursive=True), server]:
            one.kill()
        server.wait(HANGS_S)

    def start_another():
        on.later = subprocess.Popen(serving.web_command("127.0.0.1", on.port, 2), env=on.environment)

    replies = door.burst(names, kill, start_another)
    until(lambda: well(on))
    nothing_lost(door, names, replies)


def test_a_database_restarted_mid_burst_is_told_calmly_and_comes_back_by_itself(door):
    door.room(100)
    names = [f"d{n}" for n in range(200)]
    folder = Path(door.scratch.environment["GROUNDSWELL_HOME"]) / "postgres"
    down = []

    def kill():
        database.kill(folder)
        until(lambda: down.append(door.press("outsider", "10.9.9.9")) or down[-1][0] == 503)

    replies = door.burst(names, kill, lambda: database._start(folder, {}))
    until(lambda: well(door.scratch))
    _status, headers, page = down[-1]
    assert 0 < int(headers["retry-after"]) <= 60 and "Everything confirmed so far is safe" in page
    assert {status for status, _headers, _page in replies.values()} <= {303, 503, 0}
    for status, headers, _page in replies.values():
        assert status != 503 or "retry-after" in headers
    door.rows("SELECT 1")
    door.press("outsider", "10.9.9.9")
    nothing_lost(door, [*names, "outsider"], replies)


def test_two_server_processes_give_the_last_place_once(door):
    for places in range(1, 9):
        door.room(places)
        pair = [f"p{places}a", f"p{places}b"]
        with ThreadPoolExecutor(2) as hands:
            replies = list(hands.map(door.press, pair, ["10.3.0.1", "10.3.0.2"]))
        assert [status for status, _headers, _page in replies] == [303, 303]
        [(taken, waiting)] = door.rows("SELECT taken, waiting FROM events_shift WHERE id = %s", door.shift)
        assert (taken, waiting) == (places, places)
    assert door.rows(WRONG) == [(0,)]


def test_the_same_form_pressed_twice_is_one_rsvp(door):
    door.room(100)
    for n in range(5):
        with ThreadPoolExecutor(4) as hands:
            replies = list(hands.map(lambda _n, name=f"t{n}": door.press(name, "10.4.0.1", 1), range(4)))
        assert {status for status, _headers, _page in replies} == {303}
    assert door.coming() == Counter(f"t{n}" for n in range(5))
    assert door.rows("SELECT taken FROM events_shift WHERE id = %s", door.shift) == [(10,)]


def test_a_flood_from_one_address_is_let_in_sixty_times_and_others_get_in(door):
    """More than its sixty and what flows in meanwhile get 429 and when to come back; others are let in meanwhile."""
    door.room(10_000)
    one_address, form = "X-Forwarded-For: 203.0.113.9", f"/events/{door.event}/rsvp"
    presses = [client.post(form, door.answers(f"x{n}"), one_address) for n in range(FLOOD)]
    with ThreadPoolExecutor(1) as hand:
        flood = hand.submit(client.drive, door.scratch.port, presses, HANDS)
        others = []
        while not flood.done():
            others.append(door.press(f"o{len(others)}", f"198.51.100.{len(others) % 250}"))
            time.sleep(0.2)
    statuses = flood.result().statuses
    assert statuses.total() == FLOOD
    assert statuses.keys() == {303, 429} and 60 <= statuses[303] < 70
    assert {status for status, _headers, _page in others} == {303} and others
    for number in range(2):  # one may just have flowed in
        status, headers, _page = door.press(f"late{number}", "203.0.113.9")
    assert status == 429 and 0 < int(headers["retry-after"]) <= 3600
    assert door.rows(WRONG) == [(0,)]
