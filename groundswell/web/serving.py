"""Running the site: Granian for the web, one worker for the ledger and the jobs, both children of one process."""

import argparse
import contextlib
import ctypes
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from groundswell.jobs import worker as jobs
from groundswell.ledger import loop as ledger
from groundswell.web import health

MIGRATE_LOCK = 7_303_014  # an advisory lock: hosts that start together migrate one after the other
STOP_WITHIN_S = 15
SETTLED_S = 10  # a child that ran so long is one that can run
TRIES = 3  # of a child that never did


def number_from(low: int, high: int) -> Callable[[str], int]:
    """The type of an argument that is a number in a range."""

    def parse(written: str) -> int:
        if not written.isdecimal() or not low <= int(written) <= high:
            raise argparse.ArgumentTypeError(f"must be a number from {low} to {high}, not {written}")
        return int(written)

    return parse


PORT = number_from(1, 65_535)


def claim(host: str, port: int) -> None:
    """See that nobody listens there. Granian would share the port with them, and visitors would come to either.

    Raises:
        CommandError: says how to mend it.
    """
    try:
        (family, _kind, _protocol, _name, address), *_others = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family) as ours:
            # Connections of a run that just ended may linger.
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ours.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(f"Port {port} is in use; choose another with --port") from None
        raise CommandError(f"Nobody can listen on {host}, port {port}: {error.strerror}") from None


def prepare(say: Callable[[str], object]) -> None:
    """Bring the database and the static files up to this version.

    Raises:
        CommandError: where the site would lose data if it ran; says how to mend it.
    """
    for finding in health.database():
        if finding.fatal:
            raise CommandError(f"{finding.topic}: {finding.wrong}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATE_LOCK])
        try:
            if any(finding.wrong for finding in health.migrations()):
                say("Preparing the database ...\n")
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATE_LOCK])
    call_command("collectstatic", interactive=False, verbosity=0)
    connection.close()


def web_command(host: str, port: int, workers: int) -> list[str]:
    """The words that start the web server."""
    return [
        *(sys.executable, "-m", "granian", "groundswell.config.wsgi:application"),
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "4", "--backlog", "2048"),
        *("--no-ws", "--respawn-failed-workers", "--log-level", "warning"),
    ]


def run_worker(stop: threading.Event) -> None:
    """Run the ledger's loop and the jobs until `stop` is set. An error in one stops both: the parent starts anew.

    People who wait for a page come first: on a full machine it takes what the web leaves.
    """
    os.nice(10)
    failed: list[BaseException] = []

    def guarded(run: Callable[[threading.Event], None]) -> None:
        try:
            run(stop)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            stop.set()

    threads = [
        threading.Thread(target=guarded, args=[ledger.run], name="ledger"),
        threading.Thread(target=guarded, args=[jobs.run], name="jobs"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()

    def set_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, set_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Child:
    """A process that is started again when it dies, until it is stopped."""

    def __init__(self, name: str, words: list[str]) -> None:
        self.name, self.words = name, words
        self.started, self.tries, self.settled = 0.0, 0, False
        self.start()

    def start(self) -> None:
        self.started, self.tries = time.monotonic(), self.tries + 1
        self.process = subprocess.Popen(self.words, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: S603

    def look(self) -> None:
        """Start it again if it died, not more than once a second.

        Raises:
            CommandError: it died at each of its first tries.
        """
        since = time.monotonic() - self.started
        if self.process.poll() is None:
            self.settled = self.settled or since > SETTLED_S
        elif since > 1:
            if self.tries >= TRIES and not self.settled:
                code = self.process.returncode
                raise CommandError(f"The {self.name} died {TRIES} times right after its start (code {code}), see above")
            self.start()

    def stop(self) -> None:
        """Ask it to stop, and kill it and its own children if it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _die_with_parent() -> None:
    """If this process is killed, the kernel asks its children to stop."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def supervise(
    host: str, port: int, workers: int, stop: threading.Event, *, ready: Callable[[], object], worker: bool = True
) -> None:
    """Keep the web server and the worker running until `stop` is set, then stop them.

    Args:
        ready: called once, when the first page has been answered.
        worker: whether to run one.

    Raises:
        CommandError: one of them cannot run. By then `stop` is set.
    """
    children = []
    try:
        children.append(Child("web server", web_command(host, port, workers)))
        if worker:
            children.append(Child("worker", [sys.executable, "-m", "groundswell", "serve", "--worker-only"]))
        answered = False
        while not stop.wait(0.5):
            for child in children:
                child.look()
            if not answered and (answered := _answers(host, port)):
                ready()
    finally:
        stop.set()
        for child in children:
            child.stop()


def _answers(host: str, port: int) -> bool:
    """Whether a page comes back, which loads on the way what every page needs."""
    asked = http.client.HTTPConnection(host, port, timeout=STOP_WITHIN_S)
    try:
        asked.request("GET", "/events?near=05401", headers={"Host": urlsplit(settings.BASE_URL).netloc})
        asked.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
    return True
