"""The rig: a mailing is sent by processes that are killed, and what arrived is held against what the database says.

`groundswell drill sending` runs it whole, on a database of its own; the tests run it small, on theirs.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from groundswell.config import database
from tests.at_once import until

ROOT = Path(__file__).parent.parent.parent
SINK_S = 0.004  # that the sink takes for each answer, so that something is always on the wire
LONGEST_S = 600
STILL_S = 3.0  # without a change: the processes are done


@dataclass(frozen=True)
class Judged:
    """What became of everybody.

    Attributes:
        lost: in the audience, but neither did a copy arrive nor does the database say why or that it does not know.
        repeated: got more than one.
        unknown: in doubt; of these `unknown_arrived` got theirs.
        sum_exact: the mailing is finished and its states add up to its audience.
        max_copies: that anybody got.
        killed: processes.
    """

    lost: int
    repeated: int
    unknown: int
    unknown_arrived: int
    sum_exact: bool
    max_copies: int
    killed: int

    def as_dict(self):
        return asdict(self)


def drill(*, recipients, kills, workers, seed, design="ours"):
    """`run` on a durable database of its own, thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="groundswell-drill-") as folder:
        Path(folder).chmod(0o711)  # the database's own user passes through
        with database.running(Path(folder) / "postgres") as url:
            environment = {**os.environ, "GROUNDSWELL_HOME": folder, "DATABASE_URL": url}
            for words in (["-m", "groundswell", "migrate", "-v0"], ["-m", "tests.crash.fill", str(recipients), design]):
                subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=True)
            return run(url, recipients=recipients, kills=kills, workers=workers, seed=seed, design=design)


def run(url, *, recipients, kills, workers, seed, design="ours"):
    """Send a mailing that is frozen for `recipients` while processes die.

    Args:
        url: of a database that holds the one mailing and its frozen audience, and where its lanes are open.
    """
    dice = random.Random(seed)
    killed = 0
    with (
        _sink() as sink,
        psycopg.connect(url, autocommit=True) as link,
        _senders(url, sink.port) as start,
    ):
        link.execute(
            "CREATE TABLE IF NOT EXISTS crash_cursor AS SELECT '00000000-0000-0000-0000-000000000000'::uuid up_to"
        )
        done = (lambda: _nothing_waits(link)) if design == "ours" else _Still(sink)
        pids = [start(design) for _ in range(workers)]
        for number in range(kills):
            enough = (number + 1) * recipients // (kills + 2)  # spread over the whole mailing
            until(lambda enough=enough: sink.taken() >= enough or done(), LONGEST_S)
            if done():
                break
            time.sleep(dice.uniform(0, 0.05))
            victim = dice.randrange(workers)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[victim], signal.SIGKILL)
            killed += 1
            pids[victim] = start(design)
        _rest(link, sink, design, done)
        arrived = sink.ids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return _judged(link, recipients, arrived, killed)


def _nothing_waits(link):
    return not link.execute("SELECT 1 FROM messaging_delivery WHERE state = 'queued' LIMIT 1").fetchone()


class _Still:
    """Whether nothing arrived for a while: of a design that loses people some wait for ever."""

    def __init__(self, sink):
        self._sink = sink
        self._taken, self._since = -1, time.monotonic()

    def __call__(self):
        if (now := self._sink.taken()) != self._taken:
            self._taken, self._since = now, time.monotonic()
        return self._taken > 0 and time.monotonic() - self._since > STILL_S


def _rest(link, sink, design, done):
    """Wait for the end. What died on the wire is in doubt after ten minutes: here at once."""
    until(done, LONGEST_S)
    until(_Still(sink))
    if design == "ours":
        link.execute("UPDATE messaging_delivery SET moved_at = moved_at - interval '11 min' WHERE state = 'sending'")
        until(lambda: link.execute("SELECT state FROM messaging_mailing").fetchone()[0] != "sending")


def _judged(link, recipients, arrived, killed):
    state = {str(pk): (was, why) for pk, was, why in link.execute("SELECT id, state, problem FROM messaging_delivery")}
    mailing, people = link.execute("SELECT state, people FROM messaging_mailing").fetchone()
    known = {"failed", "suppressed", "unknown"}
    ends = Counter(was for was, _why in state.values())
    return Judged(
        lost=recipients - len(state) + sum(pk not in arrived and was not in known for pk, (was, _w) in state.items()),
        repeated=sum(copies > 1 for copies in arrived.values()),
        unknown=ends["unknown"],
        unknown_arrived=sum(was == "unknown" and pk in arrived for pk, (was, _why) in state.items()),
        sum_exact=mailing == "finished" and people == recipients == sum(ends[one] for one in [*known, "sent"]),
        max_copies=max(arrived.values(), default=0),
        killed=killed,
    )


class _Sink:
    """The sink in its process."""

    def __init__(self, process):
        self._process = process
        self.port = int(process.stdout.readline())

    def taken(self):
        return int(self._ask("").split()[0])

    def ids(self):
        """How often each delivery arrived, by the Message-ID of what arrived."""
        return Counter(self._ask("ids").split())

    def _ask(self, what):
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextlib.contextmanager
def _sink():
    command = [sys.executable, "-m", "bench.sink", "0", str(SINK_S)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _Sink(process)
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def _senders(url, port):
    """Starts a process for each call."""
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.sender"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "groundswell.config.settings",
            "DATABASE_URL": url,
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        },
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def start(design):
        parent.stdin.write(f"{design}\n")
        parent.stdin.flush()
        return int(parent.stdout.readline())

    try:
        yield start
    finally:
        parent.stdin.close()
        parent.wait()
        parent.stdout.close()
