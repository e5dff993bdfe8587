"""A mail server that takes what comes, as fast as it can or as slowly as it is told: for figures, and for failures.

Addresses decide: `bad-` is refused for good, `busy-` for now, `drop-` is taken and the connection then lost.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable

END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection. Answers in the order of what it was asked, `delay_s` after each group of lines."""

    def __init__(self, took: Callable[[str, bytes], None], *, pipelining: bool = True, delay_s: float = 0.0) -> None:
        self.took = took
        self.offers = ["sink", *(["PIPELINING"] if pipelining else []), "8BITMIME", "SMTPUTF8"]
        self.delay_s = delay_s
        self.left = b""
        self.recipient = ""
        self.in_data = False
        self.answers: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.left += data
        said: list[bytes] = []
        while (answer := self._next()) is not None:
            said.append(answer)
            if answer == _LOST:
                self.transport.abort()
                return
        if not said:
            return
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self.transport.write, b"".join(said))
        else:
            self.transport.write(b"".join(said))

    def _next(self) -> bytes | None:
        if self.in_data:
            at = self.left.find(END)
            if at < 0 and not self.left.startswith(END[2:]):
                return None
            mail, self.left = (self.left[: at + 2], self.left[at + len(END) :]) if at >= 0 else (b"", self.left[3:])
            self.in_data = False
            if self.recipient:
                self.took(self.recipient, mail)
                if self.recipient.startswith("drop-"):
                    return _LOST
                return b"250 taken\r\n"
            return b"554 nobody to take it\r\n"
        line, found, rest = self.left.partition(b"\r\n")
        if not found:
            return None
        self.left = rest
        return self._answer(line)

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            lines = [f"250-{offer}" for offer in self.offers]
            return "\r\n".join([*lines[:-1], lines[-1].replace("-", " ", 1), ""]).encode()
        if verb == b"RCPT":
            address = line[line.find(b"<") + 1 : line.rfind(b">")].decode()
            if address.startswith("bad-"):
                return b"550 no such mailbox\r\n"
            if address.startswith("busy-"):
                return b"451 try again later\r\n"
            self.recipient = address
        elif verb == b"MAIL":
            self.recipient = ""
        elif verb == b"DATA":
            self.in_data = True
            return b"354 go on\r\n"
        return b"250 ok\r\n"


_LOST = b"lost"


async def serve(port: int, *, pipelining: bool = True, delay_s: float = 0.0) -> None:
    """Take mail on loopback until the process ends. On each line from standard input, say how many were taken and how
    many bytes they had on average; on the line `ids`, the ids of all that were taken."""
    size = 0
    ids: list[str] = []

    def took(_recipient: str, mail: bytes) -> None:
        nonlocal size
        at = mail.find(b"Message-ID: <") + 13
        ids.append(mail[at : at + 36].decode())
        size += len(mail)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Sink(took, pipelining=pipelining, delay_s=delay_s), "127.0.0.1", port, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    while asked := await loop.run_in_executor(None, sys.stdin.readline):
        print(*(ids if asked == "ids\n" else [len(ids), size / max(len(ids), 1)]), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), delay_s=float(sys.argv[2])))
