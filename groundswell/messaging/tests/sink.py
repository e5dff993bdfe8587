"""A real SMTP server in this process that keeps what it takes and answers as told."""

import asyncio
import contextlib
import re
import socket
from collections import Counter
from collections.abc import Iterator

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

STALLS_S = 70


class Sink:
    """Addresses decide: `bad-` is refused for good, `busy-` for now; at `close-` it hangs up, at `shut-` it says so;
    `drop-` is taken and the connection then lost, `stall-` is taken and never answered."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.asked: Counter[str] = Counter()
        self.pause = 0.0  # seconds between taking a mail and saying so
        self.greets_after = 0.0  # seconds
        self.refuses = ""  # what it says to everybody

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked[address] += 1
        if address.startswith("bad-"):
            return "550 no such mailbox"
        if address.startswith("busy-"):
            return "451 try again later"
        if address.startswith("close-"):
            server.transport.close()
        if address.startswith("shut-"):
            return "421 closing"
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope.content)
        await asyncio.sleep(self.pause)
        if envelope.rcpt_tos[0].startswith("drop-"):
            server.transport.abort()
        if envelope.rcpt_tos[0].startswith("stall-"):
            await asyncio.sleep(STALLS_S)
        return "250 taken"

    def ids(self) -> list[str]:
        return [re.search(rb"(?im)^message-id: <([0-9a-f-]{36})@", mail)[1].decode() for mail in self.taken]


class _Server(SMTP):
    def __init__(self, greets_after: float, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._greets_after = greets_after

    async def _handle_client(self):
        await asyncio.sleep(self._greets_after)
        await super()._handle_client()


class _Quiet(Controller):
    def __init__(self, sink: Sink, listening: socket.socket) -> None:
        super().__init__(sink, *listening.getsockname(), ready_timeout=120)
        self.listening = listening

    def _create_server(self):
        """On a port that is taken already, so that nobody else takes it meanwhile."""
        return self.loop.create_server(self._factory_invoker, sock=self.listening)

    def factory(self):
        return _Server(self.handler.greets_after, self.handler, hostname="sink", enable_SMTPUTF8=True)


@contextlib.contextmanager
def running() -> Iterator[tuple[Sink, int]]:
    """The sink and its port."""
    sink = Sink()
    controller = _Quiet(sink, socket.create_server(("127.0.0.1", 0)))
    controller.start()
    try:
        yield sink, controller.port
    finally:
        controller.stop()
