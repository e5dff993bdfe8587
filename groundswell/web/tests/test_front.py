"""Pages kept in memory: never older than a second once the ledger has spoken of them, nobody's own, and bounded."""

import itertools
import threading
import time
from io import BytesIO
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection, transaction

from groundswell.events import selectors as events
from groundswell.events.tests import making
from groundswell.events.views import finding
from groundswell.kit.ids import new_id
from groundswell.ledger import selectors as ledger
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import catch_up, forget_old_news, record, sequence
from groundswell.web import front
from groundswell.web.front import Front
from tests.at_once import HANGS_S, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Of the front: however long a test takes, its pages get no older than the test makes them."""
    ticks = itertools.count(1_000_000)  # microseconds, so that each look at it is later than the one before
    monkeypatch.setattr(front, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 1_000_000, sleep=time.sleep))


class Site:
    """An application that says how often it was asked, behind the front."""

    def __init__(self, subject: UUID | str | None = None, *, status="200 OK", headers=(), body=None):
        self.asked, self.subject, self.status, self.headers, self.body = 0, subject, status, list(headers), body
        self.while_made = lambda: None
        self.front = Front(self)
        self.front.watching = True  # the test looks itself

    def __call__(self, environ, start):
        self.asked += 1
        body = self.body or b"%d" % self.asked
        self.while_made()
        kept = [("Surrogate-Key", str(self.subject) if self.subject else "")]
        start(self.status, [("Content-Type", "text/html"), *kept, *self.headers])
        return [body]

    def get(self, path="/", **headers):
        said = []
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, **headers}
        body = b"".join(self.front(environ, lambda status, headers, *more: said.append((status, dict(headers)))))
        return said[0][0], said[0][1], body


def say(subject):
    with transaction.atomic():
        record("event.changed", actor=system_actor("test"), on=("event", subject), data={"fields": [], "shifts": []})
    sequence()


def test_a_page_is_made_once_until_the_ledger_speaks_of_it():
    subject, other = new_id(), new_id()
    site = Site(subject)
    site.front.look()
    assert site.get()[2] == site.get()[2] == b"1"
    say(other)
    site.front.look()
    assert site.get()[2] == b"1"
    say(subject)
    site.front.look()
    assert site.get()[2] == b"2"
    site.front.look()
    assert site.get()[2] == b"2"


def test_a_page_that_speaks_of_a_kind_is_made_again_whoever_it_is_about():
    site = Site("event.changed")
    site.front.look()
    assert site.get()[2] == site.get()[2] == b"1"
    with transaction.atomic():
        record("event.created", actor=system_actor("test"), on=("event", new_id()))
    sequence()
    site.front.look()
    assert site.get()[2] == b"1"
    say(new_id())
    site.front.look()
    assert site.get()[2] == b"2"


@pytest.mark.parametrize(("headers", "lasts"), [([], 30), ([("Surrogate-Control", "max-age=300")], 300)])
def test_a_page_lasts_as_long_as_its_view_says(headers, lasts):
    site = Site(new_id(), headers=headers)
    site.front.look()
    assert "Surrogate-Control" not in site.get()[1]
    page = next(iter(site.front.pages.values()))
    page.made -= lasts - 1
    assert site.get()[2] == b"1"
    page.made -= 1
    assert site.get()[2] == b"2"


class Search(Site):
    """The real site behind the front, with one event, asked for what is near Burlington."""

    def __init__(self, **about):
        super().__init__()
        self.front.app = WSGIHandler()
        making.published(title="Potluck", **about)
        catch_up()
        self.front.look()
        assert self.shows("Potluck")
        self.kept = next(iter(self.front.pages.values()))

    def shows(self, title):
        asked = {"QUERY_STRING": "near=05401", "wsgi.input": BytesIO(), "SERVER_NAME": "testserver"}
        return title.encode() in self.get("/events", SERVER_PORT="80", **asked)[2]


@pytest.mark.parametrize("about", [{}, {"postal_code": "05452"}, {"online": True, "postal_code": ""}])
@pytest.mark.parametrize("watched", [True, False])
def test_a_kept_search_shows_an_event_that_joins_it(about, watched, monkeypatch):
    """Nearby or online. The control looks only at what is on the page."""
    if not watched:
        monkeypatch.setattr(events, "squares_of", lambda ids: frozenset())
    site = Search()
    assert site.kept.lasts == finding.KEPT_S
    making.published(title="Soup for all", **about)
    sequence()
    site.front.look()
    assert site.shows("Soup for all") is watched


def test_a_kept_search_outlives_what_is_published_far_away():
    site = Search()
    making.published(title="Soup for all", postal_code="10001")
    sequence()
    site.front.look()
    site.shows("Potluck")
    assert next(iter(site.front.pages.values())) is site.kept


def test_with_nothing_near_a_kept_search_shows_what_is_published_less_far():
    site = Search(postal_code="10001")
    making.published(title="Soup for all", postal_code="05301")
    sequence()
    site.front.look()
    assert site.shows("Soup for all")


@pytest.mark.parametrize(
    ("asked", "keyed"), [("near=05401", True), ("near=05401&room=on", False), ("at=44.5,-73.2", False), ("", False)]
)
def test_of_searches_those_near_a_named_place_are_kept(asked, keyed, client):
    """The others show what no entry tells of, or where one reader stands."""
    event = making.published(making.person("alice"))
    said = client.get(f"/events?{asked}")["Surrogate-Key"].split()
    assert bool(said) is keyed
    assert not said or {str(event.pk), "near.44.-74", "near.online"} <= set(said)


def test_a_change_shows_by_itself_and_the_ledger_is_looked_at_several_times_a_second(monkeypatch):
    assert front.LOOK_S <= 0.25
    monkeypatch.setattr(front, "MOMENT_S", front.KEPT_S)  # so that nothing but a look tells
    subject, stop, stopped = new_id(), threading.Event(), threading.Event()

    def watch(self):
        """The front's own watching, but for an end, so that no thread outlives its test."""
        while not stop.wait(front.LOOK_S):
            self.look()
        connection.close()
        stopped.set()

    monkeypatch.setattr(Front, "_watch", watch)
    site = Site(subject)
    site.front.watching = False
    assert site.get()[2] == site.get()[2] == b"1"
    say(subject)
    until(lambda: site.get()[2] == b"2")
    stop.set()
    assert stopped.wait(HANGS_S) and site.get()[2] == b"2"


@pytest.mark.parametrize("guarded", [True, False])
def test_a_page_made_while_its_change_commits_is_not_kept(guarded, monkeypatch):
    """The change is committed and looked at after the page has read, before it is kept. Unguarded (the control: what
    was said is not remembered), the page of before stays."""
    subject = new_id()
    site = Site(subject)
    site.front.look()

    def change():
        site.while_made = lambda: None
        say(subject)
        site.front.look()
        if not guarded:
            site.front.said = {}

    site.while_made = change
    assert site.get()[2] == b"1"
    assert site.get()[2] == (b"2" if guarded else b"1")


@pytest.mark.parametrize(
    "status", ["404 Not Found", "500 Internal Server Error", "302 Found", "503 Service Unavailable"]
)
def test_only_what_went_well_is_kept(status):
    site = Site(new_id(), status=status)
    site.front.look()
    assert (site.get()[2], site.get()[2]) == (b"1", b"2")


def test_nothing_with_a_cookie_is_kept():
    site = Site(new_id(), headers=[("Set-Cookie", "sessionid=secret")])
    site.front.look()
    assert (site.get()[2], site.get()[2]) == (b"1", b"2")


def test_no_page_that_did_not_ask_for_it_is_kept(client):
    """Of the real site: what needs a session never carries the header."""
    event = making.published(making.person("alice"))
    for path, kept in ((f"/events/{event.pk}", True), ("/me", False), ("/hq", False), ("/account/sign-in/", False)):
        reply = client.get(path)
        assert ("Surrogate-Key" in reply) is kept, path
        assert not (kept and reply.cookies), path


def test_while_nobody_can_look_nothing_is_kept_longer_than_a_moment(monkeypatch):
    site = Site(new_id())
    site.front.look()
    assert site.get()[2] == site.get()[2] == b"1"

    def gone(*asked):
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(ledger, "news", gone)
    with pytest.raises(OperationalError):
        site.front.look()
    site.front.looked -= 2 * front.LOOK_S  # so long ago the last look was
    assert site.get()[2] == b"1"  # of a moment ago
    next(iter(site.front.pages.values())).made -= front.MOMENT_S
    assert site.get()[2] == b"2"


def test_while_entries_wait_for_a_block_nothing_is_kept_longer_than_a_moment():
    site = Site(new_id())
    site.front.look()
    assert site.get()[2] == b"1"
    with transaction.atomic():
        record("event.created", actor=system_actor("test"), on=("event", new_id()))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_pending SET since = since - interval '2 seconds'")
    site.front.looked -= 2 * front.LOOK_S
    site.front.look()
    next(iter(site.front.pages.values())).made -= front.MOMENT_S
    assert site.get()[2] == b"2"
    sequence()
    site.front.look()
    next(iter(site.front.pages.values())).made -= front.MOMENT_S
    assert site.get()[2] == b"2", "the worker is back"


def test_who_has_not_looked_for_so_long_that_nobody_can_tell_forgets_everything():
    site = Site(new_id())
    site.front.look()
    assert site.get()[2] == b"1"
    say(new_id())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_news SET made_at = made_at - interval '2 hours'")
    forget_old_news()
    site.front.look()
    assert site.get()[2] == b"2"


def test_what_speaks_of_no_subject_is_kept_for_a_moment():
    site = Site(None)
    site.front.look()
    assert site.get()[2] == site.get()[2] == b"1"
    next(iter(site.front.pages.values())).made -= front.MOMENT_S
    assert site.get()[2] == b"2"


def test_who_has_the_page_already_is_told_so():
    site = Site(new_id(), headers=[("ETag", '"v1"'), ("Vary", "Accept-Encoding")])
    site.front.look()
    site.get()
    status, headers, body = site.get(HTTP_IF_NONE_MATCH='"v1"')
    assert (status, body) == ("304 Not Modified", b"")
    assert headers == {"ETag": '"v1"', "Vary": "Accept-Encoding"}
    assert site.get(HTTP_IF_NONE_MATCH='"v0"')[2] == b"1"


def test_the_pages_that_were_asked_for_first_make_room(monkeypatch):
    monkeypatch.setattr(front, "MOST_BYTES", 1_000)
    site = Site(new_id(), body=b"x" * 300)
    site.front.look()
    for number in range(10):
        site.get(f"/{number}")
    assert [key[2] for key in site.front.pages] == ["/7", "/8", "/9"] and site.front.bytes == 900
    site.get("/9")
    assert site.asked == 10
    site.get("/0")
    assert site.asked == 11 and site.front.bytes == 900


def test_a_page_that_could_not_be_made_leaves_nothing_behind():
    site = Site(new_id())

    def fail():
        raise OSError

    site.while_made = fail
    with pytest.raises(OSError):
        site.get()
    assert site.front.making == {}
    site.while_made = lambda: None
    assert site.get()[2] == b"2"


def test_ten_who_ask_at_once_cost_one_page():
    site = Site(new_id())
    site.front.look()
    site.while_made = lambda: time.sleep(0.2)
    found = []
    threads = [threading.Thread(target=lambda: found.append(site.get()[2])) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"1"] * 10 and site.asked == 1
