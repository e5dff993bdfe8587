"""A scratch site: the real server on a durable embedded PostgreSQL of its own, thrown away afterwards."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg

from groundswell.config import database
from groundswell.web import serving


class Site:
    """A running site.

    Attributes:
        url: of its database.
        port: on 127.0.0.1.
        environment: what its commands run with.
        server: the id of the process that serves.
    """

    server = 0

    def __init__(self, url: str, port: int, environment: dict[str, str]) -> None:
        self.url, self.port, self.environment = url, port, environment

    def command(self, *words: str) -> str:
        """Run `groundswell WORDS` against it and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "groundswell", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def fill(self, *words: str) -> dict[str, Any]:
        """Run `bench.fill` against it; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "bench.fill", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    @contextlib.contextmanager
    def worker(self) -> Iterator[int]:
        """Its worker runs while the block lasts, which begins when the worker has read the ledger so far. Its id."""
        worker = subprocess.Popen([sys.executable, "-m", "groundswell", "serve", "--worker-only"], env=self.environment)
        try:
            with psycopg.connect(self.url, autocommit=True) as link:
                while link.execute("SELECT 1 FROM ledger_pending LIMIT 1").fetchone():
                    time.sleep(0.2)
            yield worker.pid
        finally:
            worker.terminate()
            worker.wait(60)

    def rss_mb(self) -> float:
        """The memory of the server's processes, shared pages counted in each."""
        server = psutil.Process(self.server)
        return sum(one.memory_info().rss for one in [server, *server.children(recursive=True)]) / 2**20

    def get(self, path: str) -> tuple[int, bytes, float]:
        """Status, body and seconds of one GET on a new connection."""
        started = time.perf_counter()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        link.request("GET", path)
        reply = link.getresponse()
        body = reply.read()
        link.close()
        return reply.status, body, time.perf_counter() - started


@contextlib.contextmanager
def site(workers: int = 2, *, fill: Callable[[Site], None] = lambda site: None, **settings: str) -> Iterator[Site]:
    """A site on a durable database of its own; without a worker.

    Args:
        workers: processes of the server.
        fill: called with the migrated site before it serves.
        settings: environment of its processes.
    """
    with tempfile.TemporaryDirectory(prefix="groundswell-bench-") as folder, contextlib.ExitStack() as stack:
        Path(folder).chmod(0o711)  # the database's own user passes through
        url = stack.enter_context(database.running(Path(folder) / "postgres"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {
            **os.environ,
            "GROUNDSWELL_HOME": folder,
            "DATABASE_URL": url,
            "BASE_URL": f"http://127.0.0.1:{port}",
            **settings,
        }
        scratch = Site(url, port, environment)
        scratch.command("migrate", "--verbosity", "0")
        scratch.command("collectstatic", "--noinput", "--verbosity", "0")
        fill(scratch)
        server = subprocess.Popen(serving.web_command("127.0.0.1", port, workers), env=environment)
        scratch.server = server.pid
        stack.callback(lambda: (server.terminate(), server.wait(60)))
        for _ in range(900):  # others may use the machine
            with contextlib.suppress(OSError):
                if scratch.get("/healthz")[0] == 200:
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError("the site did not start")
        yield scratch


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values stay at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
