"""Running the site: Granian for the web, one worker for the ledger and the jobs, both children of one process."""

import contextlib
import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from django.core.management import CommandError, call_command
from django.db import connection

from groundswell.jobs import worker as jobs
from groundswell.ledger import loop as ledger
from groundswell.web import health

MIGRATE_LOCK = 7_303_014  # an advisory lock: hosts that start together migrate one after the other
STOP_WITHIN_S = 15


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
    """Run the ledger's loop and the jobs until `stop` is set. An error in one stops both: the parent starts anew."""
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

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.started = 0.0
        self.start()

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.words, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: S603

    def look(self) -> None:
        """Start it again if it died, not more than once a second."""
        if self.process.poll() is not None and time.monotonic() - self.started > 1:
            self.start()

    def stop(self) -> None:
        """Ask it to stop, and kill it if it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _die_with_parent() -> None:
    """If this process is killed, the kernel asks its children to stop."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def supervise(commands: list[list[str]], stop: threading.Event) -> None:
    """Keep the commands running until `stop` is set, then stop them all."""
    children = [Child(words) for words in commands]
    try:
        while not stop.wait(0.5):
            for child in children:
                child.look()
    finally:
        for child in children:
            child.stop()


def worker_command() -> list[str]:
    """The words that start a worker."""
    return [sys.executable, "-m", "groundswell", "serve", "--worker-only"]
