"""Nearest events to a ZIP, fifty at once: over a whole programme, and over as many live events as are wanted.

The floor is the bare statement from as many connections at once (pgbench): nearest 21 by the same index, nothing else.
"""

import os
import random
import re
import subprocess
import tempfile
from pathlib import Path

import psycopg

from bench import client
from bench.night import PGBENCH
from bench.scratch import Site, percentile, site
from groundswell.kit import geo

PROGRAMME = Path(__file__).parent.parent.parent / "shared" / "data" / "programme_2015" / "events.csv"
AT_ONCE = 50
PLACES = 400  # asked for
RADIUS_M = geo.chord_m(80_467)  # fifty miles, as the page has it unless one says otherwise
SEARCHES = 20_000  # for places that are in memory
# The programme as if its first day were tomorrow.
AHEAD = """
WITH ahead AS (
    SELECT date_trunc('day', now()) + interval '1 day' - date_trunc('day', min(starts_at)) AS days FROM events_event
), moved AS (
    UPDATE events_shift SET starts_at = starts_at + days, ends_at = ends_at + days FROM ahead
)
UPDATE events_event SET starts_at = starts_at + days, ends_at = ends_at + days FROM ahead
"""
# More events at the same places give or take four kilometres, within sixty days after the original.
MORE = """
CREATE TEMP TABLE more AS
SELECT id AS original, gen_random_uuid() AS copy, (random() - 0.5) * 0.08 AS north, (random() - 0.5) * 0.08 AS east,
       trunc(random() * 60) * interval '1 day' AS later
FROM events_event, generate_series(0, %(events)s / (SELECT count(*) FROM events_event)) ORDER BY random()
LIMIT greatest(0, %(events)s - (SELECT count(*) FROM events_event))
"""
CHANGED = {
    "id": "copy",
    "event_id": "copy",
    "external_id": "''",
    "latitude": "latitude + north",
    "longitude": "longitude + east",
    "starts_at": "starts_at + later",
    "ends_at": "ends_at + later",
}
POINT = (
    "cube(ARRAY[6371000 * cos(radians(%(lat)s)) * cos(radians(%(lng)s)),"
    " 6371000 * cos(radians(%(lat)s)) * sin(radians(%(lng)s)), 6371000 * sin(radians(%(lat)s))])"
)
FLOOR = """
\\set place random(1, {places})
SELECT id FROM events_event
WHERE state = 'published' AND visibility = 'public' AND ends_at > now()
  AND earth <@ cube_enlarge((SELECT point FROM bench_place WHERE n = :place), {radius}, 3)
ORDER BY earth <-> (SELECT point FROM bench_place WHERE n = :place) LIMIT 21;
"""


def run(events: int = 100_000, file: Path = PROGRAMME) -> dict[str, float | int]:
    """Ask for the nearest events to ZIPs of the programme, 50 at once, over the programme and over `events` events.

    Returns:
        Of each, as programme_... and many_...: events; cold_per_second, cold_p50_ms, cold_p95_ms, cold_p99_ms of places
        nobody asked for before; warm_... of places that somebody asked for within five minutes; floor_...; errors
        (replies other than a list); cold_ratio_to_floor, warm_ratio_to_floor of the p95; client_cpu_share (of two
        cores) and server_rss_mb, warm. And load_average, of the machine before.
    """
    if not file.exists():
        raise SystemExit(f"{file.name} is not there: this bench reads the 13,106 events of a programme from it.")
    figures: dict[str, float | int] = {"load_average": round(os.getloadavg()[0], 1)}
    for name, wanted in (("programme", 0), ("many", events)):
        figures |= {f"{name}_{what}": figure for what, figure in _measured(file, wanted).items()}
    return figures


def _measured(file: Path, wanted: int) -> dict[str, float | int]:
    def fill(scratch: Site) -> None:
        scratch.command("import", "events", str(file), "--json")
        with psycopg.connect(scratch.url, autocommit=True) as link:
            link.execute(AHEAD)
            link.execute(MORE, {"events": wanted})
            for table, joined in (("events_event", "id"), ("events_shift", "event_id")):
                _copy(link, table, joined)
            link.execute("VACUUM ANALYZE")

    with site(fill=fill) as scratch:
        with psycopg.connect(scratch.url) as link:
            count = link.execute("SELECT count(*) FROM events_event").fetchone()[0]
            codes = [row[0] for row in link.execute("SELECT DISTINCT postal_code FROM events_event ORDER BY 1")]
        chance = random.Random(1)
        known = [code for code in codes if geo.find_zip(code)]
        before, asked = known[:AT_ONCE], chance.sample(known[AT_ONCE:], PLACES)
        client.drive(scratch.port, _searches(before), AT_ONCE)  # as a server that has run for a while
        cold = client.drive(scratch.port, _searches(asked), AT_ONCE)
        client.drive(scratch.port, _searches(asked * 4), 4)  # each process has drawn each
        warm = client.drive(scratch.port, _searches(chance.choices(asked, k=SEARCHES)), AT_ONCE)
        rss = scratch.rss_mb()
        lists = sum(b'class="event-list"' in scratch.get(f"/events?near={code}")[1] for code in asked)
        floor, floor_per_second = _floor(scratch, asked)
    errors = PLACES - cold.statuses[200] + SEARCHES - warm.statuses[200] + PLACES - lists
    figures = {"events": count, "errors": errors}
    for name, per_second, latencies in (
        ("cold", cold.per_second(), cold.latencies),
        ("warm", warm.per_second(), warm.latencies),
        ("floor", floor_per_second, floor),
    ):
        figures[f"{name}_per_second"] = round(per_second)
        figures |= {f"{name}_p{at}_ms": round(percentile(latencies, at / 100), 1) for at in (50, 95, 99)}
    return figures | {
        "cold_ratio_to_floor": round(percentile(cold.latencies, 0.95) / percentile(floor, 0.95), 1),
        "warm_ratio_to_floor": round(percentile(warm.latencies, 0.95) / percentile(floor, 0.95), 1),
        "client_cpu_share": round(warm.cpu_seconds / warm.seconds / 2, 2),
        "server_rss_mb": round(rss),
    }


def _copy(link: psycopg.Connection, table: str, joined: str) -> None:
    """The rows of `more` in a table."""
    rows = link.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    columns = [row[0] for row in rows]
    own = CHANGED | ({"id": "gen_random_uuid()"} if joined != "id" else {})
    values = ", ".join(own.get(column, column) for column in columns)
    link.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM more JOIN {table} ON {joined} = original"
    )


def _searches(codes: list[str]) -> list[bytes]:
    return [client.get(f"/events?near={code}", "Accept-Encoding: gzip") for code in codes]


def _floor(scratch: Site, asked: list[str]) -> tuple[list[float], float]:
    """Milliseconds of each bare statement, and how many a second."""
    with psycopg.connect(scratch.url, autocommit=True) as link:
        link.execute("CREATE TABLE bench_place (n serial PRIMARY KEY, point cube)")
        for code in asked:
            place = geo.find_zip(code)
            assert place
            link.execute(
                f"INSERT INTO bench_place (point) VALUES ({POINT})", {"lat": place.latitude, "lng": place.longitude}
            )
        link.execute("VACUUM ANALYZE bench_place")
    with tempfile.TemporaryDirectory() as folder:
        script, log = Path(folder) / "search.sql", Path(folder) / "log"
        script.write_text(FLOOR.format(places=len(asked), radius=RADIUS_M))
        words = [PGBENCH, "-n", "-M", "prepared", "-c", AT_ONCE, "-j", 2, "-t", 200, "-l", "--log-prefix", log]
        done = subprocess.run(
            [*map(str, words), "-f", str(script), scratch.url], capture_output=True, text=True, check=True
        )
        lines = [line for file in Path(folder).glob("log.*") for line in file.read_text().splitlines()]
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert rate
    return [int(line.split()[2]) / 1000 for line in lines], float(rate[1])
