"""Links and pictures of copies: they lead where they were stored to lead, and change nothing but that they were asked
for. Clicks of people are told from those of machines."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.models import Entry
from groundswell.messaging import machines
from groundswell.messaging.machines import Click
from groundswell.messaging.models import Delivery, Signal
from groundswell.messaging.services import signals
from groundswell.messaging.tests import launching, making
from groundswell.messaging.tokens import token
from groundswell.powers.models import Movement
from groundswell.sources.models import Source

pytestmark = pytest.mark.django_db
FIREFOX = making.PERSON["User-Agent"]
MPP = "Mozilla/5.0"
GMAIL_READS = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
HOUR = timedelta(hours=1)


@pytest.fixture
def mailing():
    return making.mailing()


@pytest.fixture
def copy(mailing):
    return making.copy(mailing, making.person())


@pytest.fixture
def link(mailing):
    return making.link(mailing)


def follow(link, copy, method="get", headers=making.PERSON):
    return getattr(Client(), method)(making.click_url(link, copy), headers=headers)


def later(minutes=3):
    """That much later, and what is due then."""
    for table, column in (("messaging_signal", "at"), ("messaging_delivery", "moved_at")):
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = {column} - make_interval(mins => %s)", [minutes])
    jobs.enqueue(signals.WEIGH)
    drain()


def deeds():
    return list(Entry.objects.filter(kind="mail.clicked").order_by("pk"))


# --- where it leads ------------------------------------------------------------------------------------------------
def test_a_link_leads_where_it_was_stored_to_lead(link, copy):
    reply = follow(link, copy)
    assert (reply.status_code, reply["Location"]) == (302, "https://elsewhere.example/page")
    assert "no-store" in reply["Cache-Control"] and not reply.cookies
    assert Signal.objects.get().link == link


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("/events?near=05401", "/events?near=05401&source={code}"),
        ("/", "/?source={code}"),
        ("/events?source=partner", "/events?source=partner"),
    ],
)
def test_on_pages_of_ours_the_mailing_is_the_source(mailing, copy, settings, stored, shown):
    link = making.link(mailing, settings.BASE_URL + stored)
    code = f"mailing-{mailing.pk.hex[-12:]}"
    assert follow(link, copy)["Location"] == settings.BASE_URL + shown.format(code=code)


def test_a_link_of_another_mailing_is_not_found(copy):
    other = making.link(making.mailing("Another"))
    assert follow(other, copy).status_code == 404
    assert not Signal.objects.exists()


@pytest.mark.parametrize("link_id", ["999999", "99999999999999999999999", "-1", "x"])
def test_what_is_no_link_is_not_found(copy, link_id):
    assert Client().get(f"/l/{link_id}/{token(copy.pk)}").status_code == 404


def test_whoever_makes_up_a_token_finds_nothing_and_asks_nothing_of_what_we_sent(link, copy):
    good = token(copy.pk)
    client = Client()
    with CaptureQueriesContext(connection) as asked:
        for bad in (good[:-1] + ("A" if good[-1] != "A" else "B"), good.lower(), "x", good + "A"):
            for address in (f"/l/{link.pk}/{bad}", f"/o/{bad}.gif"):
                assert client.get(address).status_code == 404
    assert not [query for query in asked if "messaging_" in query["sql"]]
    assert client.get(f"/o/{token(new_id())}.gif").status_code == 404
    assert not Signal.objects.exists()


def test_in_any_language_of_the_movement_a_link_leads_on(link, copy):
    Movement.objects.update_or_create(only=True, defaults={"languages": ["es"]})
    assert follow(link, copy)["Location"] == "https://elsewhere.example/page"


# --- nothing changes -----------------------------------------------------------------------------------------------
def test_looking_at_every_address_of_a_thousand_mails_changes_nothing(mailing):
    link = making.link(mailing)
    sent = {"mailing": mailing, "purpose": "news", "state": Delivery.State.SENT, "moved_at": clock.now()}
    copies = Delivery.objects.bulk_create(
        Delivery(person=person, address=f"p{n}@example.org", **sent) for n, person in enumerate(launching.people(1_000))
    )
    before = checksum()
    client = Client()
    for number, copy in enumerate(copies):
        own = token(copy.pk)
        last = [f"/u/{own}"] if number % 20 == 0 else []  # a page costs fifty times a link
        for address in (f"/l/{link.pk}/{own}", f"/l/0/{own}", f"/o/{own}.gif", *last):
            for method in (client.get, client.head):
                assert method(address).status_code in {200, 302}
    assert checksum() == before
    assert Signal.objects.count() == 1_000 * 3 * 2


def test_control_the_checksum_sees_a_delivery_that_changes(copy):
    before = checksum()
    Delivery.objects.update(state=Delivery.State.FAILED)
    assert checksum() != before


def checksum() -> str:
    """Of every table but the signals."""
    tables = sorted(set(connection.introspection.table_names()) - {"messaging_signal"})
    with connection.cursor() as cursor:
        sums = []
        for table in tables:
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(row::text, ',' ORDER BY row::text), '')) FROM \"{table}\" row"
            )
            sums.append(cursor.fetchone()[0])
    return "".join(sums)


def test_whoever_follows_a_link_all_day_is_noted_a_hundred_times(link, copy, monkeypatch):
    monkeypatch.setattr(signals, "MOST_OF_A_KIND", 5)
    for _n in range(9):
        assert follow(link, copy).status_code == 302
    assert Signal.objects.count() == 5


# --- people and machines -------------------------------------------------------------------------------------------
def test_a_persons_click_is_a_deed_once_nothing_speaks_against_it(link, copy):
    follow(link, copy)
    later(1)
    assert deeds() == []
    later(2)
    (deed,) = deeds()
    assert (deed.person_id, deed.on_id, deed.data) == (copy.person_id, copy.mailing_id, {"link": link.pk})
    follow(link, copy)
    later()
    later()
    assert len(deeds()) == 1
    assert not Signal.objects.filter(machine=True).exists()


def test_the_source_of_a_mailing_that_people_follow_has_its_name(link, copy, mailing):
    follow(link, copy)
    later()
    assert Source.objects.get().label == "July"


@pytest.mark.parametrize("how", [{"headers": making.SCANNER}, {"headers": {}}, {"method": "head"}])
def test_a_machine_that_names_itself_does_no_deed(link, copy, how):
    follow(link, copy, **how)
    later()
    assert Signal.objects.get().machine and deeds() == []


def test_within_seconds_of_the_sending_no_person_clicks(link, copy):
    Delivery.objects.update(moved_at=clock.now() - timedelta(seconds=3))
    follow(link, copy)
    later()
    assert Signal.objects.get().machine and deeds() == []


def test_all_links_at_once_are_a_machines_and_a_click_afterwards_a_persons(mailing, copy):
    links = [making.link(mailing, f"https://elsewhere.example/{n}") for n in range(2)]
    for one in links:
        follow(one, copy)
    later(1)
    follow(links[0], copy)
    later()
    assert Signal.objects.filter(machine=True).count() == 2
    (deed,) = deeds()
    assert deed.data == {"link": links[0].pk}


def test_who_follows_the_link_that_nobody_sees_is_a_machine(link, copy):
    Client().get(f"/l/0/{token(copy.pk)}", headers=making.PERSON)
    follow(link, copy)
    later()
    assert not Signal.objects.filter(machine=False).exists() and deeds() == []


@pytest.mark.parametrize(
    ("agent", "since", "machine"),
    [
        (FIREFOX, HOUR, False),
        (GMAIL_READS, HOUR, False),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", HOUR, False),
        (MPP, HOUR, True),
        (GMAIL_AHEAD, HOUR, True),
        (GMAIL_READS, timedelta(seconds=2), True),
        (FIREFOX, None, True),
        ("", HOUR, True),
    ],
)
def test_a_picture_that_a_proxy_fetches_ahead_is_no_opening(copy, agent, since, machine):
    assert machines.opened("GET", agent, since) is machine
    Delivery.objects.update(moved_at=clock.now() - (since or HOUR), state="sent" if since else "queued")
    reply = Client().get(f"/o/{token(copy.pk)}.gif", headers={"User-Agent": agent})
    assert reply["Content-Type"] == "image/gif" and reply.content.startswith(b"GIF89a")
    assert Signal.objects.get().machine is machine


CLICKS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=12)


@given(CLICKS, st.integers(1, 6))
def test_what_came_in_another_order_is_judged_the_same(raw, links):
    at = clock.now()
    clicks = [Click(new_id(), link or None, at + timedelta(seconds=s / 4), False) for link, s in raw]
    assert {one.id for one in machines.by_people(clicks, links)} == {
        one.id for one in machines.by_people(clicks[::-1], links)
    }


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9, unique=True))
def test_one_link_after_the_other_as_people_do_is_never_a_machine(links):
    at = clock.now()
    clicks = [Click(new_id(), link, at + n * timedelta(seconds=2), False) for n, link in enumerate(links)]
    assert machines.by_people(clicks, 9) == clicks
