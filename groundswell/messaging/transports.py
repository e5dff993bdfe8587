"""Ways out of the house: the mail server of the settings, spoken to by ourselves over several connections at once, or
any other of Django's mail backends."""

import asyncio
from collections import deque
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Protocol

import idna
from django.conf import settings
from django.core.mail import DNS_NAME, EmailMultiAlternatives, get_connection

from groundswell.messaging.rules import SENT, Outcome, outcome_of
from groundswell.messaging.smtp import Connection, Gone, Mail, Server

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
CONNECTIONS = 16  # at most: a server that takes ten milliseconds an answer still gets a thousand mails a second
SLICE = 4  # mails that a connection takes at a time, so that a slow one holds up few
MOST_ROUNDS = 3  # in which broken connections are replaced
UNTRIED = Outcome("queued", "The connection broke before the turn of this mail.", untried=True)


class Transport(Protocol):
    """An open way out.

    Attributes:
        at_once: how many mails it is best given; so many are in doubt when the process dies.
    """

    at_once: int

    def send(self, letters: Sequence[EmailMultiAlternatives]) -> list[Outcome]:
        """Send each to its one recipient, in any order; what became of it. What is wrong with one holds up no other."""

    def close(self) -> None: ...


class Away(Exception):
    """It cannot be reached."""


def transport() -> Transport:
    """The way out that the settings name. Raises Away."""
    return ByServer(_server()) if settings.EMAIL_BACKEND == SMTP_BACKEND else ByBackend()


class ByBackend:
    """A mail backend of Django's: one after the other."""

    at_once = 1

    def __init__(self) -> None:
        self._backend = get_connection()
        try:
            self._backend.open()
        except OSError as error:
            raise Away(str(error)) from error

    def send(self, letters: Sequence[EmailMultiAlternatives]) -> list[Outcome]:
        return [self._sent(letter) for letter in letters]

    def _sent(self, letter: EmailMultiAlternatives) -> Outcome:
        try:
            self._backend.send_messages([letter])
        except Exception as error:
            self._backend.close()  # the next mail opens it again
            return outcome_of(error)
        return SENT

    def close(self) -> None:
        self._backend.close()


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

    def send(self, letters: Sequence[EmailMultiAlternatives]) -> list[Outcome]:
        written = [self._written(letter) for letter in letters]
        mails = [mail for mail in written if isinstance(mail, Mail)]
        told = iter(self._runner.run(self._send(mails)))
        return [next(told) if isinstance(one, Mail) else one for one in written]

    def _written(self, letter: EmailMultiAlternatives) -> Mail | Outcome:
        try:
            return Mail(self._sender, _on_the_wire(letter.to[0]), letter.message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]  # Django's own
        except Exception as error:
            return outcome_of(error)

    async def _send(self, mails: Sequence[Mail]) -> list[Outcome]:
        told: list[Outcome] = [UNTRIED] * len(mails)
        waiting = deque(range(len(mails)))
        for _round in range(MOST_ROUNDS):
            if not waiting:
                break
            links = await self._links(-(-len(waiting) // SLICE))
            kept = await asyncio.gather(*(_work(link, mails, waiting, told) for link in links))
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


async def _work(link: Connection, mails: Sequence[Mail], waiting: deque[int], told: list[Outcome]) -> Connection | None:
    """Send what waits, a slice after the other; what was not told of when the connection breaks waits again."""
    while waiting:
        mine = [waiting.popleft() for _ in range(min(SLICE, len(waiting)))]
        open_ = set(mine)

        def tell(number: int, outcome: Outcome, mine: list[int] = mine, open_: set[int] = open_) -> None:
            told[mine[number]] = outcome
            open_.discard(mine[number])

        try:
            await link.send([mails[number] for number in mine], tell)
        except Gone:
            waiting.extend(sorted(open_))
            return None
    return link


def _on_the_wire(address: str) -> str:
    """With the domain in ASCII, as every server reads it. Raises UnicodeError."""
    name, _at, domain = address.rpartition("@")
    return f"{name}@{domain}" if domain.isascii() else f"{name}@{idna.encode(domain).decode()}"


def _server() -> Server:
    """The mail server of the settings."""
    return Server(
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        settings.EMAIL_HOST_USER,
        settings.EMAIL_HOST_PASSWORD,
        tls=settings.EMAIL_USE_SSL,
        needs_tls=settings.EMAIL_USE_TLS,
        own_name=DNS_NAME.get_fqdn(),
        answer_s=settings.EMAIL_TIMEOUT or 60,
    )
