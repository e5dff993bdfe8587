"""Pages for everybody from memory, before Django is asked: what stands between ten thousand readers a second and us.

A view says that its reply may be kept, and of which subjects of the ledger it speaks, in a `Surrogate-Key` header: ids,
kinds of entries that change it whoever they are about, and squares of the map where an event may join it. With none it
is kept for a moment only. `Surrogate-Control: max-age=` says for how many seconds, where it tells less of the time than
others. Each process looks at the ledger a few times a second and forgets the pages of which something was said. Where
it cannot look, nothing is kept for longer than a moment.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import Error, connection

from groundswell.events import selectors as events
from groundswell.ledger import selectors as ledger

logger = logging.getLogger(__name__)

LOOK_S = 0.25  # between two looks at the ledger
MOMENT_S = 0.7  # what is kept without subjects, or while nobody could look
KEPT_S = 30.0  # what is kept with subjects, unless its view says otherwise: pages also tell the time
MOST_BYTES = 64 * 2**20  # of bodies, in each process
EVERYTHING = "movement.settings_changed"  # a kind that concerns every page

Environ = dict[str, Any]
Start = Callable[..., Any]
App = Callable[[Environ, Start], Iterable[bytes]]
Key = tuple[str, str, str, str, bool]
Subject = UUID | str | None  # an id, a kind of entry or a square; None: everything


class _Page:
    """A kept reply. `orders`: what its view told us about keeping it."""

    def __init__(self, headers: list[tuple[str, str]], body: bytes, orders: dict[str, str]) -> None:
        named = {name.lower(): value for name, value in headers}
        self.headers = [*headers, ("Content-Length", str(len(body)))] if "content-length" not in named else headers
        self.body = body
        said = orders["surrogate-key"].split()
        self.subjects: frozenset[Subject] = frozenset(one if "." in one else UUID(one) for one in said)
        self.lasts = float(orders.get("surrogate-control", "").removeprefix("max-age=") or KEPT_S)
        self.etag = named.get("etag", "")
        self.not_changed = [(name, value) for name, value in headers if name.lower() in _OF_A_304]
        self.made = time.monotonic()
        self.changed = False


_ORDERS = {"surrogate-key", "surrogate-control"}
_OF_A_304 = {"etag", "cache-control", "vary", "date", "expires", "content-location"}


class Front:
    """A WSGI application before another one."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.pages: OrderedDict[Key, _Page] = OrderedDict()
        self.bytes = 0
        self.block: int | None = None  # up to which the ledger was looked at
        self.looked = 0.0
        self.said: dict[Subject, float] = {}  # when something was said of it
        self.lock = threading.Lock()
        self.making: dict[Key, threading.Lock] = {}
        self.watching = False

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self.app(environ, start)
        key = (
            environ.get("HTTP_HOST", ""),
            environ.get("wsgi.url_scheme", ""),
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""),
        )
        page = self.pages.get(key)
        if page is not None and not self._good(page):
            page = self._while_it_is_made(key, page)
        if page is None:
            return self._make(key, environ, start)
        if page.etag and environ.get("HTTP_IF_NONE_MATCH") == page.etag:
            start("304 Not Modified", page.not_changed)
            return []
        start("200 OK", page.headers)
        return [page.body]

    def _good(self, page: _Page) -> bool:
        now = time.monotonic()
        watched = page.subjects and now - self.looked < 2 * LOOK_S
        return not page.changed and now - page.made < (page.lasts if watched else MOMENT_S)

    def _while_it_is_made(self, key: Key, page: _Page) -> _Page | None:
        """The old page, where another thread makes the new one this very moment; None: it is ours to make."""
        making = self.making.get(key)
        return page if making and making.locked() and time.monotonic() - page.made < page.lasts else None

    def _make(self, key: Key, environ: Environ, start: Start) -> Iterable[bytes]:
        """Ask the application, and keep what may be kept."""
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def listen(status: str, headers: list[tuple[str, str]], *more: Any) -> None:
            said.append((status, headers))

        with self.making.setdefault(key, threading.Lock()):
            try:
                if (page := self.pages.get(key)) and self._good(page):  # made while we waited
                    start("200 OK", page.headers)
                    return [page.body]
                self._watch_from_now_on()
                begun = time.monotonic()
                reply = self.app(environ, listen)
                status, headers = said[0]
                orders = {name.lower(): value for name, value in headers if name.lower() in _ORDERS}
                headers = [(name, value) for name, value in headers if name.lower() not in _ORDERS]
                own = any(name.lower() == "set-cookie" for name, _value in headers)  # whatever the view says
                if "surrogate-key" not in orders or own or not status.startswith("200"):
                    start(status, headers)
                    return reply
                try:
                    body = b"".join(reply)
                finally:
                    getattr(reply, "close", lambda: None)()
                page = _Page(headers, body, orders)
                self._keep(key, page, begun)
            finally:
                self.making.pop(key, None)
        start(status, page.headers)
        return [body]

    def _keep(self, key: Key, page: _Page, begun: float) -> None:
        with self.lock:
            page.changed = any(self.said.get(subject, 0.0) >= begun for subject in (*page.subjects, None))
            if before := self.pages.pop(key, None):
                self.bytes -= len(before.body)
            self.pages[key] = page
            self.bytes += len(page.body)
            while self.bytes > MOST_BYTES:
                self.bytes -= len(self.pages.popitem(last=False)[1].body)

    # --- looking at the ledger -----------------------------------------------------------------------------------
    def _watch_from_now_on(self) -> None:
        with self.lock:
            if not self.watching:
                self.watching = True
                threading.Thread(target=self._watch, name="front", daemon=True).start()

    def _watch(self) -> None:
        while True:
            try:
                self.look()
            except Error:
                logger.warning("The pages in memory cannot be compared with the ledger", exc_info=True)
                connection.close()
            time.sleep(LOOK_S)

    def look(self) -> None:
        """Forget the pages of which the ledger has said something since the last look."""
        begun = time.monotonic()
        news = ledger.news(ledger.newest_block() if self.block is None else self.block, events.LISTING)
        subjects: frozenset[Subject] = news.kinds.union(news.subjects or (), events.squares_of(news.named))
        if self.block is None or news.subjects is None or EVERYTHING in news.kinds:
            subjects |= {None}  # at the first look nobody knows since when
        now = time.monotonic()
        with self.lock:
            self.said = {subject: at for subject, at in self.said.items() if now - at < KEPT_S}
            self.said |= dict.fromkeys(subjects, now)
            for page in self.pages.values():
                page.changed = page.changed or None in subjects or not page.subjects.isdisjoint(subjects)
        self.block = news.block
        if not news.late:
            self.looked = begun
