"""Writes deeds into a site's ledger at a rate, in a process of its own: `python -m bench.deeds URL`.

Prints when each transaction was committed and how many deeds were by then, as JSON.
"""

import json
import sys
import time

import psycopg

RATE = 2_000  # deeds a second
SECONDS = 15
AT_ONCE = 20  # deeds in a transaction
WRITE = """
INSERT INTO ledger_entry (kind, actor, person_id, on_kind, on_id, data)
SELECT 'event.rsvp', 'system:bench', gen_random_uuid(), 'event', id,
       jsonb_build_object('shift', id, 'rsvp', gen_random_uuid())
FROM (SELECT id FROM events_event OFFSET floor(random() * %s) LIMIT %s) picked
"""


def write(url: str) -> list[tuple[float, int]]:
    """Commit deeds at the rate, or as fast as can be where that is less."""
    done: list[tuple[float, int]] = []
    with psycopg.connect(url, autocommit=True) as link:
        [events] = link.execute("SELECT greatest(count(*) - %s, 1) FROM events_event", [AT_ONCE]).fetchone()
        begun = time.time()
        while (written := len(done) * AT_ONCE) < RATE * SECONDS:
            time.sleep(max(0.0, begun + written / RATE - time.time()))
            link.execute(WRITE, [events, AT_ONCE])
            done.append((time.time(), written + AT_ONCE))
    return done


if __name__ == "__main__":
    sys.stdout.write(json.dumps(write(sys.argv[1])))
