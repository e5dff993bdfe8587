"""Random segments, and a small population with an oracle that knows in plain Python who is in them."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from groundswell.people import hooks
from groundswell.people.conditions import Moment

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
MOMENT = Moment(NOW, ZoneInfo("America/New_York"))
KINDS = ("event.attended", "event.created", "event.rsvp")
TAGS = ("nurse", "Night shift")
SUBJECTS = ("0197b0a0-0000-7000-8000-0000000000aa", "0197b0a0-0000-7000-8000-0000000000bb")
DAYS = tuple((date(2026, 6, 15) - timedelta(days=n)).isoformat() for n in (0, 10, 40, 90, 400))


def leaf(name, **values):
    return st.fixed_dictionaries({"is": st.just(name), **values})


def sampled(*values):
    return st.sampled_from(values)


LEAVES = st.one_of(
    leaf(
        "consent",
        state=sampled("given", "open", "withdrawn"),
        purpose=sampled("news", "events"),
        channel=sampled("email", "phone"),
    ),
    leaf("contact", channel=sampled("email", "phone"), how=sampled("works", "confirmed")),
    leaf(
        "near",
        place=sampled("Burlington, VT", "10001"),
        within=sampled(5, 40, 300),
        unit=sampled("mi", "km"),
    ),
    leaf("area", scope=sampled("movement.place.us.vt", "movement.place.us", "movement.place.ca")),
    leaf("tag", tag=sampled("nurse", "NIGHT SHIFT", "nobody has it")),
    leaf("field", field=sampled("shirt", "dogs"), how=st.just("equals"), value=sampled("L", "3", "yes")),
    leaf("field", field=sampled("dogs", "shirt"), how=sampled("at_least", "at_most"), number=sampled("2", "-1", "3.5")),
    leaf("field", field=sampled("born", "shirt"), how=sampled("before", "after"), day=sampled("1990-01-01")),
    leaf("field", field=sampled("shirt", "drives", "born"), how=st.just("is_set")),
    leaf("field", field=st.just("drives"), how=st.just("equals"), value=sampled("yes", "no")),
    leaf("language", language=sampled("en", "es")),
    leaf("known", how=sampled("since", "before"), day=sampled(*DAYS)),
    leaf(
        "deed",
        kind=sampled(*KINDS),
        how=sampled("at_least", "at_most", "exactly"),
        times=st.integers(0, 3),
        when=sampled("ever", "last", "between"),
        days=sampled(1, 10, 60, 365),
        since=sampled(*DAYS[1:]),
        until=sampled(*DAYS),
        on=sampled("", "", *SUBJECTS),
    ),
)
TREES = st.builds(
    lambda how, parts: {how: parts},
    sampled("all", "any", "none"),
    st.lists(
        st.recursive(
            LEAVES,
            lambda inner: st.builds(
                lambda how, parts: {how: parts}, sampled("all", "any", "none"), st.lists(inner, max_size=3)
            ),
            max_leaves=6,
        ).filter(lambda part: depth(part) <= 4),
        max_size=3,
    ),
)


def depth(part) -> int:
    return 0 if "is" in part else 1 + max((depth(one) for [parts] in [part.values()] for one in parts), default=0)


HOSTILE = [
    "'; DROP TABLE people_person; --", '"', "%s", "%(x)s", "%%", "{fence}", "{}", "$1", "\\", "\\'", "people_person.id",
    "()", ") OR TRUE --", "/*", "\x00", "\ud800",
    "\u202e", "é", "' OR ''='", "NULL", "1; SELECT 1", "E'\\x27'", "U&'\\0027'",
]  # fmt: skip


def hostile(die: random.Random, deep: int = 3, share: float = 0.5) -> dict[str, object]:
    """A tree of all conditions there are, in which that share of texts is hostile, alone or in a good text."""
    if deep and die.random() < 0.5:
        return {die.choice(["all", "any", "none"]): [hostile(die, deep - 1, share) for _n in range(die.randrange(4))]}
    condition = die.choice([*hooks.conditions.values()])
    values: dict[str, object] = {"is": condition.name}
    for field in condition.fields:
        if isinstance(field.options, tuple):
            values[field.name] = die.choice(field.options)[0]
        elif die.random() >= share:
            values[field.name] = die.choice([field.initial, GOOD.get(field.name, field.initial)])
        else:
            values[field.name] = die.choice(["", GOOD.get(field.name, "")]) + "".join(
                die.choice([die.choice(HOSTILE), chr(die.randrange(1, 0x3000))]) for _n in range(die.randrange(1, 4))
            )
    return values


GOOD: dict[str, object] = {
    "purpose": "news", "place": "05401", "scope": "movement.place.us.vt", "tag": "nurse", "field": "shirt",
    "value": "L", "number": "3", "day": "2026-01-01", "language": "en", "kind": "event.attended", "since": "2026-01-01",
    "code": "flyer", "until": "2026-02-01", "on": SUBJECTS[0],
}  # fmt: skip
