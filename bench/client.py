"""An HTTP client that costs little: one process, many kept connections, one request under way on each."""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

GIVE_UP_S = 60.0  # on a server that takes no connection


@dataclass
class Run:
    """What came of a run.

    Attributes:
        seconds: from the first request to the last reply.
        latencies: of each reply, in milliseconds.
        statuses: how often each came; 0 where the connection broke.
        cpu_seconds: what the client itself cost.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    cpu_seconds: float = 0.0

    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0


class _Link(asyncio.Protocol):
    """One connection: sends the next request as soon as the reply before it is whole."""

    def __init__(self, requests: Iterator[bytes], run: Run, done: asyncio.Future[None]) -> None:
        self.requests, self.run, self.done = requests, run, done
        self.buffer = b""
        self.asked_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.asked_at = None
            self.transport.close()
            return
        self.asked_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < head_end + 4 + length:
            return
        assert self.asked_at is not None
        self.run.latencies.append((time.perf_counter() - self.asked_at) * 1000)
        self.run.statuses[int(head[9:12])] += 1
        self.buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.asked_at is not None:
            self.run.statuses[0] += 1
        if not self.done.done():
            self.done.set_result(None)


def drive(port: int, requests: Iterable[bytes], connections: int = 64) -> Run:
    """Send every request once, over so many connections at a time; a broken connection is replaced.

    Raises:
        OSError: the server took none for a minute.
    """
    run, left = Run(), iter(requests)

    async def one() -> None:
        loop, reached = asyncio.get_running_loop(), time.perf_counter()
        while True:
            done: asyncio.Future[None] = loop.create_future()
            try:
                _, link = await loop.create_connection(lambda done=done: _Link(left, run, done), "127.0.0.1", port)
            except OSError:
                if time.perf_counter() - reached > GIVE_UP_S:
                    raise
                await asyncio.sleep(0.05)
                continue
            await done
            reached = time.perf_counter()
            if link.asked_at is None:
                return

    async def everybody() -> None:
        await asyncio.gather(*(one() for _ in range(connections)))

    cpu, begun = _cpu(), time.perf_counter()
    asyncio.run(everybody())
    run.seconds, run.cpu_seconds = time.perf_counter() - begun, _cpu() - cpu
    return run


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def get(path: str, *headers: str) -> bytes:
    """The bytes of a GET, with further header lines."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


def post(path: str, body: str, *headers: str) -> bytes:
    """The bytes of a form's POST from a page of ours."""
    form = ["Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"]
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *form, f"Content-Length: {len(body.encode())}", *headers]
    return "\r\n".join([*lines, "", body]).encode()
