"""Ways out of the house: mail servers, spoken to by ourselves over several connections at once, and providers or any
other of Django's mail backends."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parseaddr
from functools import partial
from queue import Empty, SimpleQueue
from types import SimpleNamespace
from typing import Any, Protocol

import idna
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import DNS_NAME, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError

from groundswell.kit.mail import mail_backend, server_settings
from groundswell.messaging.rules import SENT, Outcome, outcome_of
from groundswell.messaging.smtp import Connection, Gone, Mail, Server

logger = logging.getLogger(__name__)

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
CONNECTIONS = 16  # at most: a server that takes ten milliseconds an answer still gets a thousand mails a second
SLICE = 4  # mails that a connection takes at a time, so that a slow one holds up few
LOOK_S = 4  # that a way out has to answer whoever looks
REST_S = 30  # for a way out that does not answer, while there is another
MOST_ROUNDS = 3  # in which broken connections are replaced
UNTRIED = Outcome("queued", "The connection broke before the turn of this mail.", untried=True)


class Letter(Protocol):
    """A mail to one recipient. What cannot be put into a mail raises when it is asked for."""

    recipient: str

    def data(self) -> bytes:
        """As it goes over the wire, its lines ended by CR LF."""
        ...

    def letter(self) -> EmailMultiAlternatives:
        """As Django's backends take it."""
        ...


class Transport(Protocol):
    """An open way out.

    Attributes:
        at_once: how many mails it is best given; so many are in doubt when the process dies.
    """

    at_once: int

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Send each to its one recipient, in any order; what became of it. What is wrong with one holds up no other."""
        ...

    def close(self) -> None: ...


class Away(Exception):
    """It cannot be reached."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A way out as the settings name it.

    Attributes:
        named: Django's settings of its mail server.
    """

    backend: str
    options: Mapping[str, Any]
    named: Any

    def open(self, answer_s: float | None = None) -> Transport:
        """Raises Away."""
        if self.backend != SMTP_BACKEND:
            return ByBackend(self.backend, self.options)
        server = _server(self.named)
        return ByServer(replace(server, answer_s=answer_s) if answer_s else server)

    @property
    def goes_to(self) -> str:
        """The server's name, or the provider's; empty: it stays here."""
        if self.backend == SMTP_BACKEND:
            return str(self.named.EMAIL_HOST)
        return self.backend.split(".")[2] if self.backend.startswith("anymail.") else ""


def _named() -> dict[str, _Named]:
    """The ways out, by name."""
    ways = {"first": _Named(settings.EMAIL_BACKEND, settings.EMAIL_OPTIONS, settings)}
    if url := settings.EMAIL_SECOND_URL:
        ways["second"] = _Named(*mail_backend(url), SimpleNamespace(**server_settings(url)))
    return ways


def transport() -> Transport:
    """The ways out that the settings name, as one. Raises Away where none can be reached."""
    return Ways({name: way.open for name, way in _named().items()})


@dataclass(frozen=True, slots=True)
class Look:
    """How a way out does.

    Attributes:
        name: first, second.
        goes_to: the mail server, or the provider; empty: what goes there is kept here.
        problem: why it does not answer; empty: it does. Of a provider only the first mail tells.
        rests: some process leaves it alone for a while.
    """

    name: str
    goes_to: str
    problem: str
    rests: bool


def look() -> list[Look]:
    """Each way out as it is now; takes some seconds at most."""
    ways = _named()
    with ThreadPoolExecutor(len(ways), "look") as threads:
        problems = threads.map(_problem, ways.values())
        return [
            Look(name, way.goes_to, problem, _rests(name))
            for (name, way), problem in zip(ways.items(), problems, strict=True)
        ]


def _problem(way: _Named) -> str:
    try:
        way.open(LOOK_S).close()
    except (Away, ImproperlyConfigured) as error:
        return str(error)
    return ""


def _rests(name: str) -> bool:
    with suppress(DatabaseError):
        return bool(cache.get(_resting(name)))
    return False


def _resting(name: str) -> str:
    return f"way-rests:{name}"


_down_until: dict[str, float] = {}  # by name; every lane of this process keeps away from it until then


class Ways:
    """Several ways out, used in turn. One that does not answer, or puts most of its mails off, rests for a while; what
    it did not take goes over another."""

    def __init__(self, named: Mapping[str, Callable[[], Transport]]) -> None:
        self._named = named
        self._open: dict[str, Transport] = {}
        if (first := self._way([])) is None:
            raise Away("None of the ways out can be reached.")
        self._next = first
        self.at_once = self._open[first].at_once

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        told = [UNTRIED] * len(letters)
        tried: list[str] = []
        while (name := self._way(tried)) is not None:
            waiting = [number for number, outcome in enumerate(told) if outcome.untried]
            outcomes = self._open[name].send([letters[number] for number in waiting])
            for number, outcome in zip(waiting, outcomes, strict=True):
                told[number] = outcome
            if not _healthy(outcomes):
                self._rest(name)
            tried.append(name)
            if not any(outcome.untried for outcome in told):
                break
        return told

    def _way(self, tried: Sequence[str]) -> str | None:
        """The next one that is not at rest; the only one never rests while it can be opened."""
        for name in [*self._turn(), *self._turn(resting=True)]:
            if name in tried:
                continue
            try:
                if name not in self._open:
                    self._open[name] = self._named[name]()
            except Away as away:
                logger.warning("The %s way out does not answer: %s", name, away)
                self._rest(name)
                continue
            self._next = name
            return name
        return None

    def _turn(self, *, resting: bool = False) -> list[str]:
        names = list(self._named)
        at = names.index(self._next) + 1 if hasattr(self, "_next") else 0
        now = time.monotonic()
        return [name for name in names[at:] + names[:at] if (_down_until.get(name, 0) > now) == resting]

    def _rest(self, name: str) -> None:
        if len(self._named) > 1:
            _down_until[name] = time.monotonic() + REST_S
            with suppress(DatabaseError):
                cache.set(_resting(name), True, REST_S)  # for those who look; each process judges for itself

    def close(self) -> None:
        for way in self._open.values():
            way.close()


def _healthy(outcomes: Sequence[Outcome]) -> bool:
    """Whether it took most of them, or refused them for good, and left none without an answer."""
    put_off = sum(outcome.state == "queued" for outcome in outcomes)
    return put_off * 2 <= len(outcomes) and not any(outcome.state == "unknown" for outcome in outcomes)


class ByBackend:
    """A mail backend of Django's: a provider's over several connections, any other one mail after the other."""

    def __init__(self, backend: str, options: Mapping[str, Any]) -> None:
        self.at_once = CONNECTIONS if backend.startswith("anymail.") else 1
        self._connect = partial(get_connection, backend, **options)
        self._idle: SimpleQueue[BaseEmailBackend] = SimpleQueue()
        self._opened = [self._connect()]
        self._idle.put(self._opened[0])
        try:
            self._opened[0].open()
        except OSError as error:
            raise Away(str(error)) from error

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        if self.at_once == 1:
            return [self._sent(letter) for letter in letters]
        with ThreadPoolExecutor(min(self.at_once, len(letters)), "provider") as threads:
            return list(threads.map(self._sent, letters))

    def _sent(self, letter: Letter) -> Outcome:
        try:
            backend = self._idle.get_nowait()
        except Empty:
            backend = self._connect()
            self._opened.append(backend)
        try:
            mail = letter.letter()
            backend.send_messages([mail])
        except Exception as error:
            backend.close()  # the next mail opens it again
            return outcome_of(error)
        finally:
            self._idle.put(backend)
        return _told(mail)

    def close(self) -> None:
        for backend in self._opened:
            backend.close()


def _told(mail: EmailMultiAlternatives) -> Outcome:
    """What a provider said of the mail, where it said something."""
    said = getattr(mail, "anymail_status", None)
    if said is None or said.status is None:
        return SENT
    if said.status <= {"queued", "sent", "unknown"}:
        return replace(SENT, their_id=str(said.message_id or ""))
    return Outcome("failed", f"The provider does not take it: {', '.join(sorted(said.status))}.")


class ByServer:
    """A mail server, over as many connections as there is work for; they stay open between two calls."""

    at_once = CONNECTIONS

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sender = _on_the_wire(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        self._idle: list[Connection] = []
        self._runner = asyncio.Runner()
        try:
            self._idle.append(self._runner.run(Connection.to(server)))
        except Gone as gone:
            self._runner.close()
            raise Away(str(gone)) from gone

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        written = [self._written(letter) for letter in letters]
        mails = [mail for mail in written if isinstance(mail, Mail)]
        told = iter(self._runner.run(self._send(mails)))
        return [next(told) if isinstance(one, Mail) else one for one in written]

    def _written(self, letter: Letter) -> Mail | Outcome:
        try:
            return Mail(self._sender, _on_the_wire(letter.recipient), letter.data())
        except Exception as error:
            return Outcome("failed", outcome_of(error).problem)

    async def _send(self, mails: Sequence[Mail]) -> list[Outcome]:
        told: list[Outcome] = [UNTRIED] * len(mails)
        waiting = deque(range(len(mails)))
        broke_at: set[int] = set()
        for _round in range(MOST_ROUNDS):
            if not waiting:
                break
            links = await self._links(-(-len(waiting) // SLICE))
            kept = await asyncio.gather(*(_work(link, mails, waiting, told, broke_at) for link in links))
            self._idle += [link for link in kept if link]
        return told

    async def _links(self, wanted: int) -> list[Connection]:
        """Up to so many connections, those that are open first."""
        taken = [self._idle.pop() for _ in range(min(wanted, len(self._idle)))]
        missing = min(wanted, CONNECTIONS) - len(taken)
        opened = await asyncio.gather(*(Connection.to(self._server) for _ in range(missing)), return_exceptions=True)
        for failed in opened:
            if isinstance(failed, BaseException) and not isinstance(failed, Gone):
                raise failed
        return taken + [link for link in opened if isinstance(link, Connection)]

    def close(self) -> None:
        async def goodbye() -> None:
            await asyncio.gather(*(link.close() for link in self._idle))

        self._runner.run(goodbye())
        self._runner.close()


async def _work(
    link: Connection, mails: Sequence[Mail], waiting: deque[int], told: list[Outcome], broke_at: set[int]
) -> Connection | None:
    """Send what waits, a slice after the other; what was not told of when the connection breaks waits again. A mail at
    which a second one breaks is put off: it might break every one, and nobody behind it would ever have their turn."""
    while waiting:
        mine = [waiting.popleft() for _ in range(min(SLICE, len(waiting)))]
        open_ = set(mine)

        def tell(number: int, outcome: Outcome, mine: list[int] = mine, open_: set[int] = open_) -> None:
            told[mine[number]] = outcome
            open_.discard(mine[number])

        try:
            await link.send([mails[number] for number in mine], tell)
        except Gone as gone:
            left = [number for number in mine if number in open_]
            if left and not any(told[number].state == "unknown" for number in mine):  # or it broke at that one's end
                if left[0] in broke_at:
                    told[left.pop(0)] = Outcome("queued", str(gone))
                else:
                    broke_at.add(left[0])
            waiting.extend(left)
            return None
    return link


def _on_the_wire(address: str) -> str:
    """With the domain in ASCII, as every server reads it. Raises UnicodeError."""
    name, _at, domain = address.rpartition("@")
    return f"{name}@{domain}" if domain.isascii() else f"{name}@{idna.encode(domain).decode()}"


def _server(named: Any) -> Server:
    """The mail server of settings in Django's names."""
    return Server(
        named.EMAIL_HOST,
        named.EMAIL_PORT,
        named.EMAIL_HOST_USER,
        named.EMAIL_HOST_PASSWORD,
        tls=named.EMAIL_USE_SSL,
        needs_tls=named.EMAIL_USE_TLS,
        own_name=DNS_NAME.get_fqdn(),
        answer_s=named.EMAIL_TIMEOUT or 60,
    )
