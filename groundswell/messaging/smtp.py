"""Mail to a server, many over one connection without a wait after each line (RFC 2920).

The standard library's client asks and waits four times a mail: at ten milliseconds an answer that is 24 mails a second.
Here the end of one mail and the envelope of the next go in one write, and their answers come together. A server that
does not offer PIPELINING is asked step by step.
"""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from groundswell.messaging.rules import SENT, Outcome

LONGEST_LINE = 8_192  # bytes of an answer


@dataclass(frozen=True)
class Server:
    """Where mail goes.

    Attributes:
        tls: encrypted from the first byte on; otherwise by STARTTLS, where that is offered.
        needs_tls: without encryption nothing goes.
        answer_s: how long it may take to answer a line.
        taking_s: how long it may take to take a mail. RFC 5321 grants ten minutes; after one the other way out takes
            over, and what became of the mail is in doubt.
    """

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    needs_tls: bool = False
    own_name: str = "localhost"
    answer_s: float = 60.0
    taking_s: float = 50.0


class Mail(NamedTuple):
    """What goes over the wire. `data`: in lines that end with CR LF, all of it ASCII but for headers where the
    recipient needs SMTPUTF8."""

    sender: str
    recipient: str
    data: bytes


class Gone(Exception):
    """There is no connection, or none any more. The message says what was said last."""


class _Answer(NamedTuple):
    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:500]

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def outcome(self) -> Outcome:
        """What it means for the mail it answers: 4xx is for later, 5xx for good."""
        if self.good:
            return SENT
        return Outcome("failed" if 500 <= self.code < 600 else "queued", str(self))


Tell = Callable[[int, Outcome], None]


class Connection:
    """One connection; for one task at a time. Open it with `to`."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self._reader, self._writer = server, reader, writer
        self._left = b""  # that was said and not yet read
        self.offers: dict[str, str] = {}

    @classmethod
    async def to(cls, server: Server) -> "Connection":
        """Raises Gone: it does not answer, or does not let us in."""
        context = ssl.create_default_context() if server.tls else None
        try:
            async with asyncio.timeout(server.answer_s):
                streams = await asyncio.open_connection(server.host, server.port, ssl=context)
        except (OSError, TimeoutError) as error:
            raise Gone(_words(error)) from error
        link = cls(server, *streams)
        await link._or_gone(link._enter())
        return link

    async def send(self, mails: Sequence[Mail], tell: Tell) -> None:
        """Send them in their order, and tell the outcome of each by its number as soon as it is known.

        Raises:
            Gone: the connection broke. Which mail was taken without an answer is told as unknown; those that were told
                nothing of were not taken, and may go over another connection.
        """
        await self._or_gone((self._pipelined if "PIPELINING" in self.offers else self._step_by_step)(mails, tell))

    async def close(self) -> None:
        """Say goodbye, without waiting for long."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                self._writer.write(b"QUIT\r\n")
                await self._writer.drain()
        await self._hang_up()

    async def _hang_up(self) -> None:
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _or_gone(self, work: Awaitable[None]) -> None:
        try:
            await work
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: no SMTP, or a line without end
            await self._hang_up()
            raise Gone(_words(error)) from error
        except BaseException:
            await self._hang_up()
            raise

    # --- coming in -----------------------------------------------------------------------------------------------
    async def _enter(self) -> None:
        server = self.server
        _must(await self._answer(), 220)
        await self._hello()
        if not server.tls and "STARTTLS" in self.offers:
            await self._encrypt()
        elif not server.tls and server.needs_tls:
            raise Gone("It offers no encryption (STARTTLS), and without nothing goes there.")
        if server.user:
            await self._sign_in()

    async def _hello(self) -> None:
        said = await self._ask(f"EHLO {self.server.own_name}")
        if said.good:
            lines = said.text.split("\n")[1:]
            self.offers = {name.upper(): rest for name, _, rest in (line.partition(" ") for line in lines)}
        else:
            _must(await self._ask(f"HELO {self.server.own_name}"), 250)
            self.offers = {}

    async def _encrypt(self) -> None:
        _must(await self._ask("STARTTLS"), 220)
        try:
            async with asyncio.timeout(0):
                self._left += await self._reader.read(1)
        except TimeoutError:
            pass
        if self._left:  # somebody in between put it there, to be taken for what comes encrypted
            raise Gone("It said something between STARTTLS and the encryption.")
        await self._writer.start_tls(ssl.create_default_context(), server_hostname=self.server.host)
        await self._hello()

    async def _sign_in(self) -> None:
        user, password = self.server.user.encode(), self.server.password.encode()
        if "PLAIN" in self.offers.get("AUTH", "").upper().split():
            said = await self._ask("AUTH PLAIN " + _base64(b"\0".join([b"", user, password])))
        else:
            _must(await self._ask("AUTH LOGIN"), 334)
            _must(await self._ask(_base64(user)), 334)
            said = await self._ask(_base64(password))
        _must(said, 235)

    # --- mail ----------------------------------------------------------------------------------------------------
    async def _pipelined(self, mails: Sequence[Mail], tell: Tell) -> None:
        end, before, refused = b"", None, None  # of the mail before: what is left to write, its number, its refusal
        for number, mail in enumerate(mails):
            if (envelope := self._envelope(mail)) is None:
                tell(number, _NOT_THIS_ADDRESS)
                continue
            self._writer.write(end + envelope + b"DATA\r\n")
            if before is not None:
                await self._taken(before, refused, tell)
            await self._writer.drain()
            answers = [await self._answer() for _line in ("MAIL", "RCPT", "DATA")]
            refused = next((answer for answer in answers[:2] if not answer.good), None)
            if answers[2].code == 354 and not _last_word(*answers):
                end, before = b".\r\n" if refused else _ended(mail.data), number
                continue
            end, before = b"", None
            tell(number, (refused or answers[2]).outcome)
            _stays(*answers)
        if before is not None:
            self._writer.write(end)
            await self._taken(before, refused, tell)

    async def _step_by_step(self, mails: Sequence[Mail], tell: Tell) -> None:
        for number, mail in enumerate(mails):
            if (envelope := self._envelope(mail)) is None:
                tell(number, _NOT_THIS_ADDRESS)
                continue
            for line in [*envelope.splitlines(), b"DATA"]:
                said = await self._ask(line.decode())
                if not said.good and said.code != 354:
                    break
            if said.code == 354:
                self._writer.write(_ended(mail.data))
                await self._taken(number, None, tell)
                continue
            tell(number, said.outcome)
            _stays(said)
            _must(await self._ask("RSET"), 250)

    async def _taken(self, number: int, refused: _Answer | None, tell: Tell) -> None:
        """Wait for the answer to a mail's end. If none comes, nobody knows whether the mail was taken."""
        try:
            await self._writer.drain()
            said = await self._answer(self.server.taking_s)
        except BaseException as error:
            tell(number, refused.outcome if refused else Outcome("unknown", _words(error)))
            raise
        tell(number, (refused or said).outcome)
        _stays(said)

    def _envelope(self, mail: Mail) -> bytes | None:
        """The first two lines; None for an address that this server cannot be told."""
        if any(sign in address for address in (mail.sender, mail.recipient) for sign in "\r\n\0<>"):
            return None
        if mail.recipient.isascii():
            return f"MAIL FROM:<{mail.sender}>\r\nRCPT TO:<{mail.recipient}>\r\n".encode()
        if "SMTPUTF8" not in self.offers:
            return None
        return f"MAIL FROM:<{mail.sender}> SMTPUTF8 BODY=8BITMIME\r\nRCPT TO:<{mail.recipient}>\r\n".encode()

    # --- lines ---------------------------------------------------------------------------------------------------
    async def _ask(self, line: str) -> _Answer:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()
        return await self._answer()

    async def _answer(self, longest_s: float | None = None) -> _Answer:
        lines = []
        while True:
            line = (await self._line(longest_s or self.server.answer_s)).decode("utf-8", "replace")
            lines.append(line[4:].strip())
            if line[3:4] != "-":
                return _Answer(int(line[:3]), "\n".join(lines))

    async def _line(self, longest_s: float) -> bytes:
        """Answers come several at once; only who has to wait for one pays for a clock."""
        while (end := self._left.find(b"\n")) < 0:
            if len(self._left) > LONGEST_LINE:
                raise ValueError("It says a line without end.")
            async with asyncio.timeout(longest_s):
                said = await self._reader.read(LONGEST_LINE)
            if not said:
                raise Gone("It hung up.")
            self._left += said
        line, self._left = self._left[:end], self._left[end + 1 :]
        return line


_NOT_THIS_ADDRESS = Outcome("failed", "This mail server cannot be told such an address.")


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _must(said: _Answer, code: int) -> None:
    if said.code != code:
        raise Gone(str(said))


def _last_word(*answers: _Answer) -> _Answer | None:
    """421, whatever it answers."""
    return next((said for said in answers if said.code == 421), None)


def _stays(*answers: _Answer) -> None:
    if said := _last_word(*answers):
        raise Gone(str(said))


def _ended(data: bytes) -> bytes:
    """The mail's lines, none of which looks like its end, and the end."""
    lines = data.replace(b"\r\n.", b"\r\n..")
    return (b"." if data.startswith(b".") else b"") + lines + (b"" if data.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _base64(text: bytes) -> str:
    return base64.b64encode(text).decode()
