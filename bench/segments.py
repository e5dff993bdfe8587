"""Segments: how long the count on the builder's page takes, over the people and the ledger of a large movement.

The floor is the same question as a hand would write it, asked of the bare tables, and counted whole.
"""

import http.client
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5
from statistics import median
from urllib.parse import urlencode
from uuid import UUID

import psycopg

from bench.scratch import Site, percentile, site
from groundswell.kit import geo

TAGS = 20
ROUNDS = 4  # each question is asked so often, each time a little different
FLOOR_MS = 60_000
PLACES = "CREATE TABLE bench_place (place serial PRIMARY KEY, zip text, scope ltree, language text)"
FILL = """
INSERT INTO people_person (id, given_name, family_name, search_text, language, postal_code, scope, added_at)
SELECT md5('person ' || n)::uuid, 'Given' || n % 5000, 'Family' || n % 70001, 'given' || n % 5000 || ' family' || n,
       language, zip, scope, now() - interval '1 day' * (900 * (1 - n / {people}.0))
FROM generate_series(1, {people}) n
JOIN bench_place ON place = 1 + n::bigint * 7919 % (SELECT count(*) FROM bench_place);

INSERT INTO people_contactpoint (id, person_id, channel, system, value, written, status, added_at)
SELECT md5('email ' || n)::uuid, md5('person ' || n)::uuid, 'email', '', 'p' || n || '@example.org', '',
       CASE WHEN n % 20 = 0 THEN 'bounces' WHEN n % 3 = 0 THEN 'works' ELSE 'unverified' END, now()
FROM generate_series(1, {people}) n;

INSERT INTO people_consent (id, person_id, purpose, channel, given, page, at)
SELECT gen_random_uuid(), md5('person ' || n)::uuid, purpose, channel, given, '/', now() - days * interval '1 day'
FROM generate_series(1, {people}) n
CROSS JOIN (VALUES ('news', 'email', true, 300, 10, 7), ('news', 'phone', true, 200, 10, 2),
                   ('news', 'email', false, 100, 20, 1)) word (purpose, channel, given, days, out_of, below)
WHERE (n * 2654435761) / 65536 % out_of < below;

INSERT INTO people_tag (id, name) SELECT md5('tag ' || n)::uuid, 'tag ' || n FROM generate_series(1, {tags}) n;
INSERT INTO people_tagon (tag_id, person_id, at)
SELECT md5('tag ' || 1 + n % {tags})::uuid, md5('person ' || n)::uuid, now() FROM generate_series(1, {people}, 3) n;

SELECT ledger_ensure_months(now() - interval '24 months', now());
DROP INDEX ledger_entry_person, ledger_entry_subject, ledger_entry_kind, deed_last;
INSERT INTO ledger_entry (at, kind, person_id, actor, on_kind, on_id)
SELECT now() - interval '1 day' * 700 * power(random(), 1.5), kinds.kind,
       md5('person ' || 1 + floor({people} * power(random(), 1.5))::int)::uuid, 'system:bench', 'event',
       md5('event ' || floor(40000 * random()))::uuid
FROM generate_series(1, {entries}) n
JOIN (SELECT row_number() OVER () - 1 AS place, kind FROM unnest(ARRAY[
    'event.rsvp', 'event.rsvp', 'event.rsvp', 'event.rsvp', 'event.rsvp', 'event.attended', 'event.attended',
    'event.attended', 'event.missed', 'event.called', 'event.called', 'event.invited', 'event.invited',
    'event.invited', 'event.invited', 'event.created', 'person.changed', 'person.contact_verified',
    'event.rsvp_cancelled', 'event.waiting']) kind) kinds ON kinds.place = n % 20;

INSERT INTO people_deed (person_id, kind, done, taken_back, first_at, last_at)
SELECT person_id, kind, count(*), 0, min(at), max(at) FROM ledger_entry WHERE person_id IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (person_id, kind) DO NOTHING;
CREATE INDEX deed_last ON people_deed (kind, last_at) INCLUDE (person_id, done, taken_back, first_at);
CREATE INDEX ledger_entry_person ON ledger_entry (person_id, at DESC, id DESC) WHERE person_id IS NOT NULL;
CREATE INDEX ledger_entry_subject ON ledger_entry (on_id, at DESC, id DESC) WHERE on_id IS NOT NULL;
CREATE INDEX ledger_entry_kind ON ledger_entry (kind, at DESC, id DESC);
"""


@dataclass
class Asked:
    """One condition: as the page's form has it, and as a hand writes it."""

    name: str
    values: dict[str, object]
    by_hand: str
    params: tuple[object, ...] = ()


Question = Callable[[random.Random], list[Asked]]
TOWNS = ["Burlington, VT", "Austin, TX", "Chicago, IL", "New York, NY", "Fargo, ND", "Los Angeles, CA", "Macon, GA"]


def news(channel: str = "email") -> Asked:
    return Asked(
        "consent",
        {"state": "given", "purpose": "news", "channel": channel},
        """p.id IN (SELECT person_id FROM (SELECT DISTINCT ON (person_id) person_id, given FROM people_consent
        WHERE purpose = 'news' AND channel = %s ORDER BY person_id, at DESC) word WHERE given)""",
        (channel,),
    )


def near(chance: random.Random, miles: int) -> Asked:
    town = chance.choice(TOWNS)
    place = geo.find_place(town)
    assert place
    zips = [code for code, _far in geo.zips_near(place.latitude, place.longitude, miles * 1609.344)]
    return Asked("near", {"within": miles, "unit": "mi", "place": town}, "left(p.postal_code, 5) = ANY (%s)", (zips,))


def did(kind: str, times: int = 1, days: int = 0, how: str = "at_least") -> Asked:
    values = {
        "kind": kind,
        "how": how,
        "times": times,
        "when": "last" if days else "ever",
        "days": days or 60,
        "on": "",
    }
    since = f"now() - interval '{days} days'" if days else "'-infinity'"
    rows = f"(SELECT person_id FROM ledger_entry WHERE kind = %s AND at >= {since} AND person_id IS NOT NULL"
    if how == "exactly":
        return Asked("deed", values, f"NOT EXISTS {rows} AND person_id = p.id)", (kind,))
    return Asked("deed", values, f"p.id IN {rows} GROUP BY 1 HAVING count(*) >= %s)", (kind, times))


def at(chance: random.Random) -> Asked:
    event = str(UUID(md5(f"event {chance.randrange(40_000)}".encode()).hexdigest()))
    values = {"kind": "event.rsvp", "how": "at_least", "times": 1, "when": "ever", "on": event}
    by_hand = "p.id IN (SELECT person_id FROM ledger_entry WHERE on_id = %s::uuid AND kind = 'event.rsvp')"
    return Asked("deed", values, by_hand, (event,))


def tagged(chance: random.Random) -> Asked:
    name = f"tag {chance.randrange(1, TAGS)}"
    by_hand = "p.id IN (SELECT person_id FROM people_tagon JOIN people_tag tag ON tag.id = tag_id WHERE name = %s)"
    return Asked("tag", {"tag": name}, by_hand, (name,))


def lives(chance: random.Random) -> Asked:
    scope = geo.scope_of("US", chance.choice(["VT", "TX", "OH", "CA", "NH"]))
    return Asked("area", {"scope": scope}, "p.scope <@ %s::ltree", (scope,))


def reads(language: str) -> Asked:
    return Asked("language", {"language": language}, "p.language = %s", (language,))


QUESTIONS: list[Question] = [
    lambda chance: [],
    lambda chance: [news()],
    lambda chance: [news(), near(chance, 25)],
    lambda chance: [near(chance, 100)],
    lambda chance: [news(), near(chance, 25), did("event.attended", days=60)],
    lambda chance: [
        news(), near(chance, 50), did("event.attended", days=60), did("event.created", times=0, how="exactly")
    ],
    lambda chance: [did("event.attended", days=chance.choice([7, 30, 90]))],
    lambda chance: [did("event.attended", times=3, days=365)],
    lambda chance: [did("event.rsvp"), did("event.attended", times=0, how="exactly")],
    lambda chance: [at(chance)],
    lambda chance: [at(chance), did("event.attended", times=0, how="exactly"), news()],
    lambda chance: [tagged(chance)],
    lambda chance: [tagged(chance), news("phone")],
    lambda chance: [lives(chance)],
    lambda chance: [lives(chance), reads("es"), news()],
    lambda chance: [reads("es"), did("event.created", days=365)],
]  # fmt: skip


def run(people: int = 2_200_000, entries: int = 20_000_000) -> dict[str, float | int]:
    """Ask each of `QUESTIONS` of the builder's page some times, one after the other, as somebody does who builds.

    Returns:
        people, entries, fill_seconds. asked, exact (of these, how many counts were exact), errors (no count at all).
        p50_ms, p95_ms, most_ms: of the whole request. off_percent: by how much the estimates were off, at the median;
        far_off_percent: at the worst. floor_p50_ms, floor_p95_ms: of the statements by hand; floor_gave_up: those that
        took longer than a minute.
    """
    filled: list[float] = []

    def fill_site(scratch: Site) -> None:
        started = time.perf_counter()
        fill(scratch.url, people, entries)
        filled.append(time.perf_counter() - started)

    with site(workers=1, fill=fill_site, SECOND_FACTOR="offered") as scratch:
        builder = _Builder(scratch)
        chance = random.Random(5)
        for question in QUESTIONS:  # what a process loads once
            builder.count(question(chance))
        latencies, found = [], []
        for _round in range(ROUNDS):
            for question in QUESTIONS:
                asked = question(chance)
                started = time.perf_counter()
                found.append((asked, builder.count(asked)))
                latencies.append((time.perf_counter() - started) * 1000)
        floor, truths, gave_up = _floor(scratch, [asked for asked, _count in found])
    off = [
        abs(count - truth) / truth * 100
        for (_asked, (count, estimated)), truth in zip(found, truths, strict=True)
        if estimated and truth
    ]
    return {
        "people": people,
        "entries": entries,
        "fill_seconds": round(filled[0]),
        "asked": len(found),
        "exact": sum(not estimated for _asked, (_count, estimated) in found),
        "errors": sum(count < 0 for _asked, (count, _estimated) in found),
        "p50_ms": round(percentile(latencies, 0.5)),
        "p95_ms": round(percentile(latencies, 0.95)),
        "most_ms": round(max(latencies)),
        "off_percent": round(median(off), 1) if off else 0,
        "far_off_percent": round(max(off), 1) if off else 0,
        "floor_p50_ms": round(percentile(floor, 0.5)),
        "floor_p95_ms": round(percentile(floor, 0.95)),
        "floor_gave_up": gave_up,
    }


class _Builder:
    """Somebody at the builder's page, with a connection that stays open."""

    def __init__(self, scratch: Site) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", scratch.port, timeout=60)
        self.cookie = str(scratch.fill("holder")["cookie"])
        reply = self._ask("GET", "/hq/segments/new")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', reply)
        assert token, reply[:300]
        self.token = token[1]

    def _ask(self, method: str, path: str, body: str = "") -> str:
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        part = {"HX-Request": "true", "HX-Target": "result"} if method == "POST" else {}
        self.link.request(method, path, body, headers | part)
        reply = self.link.getresponse()
        for name, value in reply.getheaders():
            if name.lower() == "set-cookie" and value.startswith("csrftoken="):
                self.cookie += "; " + value.partition(";")[0]
        return reply.read().decode()

    def count(self, asked: list[Asked]) -> tuple[int, bool]:
        """What the page says, and whether it is an estimate; -1 where it says nothing."""
        fields = {"do": "count", "t:how": "all", "seed": "1", "keeps": "living", "sample": "all"}
        for place, condition in enumerate(asked):
            fields[f"t.{place}:is"] = condition.name
            fields |= {f"t.{place}:{key}": str(value) for key, value in condition.values.items()}
        page = self._ask("POST", "/hq/segments/new", urlencode({"csrfmiddlewaretoken": self.token, **fields}))
        said = re.search(r'<strong class="number">(about )?([\d,]+|hardly anybody)</strong>', page)
        if not said:
            return -1, False
        number = 0 if said[2].startswith("h") else int(said[2].replace(",", ""))
        return number, "Estimated" in page


def _floor(scratch: Site, questions: list[list[Asked]]) -> tuple[list[float], list[int], int]:
    """Milliseconds of each statement by hand, what it counted (0 where it was given up), and how many were."""
    latencies, truths, gave_up = [], [], 0
    with psycopg.connect(scratch.url, autocommit=True, cursor_factory=psycopg.ClientCursor) as link:
        link.execute(f"SET statement_timeout = {FLOOR_MS}")
        for asked in questions:
            where = " AND ".join(["true", *(one.by_hand for one in asked)])
            params = [param for one in asked for param in one.params]
            started, truth = time.perf_counter(), 0
            try:
                row = link.execute(f"SELECT count(*) FROM people_person p WHERE {where}", params).fetchone()
                truth = row[0] if row else 0
            except psycopg.errors.QueryCanceled:
                gave_up += 1
            latencies.append((time.perf_counter() - started) * 1000)
            truths.append(truth)
    return latencies, truths, gave_up


def fill(url: str, people: int, entries: int) -> None:
    """Fill a migrated database. The entries are in no block: only `people_deed` reads them here."""
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("SET session_replication_role = replica")  # no triggers: 20 million rows wait for no sequencer
        link.execute(PLACES)
        with link.cursor().copy("COPY bench_place (zip, scope, language) FROM STDIN") as copy:
            for code, _far in geo.zips_near(40.0, -95.0, 4_500_000):
                place = geo.find_zip(code)
                assert place
                language = "es" if int(code) % 6 == 0 else "en"
                copy.write_row([code, geo.scope_of(place.country, place.region), language])
        for statement in FILL.format(people=people, entries=entries, tags=TAGS).split(";\n"):
            if statement.strip():
                link.execute(statement)
        link.execute("VACUUM ANALYZE")
