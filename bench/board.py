"""The board of the night while deeds pour in: how far its number is behind what is committed.

A process of its own writes entries of people who come, two thousand a second in small transactions, and notes how many
were committed when. Another reads the board over HTTP as a holder of headquarters.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from bisect import bisect_right

from bench.scratch import Site, percentile, site

EVENTS = 3_500
READS_EVERY = 0.1  # seconds; a page asks once a second
FIGURE = re.compile(rb'id="rsvps">([\d,]+)<')


def run(events: int = EVENTS) -> dict[str, float | int]:
    """Write and read at once.

    Returns:
        deeds_per_second that were committed; behind_p50_ms, behind_p95_ms, behind_max_ms: at each reply, for how long
        the number on it had been passed in the ledger; board_p50_ms, board_p95_ms of the replies; reads, errors;
        server_rss_mb; load_average of the machine, which others use.
    """
    with site() as scratch:
        scratch.fill("night", str(events), "1")
        cookie = scratch.fill("holder")["cookie"]
        with scratch.worker():
            return _measured(scratch, cookie)


def _measured(scratch: Site, cookie: str) -> dict[str, float | int]:
    before = _read(scratch, cookie)[0]
    assert before is not None
    writer = subprocess.Popen([sys.executable, "-m", "bench.deeds", scratch.url], stdout=subprocess.PIPE, text=True)
    read: list[tuple[float, int]] = []
    took, errors = [], 0
    while writer.poll() is None:
        begun = time.time()
        shown, seconds = _read(scratch, cookie)
        took.append(seconds * 1000)
        if shown is None:
            errors += 1
        else:
            read.append((time.time(), shown))
        time.sleep(max(0.0, READS_EVERY - (time.time() - begun)))
    assert writer.stdout
    committed: list[tuple[float, int]] = json.loads(writer.stdout.read())  # (when, how many by then)
    counts = [before + count for _at, count in committed]
    behind = []
    for at, shown in read:
        next_one = bisect_right(counts, shown)  # the first commit that the number did not have
        passed = committed[next_one][0] if next_one < len(committed) else at
        behind.append(max(0.0, at - passed) * 1000)
    (first, _), (last, written) = committed[0], committed[-1]
    return {
        "deeds_per_second": round(written / (last - first)),
        "behind_p50_ms": round(percentile(behind, 0.5)),
        "behind_p95_ms": round(percentile(behind, 0.95)),
        "behind_max_ms": round(max(behind)),
        "board_p50_ms": round(percentile(took, 0.5)),
        "board_p95_ms": round(percentile(took, 0.95)),
        "reads": len(read),
        "errors": errors,
        "server_rss_mb": round(scratch.rss_mb()),
        "load_average": round(os.getloadavg()[0], 1),
    }


def _read(scratch: Site, cookie: str) -> tuple[int | None, float]:
    """The RSVPs on the board, and how long it took on a new connection."""
    begun = time.perf_counter()
    link = http.client.HTTPConnection("127.0.0.1", scratch.port, timeout=30)
    link.request("GET", "/hq/night/board", headers={"Cookie": cookie})
    reply = link.getresponse()
    found = FIGURE.search(reply.read())
    link.close()
    return int(found[1].replace(b",", b"")) if found else None, time.perf_counter() - begun
