"""A mailing: its audience frozen and its copies sent to a sink that takes what comes, with a durable database, a real
worker and people on the site meanwhile. Then the same mails through django-post_office with two processes.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

from bench.scratch import Site, percentile, site

EVERY_S = 0.2  # between two looks at the database
PAGES = ["/events", "/"]
PAGES_A_S = 5
PEER_MAILS = 4_000
LONGEST_S = 1_200
FILL = """
INSERT INTO people_person (id, given_name, family_name, search_text, language, postal_code, scope, added_at)
SELECT bench_id('person', n), 'Given' || n % 5000, 'Family' || n % 70001, 'given' || n % 5000 || ' family' || n,
       'en', lpad((n % 90000 + 1001)::text, 5, '0'), 'movement', now() - interval '1 s' * n
FROM generate_series(1, {people}) n;
INSERT INTO people_contactpoint (id, person_id, channel, system, value, written, status, added_at)
SELECT bench_id('email', n), bench_id('person', n), 'email', '', 'p' || n || '@example.org', '', 'works', now()
FROM generate_series(1, {people}) n;
INSERT INTO people_consent (id, person_id, purpose, channel, given, page, at)
SELECT bench_id('consent', n), bench_id('person', n), 'news', 'email', true, '/', now()
FROM generate_series(1, {people}) n;
"""
# As UUIDv7 lie: by the time at which they were made.
ID = """
CREATE FUNCTION bench_id(what text, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(what || n), 1, 3) || 'a'
            || substr(md5(what || n), 4, 15))::uuid
$$
"""
COUNTED = """
SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state = 'sending')
FROM messaging_delivery WHERE moved_at IS NOT NULL
"""


def run(people: int = 1_000_000, mails: int = 60_000) -> dict[str, float | int]:
    """Freeze a mailing for `people`, send the first `mails` of it, and some thousands through the peer.

    Returns:
        frozen_seconds, frozen_per_second. per_second: copies rendered, claimed, sent and marked. taken: by the sink;
        sent, unknown: in the database at the end. unknown_window: claimed and not marked yet, at the most.
        bytes_a_mail. rss_mb: of the worker. web_p95_ms: of public pages meanwhile. peer_per_second, ratio_to_peer.
    """
    with _sink() as sink:
        url = f"smtp://127.0.0.1:{sink.port}"

        def fill(scratch: Site) -> None:
            with psycopg.connect(scratch.url, autocommit=True) as link:
                link.execute(ID)
                link.execute(FILL.format(people=people).encode())
                link.execute("VACUUM ANALYZE")

        with site(workers=1, fill=fill, SECOND_FACTOR="offered", EMAIL_URL=url) as scratch:
            made = scratch.fill("mailing")
            mailing = made["mailing"]
            with psycopg.connect(scratch.url, autocommit=True) as link, scratch.worker() as worker:
                with _Visitors(scratch) as visitors:
                    scratch.fill("begin", mailing)
                    frozen = _frozen(link, mailing)
                    seconds, sent, window, memory = _sent(link, mails, worker)
                    link.execute("UPDATE messaging_mailing SET state = 'stopped' WHERE id = %s", [mailing])
                    _quiet(link)
                states = dict(link.execute("SELECT state, count(*) FROM messaging_delivery GROUP BY 1").fetchall())
                taken = sink.taken()
            rate, size = sent / seconds, sink.bytes_a_mail()
            peer = _peer(scratch, sink, made["template"])
    return {
        "frozen_seconds": round(frozen, 1),
        "frozen_per_second": round(people / frozen),
        "per_second": round(rate),
        "sent": states.get("sent", 0),
        "taken": taken,
        "unknown": states.get("unknown", 0),
        "unknown_window": window,
        "bytes_a_mail": size,
        "rss_mb": round(memory),
        "web_p95_ms": round(percentile(visitors.latencies, 0.95) * 1000),
        "peer_per_second": round(peer),
        "ratio_to_peer": round(rate / peer, 1),
    }


def _frozen(link: psycopg.Connection, mailing: str) -> float:
    started = time.perf_counter()
    while not link.execute("SELECT frozen_at FROM messaging_mailing WHERE id = %s", [mailing]).fetchone()[0]:
        _in_time(started)
        time.sleep(EVERY_S)
    # From when its audience was begun, as the database has it: the job itself may have waited for half a second.
    began, ended = link.execute(
        "SELECT (SELECT min(queued_at) FROM messaging_delivery), frozen_at FROM messaging_mailing WHERE id = %s",
        [mailing],
    ).fetchone()
    return (ended - began).total_seconds()


def _sent(link: psycopg.Connection, mails: int, worker: int) -> tuple[float, int, int, float]:
    """Seconds and copies between two looks, the most that were in flight, and the worker's memory at its most."""
    window, memory = 0, 0.0
    started, before = 0.0, 0
    began = time.perf_counter()
    while True:
        _in_time(began)
        sent, flying = link.execute(COUNTED).fetchone()
        now = time.perf_counter()
        window = max(window, flying)
        memory = max(memory, _rss_mb(worker))
        if not started and sent:
            started, before = now, sent
        if sent >= mails:
            return now - started, sent - before, window, memory
        time.sleep(EVERY_S)


def _quiet(link: psycopg.Connection) -> None:
    """Wait until nothing is on the wire."""
    began = time.perf_counter()
    while link.execute("SELECT 1 FROM messaging_delivery WHERE state = 'sending' LIMIT 1").fetchone():
        _in_time(began)
        time.sleep(EVERY_S)


def _in_time(started: float) -> None:
    if time.perf_counter() - started > LONGEST_S:
        raise RuntimeError("It does not end.")


def _rss_mb(pid: int) -> float:
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 2**20


def _peer(scratch: Site, sink: "_Sink", template: dict[str, str]) -> float:
    """Mails a second through django-post_office, in a database of its own on the same server."""
    with psycopg.connect(scratch.url, autocommit=True) as link:
        link.execute("CREATE DATABASE peer")
    url = urlunsplit(urlsplit(scratch.url)._replace(path="/peer"))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "template.json").write_text(json.dumps(template))
        command = [sys.executable, "-m", "bench.peer", url, str(sink.port), str(PEER_MAILS), folder]
        done = subprocess.run(command, env=scratch.environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


class _Visitors:
    """People who look at public pages meanwhile."""

    def __init__(self, scratch: Site) -> None:
        self.latencies: list[float] = []
        self._scratch = scratch
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        number = 0
        while not self._stop.wait(1 / PAGES_A_S):
            # Each address is new, so that the page is drawn and not only remembered.
            status, _body, seconds = self._scratch.get(f"{PAGES[number % len(PAGES)]}?look={number}")
            assert status == 200, status
            self.latencies.append(seconds)
            number += 1

    def __enter__(self) -> "_Visitors":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


class _Sink:
    """The sink in its process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._said())

    def taken(self) -> int:
        return int(self._ask().split()[0])

    def bytes_a_mail(self) -> int:
        return round(float(self._ask().split()[1]))

    def _ask(self) -> str:
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._said()

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@contextlib.contextmanager
def _sink() -> Iterator[_Sink]:
    command = [sys.executable, "-m", "bench.sink", "0", "0"]
    root = Path(__file__).parent.parent
    process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _Sink(process)
    finally:
        process.terminate()
        process.wait(30)
