"""The event page and the list, as everybody reads them: from memory and without it, and how soon a change shows."""

import contextlib
import random
import re
import socket
import subprocess
import time
from itertools import islice
from urllib.parse import urlencode

from bench import client
from bench.scratch import Site, percentile, site
from groundswell.powers.public import MIN_SECONDS
from groundswell.web import serving

PAGES = 200  # event pages that are read; every eleventh request is the list
CONNECTIONS = 32
READS = 100_000
READS_WITHOUT = 6_000
FIELD = {name: re.compile(f'name="{name}"[^>]* value="([^"]+)"') for name in ("shift", "shown_at")}


def run(events: int = 3_500, reads: int = READS) -> dict[str, float | int]:
    """Read pages of a site with `events` events over kept connections, warm.

    Returns:
        per_second, p50_ms, p99_ms, errors of the pages from memory; without_memory_per_second of event pages nobody
        asked for before; changed_after_ms: the longest it took until a changed title showed, of ten; server_rss_mb;
        client_cpu_share (of two cores); floor_per_second: the same server and client, an application that answers with
        a constant; ratio_to_floor.
    """
    chance = random.Random(3)
    pages: list[str] = []

    def fill(scratch: Site) -> None:
        pages.extend(f"/events/{event}" for event in scratch.fill("night", str(events), "1000")["events"])

    with site(fill=fill) as scratch, scratch.worker():
        read = [*chance.sample(pages, PAGES), *["/events"] * (PAGES // 10)]
        warm = [client.get(path, "Accept-Encoding: gzip") for path in read]
        client.drive(scratch.port, warm * 4, 4)
        asked = [chance.choice(warm) for _ in range(reads)]
        done = client.drive(scratch.port, asked, CONNECTIONS)
        rss = scratch.rss_mb()
        fresh = (client.get(f"{path}?x={n}", "Accept-Encoding: gzip") for n in range(9) for path in pages)
        without = client.drive(scratch.port, islice(fresh, READS_WITHOUT), CONNECTIONS)
        changed = _changed_after(scratch, read[:10])
    floor = _floor(asked)
    return {
        "per_second": round(done.per_second()),
        "p50_ms": round(percentile(done.latencies, 0.5), 2),
        "p99_ms": round(percentile(done.latencies, 0.99), 2),
        "errors": sum(done.statuses.values()) - done.statuses[200],
        "without_memory_per_second": round(without.per_second()),
        "without_memory_errors": sum(without.statuses.values()) - without.statuses[200],
        "changed_after_ms": round(changed * 1000),
        "server_rss_mb": round(rss),
        "client_cpu_share": round(done.cpu_seconds / done.seconds / 2, 2),
        "floor_per_second": round(floor),
        "ratio_to_floor": round(done.per_second() / floor, 2),
    }


def _changed_after(scratch: Site, pages: list[str]) -> float:
    """The longest time, of these pages, from an acknowledged RSVP until a page that was in memory tells of it."""
    forms = []
    for path in pages:
        page = scratch.get(path)[1].decode()
        forms.append({name: field.findall(page)[0] for name, field in FIELD.items()})
    time.sleep(MIN_SECONDS + 0.5)
    longest = 0.0
    for number, (path, form) in enumerate(zip(pages, forms, strict=True)):
        answers = {**form, "given_name": "Erin", "email": f"erin.{number}@example.org", "guests": 0}
        before = scratch.get(path)[1]
        said = client.drive(scratch.port, [client.post(f"{path}/rsvp", urlencode(answers))], 1)
        assert said.statuses[303] == 1, said.statuses
        acknowledged = time.perf_counter()
        while scratch.get(path)[1] == before:
            time.sleep(0.01)
        longest = max(longest, time.perf_counter() - acknowledged)
    return longest


def _floor(asked: list[bytes]) -> float:
    """Requests a second of the same server before an application that says ok, under the same client."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = serving.web_command("127.0.0.1", port, 2)
    words[words.index("groundswell.config.wsgi:application")] = "bench.constant:say"
    server = subprocess.Popen(words)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        return client.drive(port, asked, CONNECTIONS).per_second()
    finally:
        server.terminate()
        server.wait(20)
