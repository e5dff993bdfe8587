"""Nearest events to a ZIP over a whole programme: the page as the server gives it, beside the bare statement."""

import random
import time
from pathlib import Path

import psycopg

from bench.scratch import percentile, site
from groundswell.kit import geo

PROGRAMME = Path(__file__).parent.parent.parent / "shared" / "data" / "programme_2015" / "events.csv"
# The floor: what any page must at least ask. Nearest twenty by the same index, nothing else.
POINT = (
    "cube(ARRAY[6371000 * cos(radians(%(lat)s)) * cos(radians(%(lng)s)),"
    " 6371000 * cos(radians(%(lat)s)) * sin(radians(%(lng)s)), 6371000 * sin(radians(%(lat)s))])"
)
FLOOR = f"""
    SELECT id FROM events_event
    WHERE state = 'published' AND visibility = 'public' AND ends_at > '2015-05-01'
      AND earth <@ cube_enlarge({POINT}, %(radius)s, 3)
    ORDER BY earth <-> {POINT} LIMIT 21
"""


def run(file: Path = PROGRAMME, queries: int = 400) -> dict[str, float | int | str]:
    """Load the programme, then ask for the nearest events to random ZIPs of it, one after the other.

    Returns:
        events, load_seconds, queries, errors; p50_ms, p95_ms, p99_ms of the page over HTTP on a new connection each;
        floor_p95_ms of the bare statement; ratio_to_floor.
    """
    if not file.exists():
        raise SystemExit(f"{file.name} is not there: this bench reads the 13,106 events of a programme from it.")
    chance = random.Random(1)
    with site() as scratch:
        started = time.perf_counter()
        scratch.command("import", "events", str(file), "--json")
        load_seconds = time.perf_counter() - started
        with psycopg.connect(scratch.url, autocommit=True) as link:
            link.execute("VACUUM ANALYZE")
            events = link.execute("SELECT count(*) FROM events_event").fetchone()[0]
            zips = [
                row[0] for row in link.execute("SELECT DISTINCT postal_code FROM events_event WHERE postal_code <> ''")
            ]
            asked = [chance.choice(zips) for _ in range(queries)]
            for code in asked:  # warm, as a server that has run for a while: plans, ZIPs, cards of events
                scratch.get(f"/events?near={code}&since=2015-05-01")
            pages, errors = [], 0
            for code in asked:
                status, body, seconds = scratch.get(f"/events?near={code}&since=2015-05-01")
                pages.append(seconds * 1000)
                errors += status != 200 or b"event-list" not in body or b"Nobody has begun" in body
            floors = []
            for code in asked:
                place = geo.find_zip(code)
                values = {"lat": place.latitude, "lng": place.longitude, "radius": geo.chord_m(80_467)}
                begun = time.perf_counter()
                link.execute(FLOOR, values).fetchall()
                floors.append((time.perf_counter() - begun) * 1000)
    p95, floor = percentile(pages, 0.95), percentile(floors, 0.95)
    return {
        "events": events,
        "load_seconds": round(load_seconds, 2),
        "queries": queries,
        "errors": errors,
        "p50_ms": round(percentile(pages, 0.5), 1),
        "p95_ms": round(p95, 1),
        "p99_ms": round(percentile(pages, 0.99), 1),
        "floor_p95_ms": round(floor, 2),
        "ratio_to_floor": round(p95 / floor, 1),
    }
