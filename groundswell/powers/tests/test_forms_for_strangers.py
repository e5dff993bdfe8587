"""Public forms need no session: they take posts from our own pages, not too often, and not from machines."""

import re

import pytest
import time_machine
from django.test import Client, RequestFactory

from groundswell.kit.clock import now
from groundswell.powers import limits, public
from groundswell.powers.models import Bucket

pytestmark = [pytest.mark.django_db, pytest.mark.urls("groundswell.powers.tests.pages")]

OWN = {"Origin": "http://testserver"}


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def clock():
    with time_machine.travel("2026-03-01 12:00Z", tick=False) as clock:
        yield clock


def shown(page):
    return re.search(r'name="shown_at" value="([^"]+)"', page.content.decode())[1]


def filled(client, clock, seconds=10.0, **more):
    """What a person sends who took so many seconds over the form."""
    stamp = shown(client.get("/sign"))
    clock.shift(seconds)
    return {"name": "Erin", "homepage": "", "shown_at": stamp, **more}


def test_a_person_signs_without_any_cookie(client, clock):
    answer = client.post("/sign", filled(client, clock), headers=OWN)
    assert answer.content == b"signed"
    assert not client.cookies
    assert not answer.cookies


def test_the_page_is_the_same_for_everybody_and_sets_nothing(client, clock):
    first, second = client.get("/sign"), Client().get("/sign")
    assert first.content == second.content
    assert "Cookie" not in first.get("Vary", "")


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "http://127.0.0.1:8000"}, True),  # BASE_URL: what people see before a proxy
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "null", "Referer": "http://testserver/sign"}, False),
        ({"Referer": "http://testserver/sign"}, True),
        ({"Referer": "https://evil.example/?http://testserver"}, False),
        ({"Referer": "http://testserver@evil.example/"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_posts_come_from_our_own_pages(client, clock, headers, taken):
    answer = client.post("/sign", filled(client, clock), headers=headers)
    assert answer.status_code == (200 if taken else 403)
    assert (answer.content == b"signed") is taken


def test_without_the_check_another_site_signs_for_people(client, clock, monkeypatch):
    monkeypatch.setattr(public, "from_own_page", lambda request: True)
    answer = client.post("/sign", filled(client, clock), headers={"Origin": "https://evil.example"})
    assert answer.content == b"signed"


def test_too_many_get_a_page_that_says_when(client, clock):
    sent = filled(client, clock)
    for _ in range(3):
        assert client.post("/sign", sent, headers=OWN).status_code == 200
    answer = client.post("/sign", sent, headers=OWN)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "1"
    assert client.get("/sign").status_code == 200  # looking is free
    clock.shift(1)
    assert client.post("/sign", sent, headers=OWN).status_code == 200
    assert client.post("/sign", sent, headers=OWN).status_code == 429


@pytest.mark.parametrize("address", ["/sign", "/sign?from=elsewhere"])
def test_who_is_refused_again_within_a_second_is_not_looked_up(client, clock, django_assert_num_queries, address):
    """And hears the same of each address; the control, a second later, is looked up."""
    sent = filled(client, clock)
    for _ in range(4):
        answer = client.post("/sign", sent, headers=OWN)
    clock.shift(0.9)
    with django_assert_num_queries(0):
        again = client.post(address, sent, headers=OWN)
    assert (again.status_code, again["Retry-After"]) == (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert "One moment, please" in again.content.decode()
    clock.shift(0.1)
    with django_assert_num_queries(1):
        assert client.post(address, sent, headers=OWN).status_code == 200


def test_no_more_clients_are_remembered_than_fit(client, clock, monkeypatch):
    monkeypatch.setattr(public, "MOST_REFUSED", 5)
    sent = filled(client, clock)
    for number in range(12):
        for _ in range(4):
            answer = client.post("/sign", sent, headers=OWN, REMOTE_ADDR=f"192.0.2.{number}")
        assert answer.status_code == 429 and len(public._refusals) <= 5


def test_each_client_has_a_bucket_of_its_own(client, clock):
    sent = filled(client, clock)
    for _ in range(4):
        client.post("/sign", sent, headers=OWN)
    assert client.post("/sign", sent, headers=OWN, REMOTE_ADDR="192.0.2.9").status_code == 200


def test_a_filled_trap_comes_back_with_everything_and_an_empty_trap(client, clock):
    answer = client.post("/sign", filled(client, clock, homepage="https://spam.example"), headers=OWN)
    page = answer.content.decode()
    assert "should stay empty" in page
    assert 'value="Erin"' in page
    assert "spam.example" not in page
    clock.shift(5)
    again = {"name": "Erin", "homepage": "", "shown_at": shown(answer)}
    assert client.post("/sign", again, headers=OWN).content == b"signed"


def test_the_trap_is_out_of_sight_and_reach(client):
    page = client.get("/sign").content.decode()
    trap = re.search(r'<div class="pot" aria-hidden="true">(.*?)</div>', page, re.DOTALL)[1]
    assert 'tabindex="-1"' in trap
    assert 'autocomplete="off"' in trap
    assert 'type="text"' in trap


def test_faster_than_a_person_is_asked_to_look_again(client, clock):
    answer = client.post("/sign", filled(client, clock, 1.0), headers=OWN)
    assert "very quick" in answer.content.decode()
    assert 'value="Erin"' in answer.content.decode()
    clock.shift(1.5)
    again = {"name": "Erin", "shown_at": shown(answer)}
    assert client.post("/sign", again, headers=OWN).content == b"signed"


def test_without_the_time_trap_a_machine_signs_at_once(client, clock, monkeypatch):
    monkeypatch.setattr(public, "MIN_SECONDS", 0)
    assert client.post("/sign", {"name": "Bot"}, headers=OWN).content == b"signed"
    answer = client.post("/sign", {"name": "Bot", "homepage": "https://spam.example"}, headers=OWN)
    assert "should stay empty" in answer.content.decode()  # the other trap stands


@pytest.mark.parametrize("stamp", ["", "1772366400.0", "1772366400.0:forged", "x" * 5000, "inf:x"])
def test_a_stamp_of_one_s_own_making_is_replaced(client, clock, stamp):
    answer = client.post("/sign", {"name": "Erin", "shown_at": stamp}, headers=OWN)
    assert "open for a long time" in answer.content.decode()
    clock.shift(3)
    assert client.post("/sign", {"name": "Erin", "shown_at": shown(answer)}, headers=OWN).content == b"signed"


def test_a_page_may_lie_in_a_cache_for_a_day(client, clock):
    assert client.post("/sign", filled(client, clock, 23 * 3600), headers=OWN).content == b"signed"
    answer = client.post("/sign", filled(client, clock, 25 * 3600), headers=OWN)
    assert "open for a long time" in answer.content.decode()


# --- whose request it is -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "1.1.1.1", "10.0.0.1"),  # no proxy: the header is the client's own invention
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6,7.7.7.7 ,  1.1.1.1 ", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.9", "1.1.1.1"),
        (2, "1.1.1.1", "10.0.0.1"),  # did not come through both
        (1, "", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "6.6.6.6, nonsense", "10.0.0.1"),
        (1, "1.1.1.1'; DROP TABLE powers_bucket; --", "10.0.0.1"),
        (1, "6.6.6.6, 2001:DB8::1", "2001:db8::1"),
    ],
)
def test_the_client_is_the_nth_from_the_right(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.1")
    assert limits.client_ip(request) == expected


def test_invented_addresses_do_not_help(client, clock, settings):
    settings.TRUSTED_PROXIES = 1
    sent = filled(client, clock)
    codes = [
        client.post("/sign", sent, headers={**OWN, "X-Forwarded-For": f"9.9.9.{n}, 1.1.1.1"}).status_code
        for n in range(5)
    ]
    assert codes == [200, 200, 200, 429, 429]


def test_the_leftmost_address_would_help(client, clock, settings, monkeypatch):
    settings.TRUSTED_PROXIES = 1
    monkeypatch.setattr(limits, "client_ip", lambda request: request.headers["X-Forwarded-For"].split(",")[0])
    sent = filled(client, clock)
    codes = [
        client.post("/sign", sent, headers={**OWN, "X-Forwarded-For": f"9.9.9.{n}, 1.1.1.1"}).status_code
        for n in range(5)
    ]
    assert codes == [200] * 5


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "0.0.0.0"),
    ],
)
def test_one_customer_s_many_addresses_are_one_client(address, key):
    assert limits.client_key(RequestFactory().get("/", REMOTE_ADDR=address)) == key


# --- buckets -----------------------------------------------------------------------------------------------------
def test_a_bucket_fills_again_but_never_over(clock):
    def take():
        return limits.take("key", per_hour=60, burst=2)

    assert [take(), take(), take()] == [True, True, False]
    clock.shift(59)
    assert not take()
    clock.shift(1)
    assert [take(), take()] == [True, False]
    clock.shift(24 * 3600)
    assert [take(), take(), take()] == [True, True, False]
    assert limits.take("other", per_hour=60, burst=2)


def test_a_clock_that_goes_back_takes_nothing_away(clock):
    limits.take("key", per_hour=60, burst=2)
    clock.shift(-3600)
    assert limits.take("key", per_hour=60, burst=2)
    assert not limits.take("key", per_hour=60, burst=2)
    clock.shift(3600)
    assert not limits.take("key", per_hour=60, burst=2)


def test_buckets_nobody_touched_are_swept(clock, monkeypatch):
    monkeypatch.setattr(limits, "SWEEP_ONE_IN", 1)
    limits.take("old", per_hour=60, burst=2)
    clock.shift(limits.KEPT.total_seconds() - 1)
    limits.take("young", per_hour=60, burst=2)
    clock.shift(2)
    limits.take("now", per_hour=60, burst=2)
    assert set(Bucket.objects.values_list("key", flat=True)) == {"young", "now"}
    assert Bucket.objects.get(pk="now").at == now()
