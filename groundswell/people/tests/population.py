"""A small population with all that a segment can ask about, and an oracle that knows in plain Python who is in one."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from groundswell.kit import geo
from groundswell.ledger import services as ledger
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import NewEntry
from groundswell.people.models import Consent, ContactPoint, Field, FieldValue, Person, Tag, TagOn
from groundswell.people.tests.trees import KINDS, MOMENT, NOW, SUBJECTS

ACTOR = system_actor("test")
FIELDS = {
    "shirt": ("choice", ["S", "L"]),
    "dogs": ("number", [0, 2, 3, 3.5]),
    "born": ("date", ["1985-05-05", "1990-01-01", "2001-12-31"]),
    "drives": ("yes_no", [True, False]),
}
PLACES = [("05401", "movement.place.us.vt"), ("05602", "movement.place.us.vt"), ("10001", "movement.place.us.ny"),
          ("", "movement"), ("H2X 1Y4", "movement.place.ca.qc")]  # fmt: skip


@dataclass
class Known:
    """What the oracle knows of one person."""

    person: Person
    words: dict[tuple[str, str], bool] = field(default_factory=dict)
    points: list[tuple[str, str]] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    kept: dict[str, object] = field(default_factory=dict)
    deeds: list[tuple[str, datetime, int, str]] = field(default_factory=list)


def populate(people: int = 60, seed: int = 1) -> list[Known]:
    """Random people in the database, and what is known of them. The ledger's readers have read it all."""
    die = random.Random(seed)
    fields = {name: Field.objects.create(name=name, label=name, type=kind) for name, (kind, _v) in FIELDS.items()}
    tags = {name: Tag.objects.create(name=name) for name in ("Nurse", "Night shift")}
    known = []
    for number in range(people):
        postal_code, scope = die.choice(PLACES)
        person = Person.objects.create(
            given_name=f"P{number}",
            postal_code=postal_code,
            scope=scope,
            language=die.choice(["", "en", "es"]),
            added_at=NOW - timedelta(days=die.choice([0, 5, 30, 80, 300, 600]), hours=die.randrange(24)),
        )
        one = Known(person)
        for purpose in ("news", "events"):
            for channel in ("email", "phone"):
                for n in range(die.choice([0, 1, 1, 2, 3])):
                    one.words[purpose, channel] = die.random() < 0.6
                    Consent.objects.create(
                        person=person, purpose=purpose, channel=channel, given=one.words[purpose, channel],
                        at=NOW - timedelta(days=10 - n),
                    )  # fmt: skip
        for channel in ("email", "phone"):
            if die.random() < 0.7:
                status = die.choice(["works", "unverified", "bounces", "wrong"])
                ContactPoint.objects.create(person=person, channel=channel, value=f"{number}@x.org", status=status)
                one.points.append((channel, status))
        for name, tag in tags.items():
            if die.random() < 0.3:
                TagOn.objects.create(person=person, tag=tag)
                one.tags.add(name.lower())
        for name, kept in fields.items():
            if die.random() < 0.6:
                one.kept[name] = die.choice(FIELDS[name][1])
                FieldValue.objects.create(person=person, field=kept, value=one.kept[name])
        for _n in range(die.choice([0, 0, 1, 2, 5])):
            at = NOW - timedelta(days=die.choice([1, 9, 11, 45, 70, 200, 500]), minutes=die.randrange(1, 900))
            one.deeds.append((die.choice(KINDS), at, die.choice([1, 1, 1, 3, -1, -2]), die.choice(SUBJECTS)))
        known.append(one)
    ledger.record_many(
        NewEntry(kind, ACTOR, one.person.pk, ("event", UUID(on)), quantity=quantity, at=at)
        for one in known
        for kind, at, quantity, on in one.deeds
    )
    ledger.catch_up()
    return known


def holds(part: dict[str, object], one: Known) -> bool:
    """Whether a person is in it, by the book."""
    if "is" not in part:
        ((how, parts),) = part.items()
        held = [holds(inner, one) for inner in parts]
        return {"all": all(held), "any": any(held), "none": not any(held)}[how]
    return ASKED[part["is"]](part, one)


def consent(asked, one):
    word = one.words.get((asked["purpose"], asked["channel"]))
    return word is {"given": True, "withdrawn": False, "open": None}[asked["state"]]


def contact(asked, one):
    fine = {"works"} if asked["how"] == "confirmed" else {"works", "unverified"}
    return any(channel == asked["channel"] and status in fine for channel, status in one.points)


def near(asked, one):
    home, middle = geo.find_zip(one.person.postal_code or "x"), geo.find_place(asked["place"])
    if not home:
        return False
    far = geo.distance_m(home.latitude, home.longitude, middle.latitude, middle.longitude)
    return far <= asked["within"] * {"mi": 1609.344, "km": 1000}[asked["unit"]]


def area(asked, one):
    return f"{one.person.scope}.".startswith(f"{asked['scope']}.")


def kept(asked, one):
    value = one.kept.get(asked["field"])
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    day = value if isinstance(value, str) else None
    match asked["how"]:
        case "is_set":
            return value is not None
        case "equals":
            return value is not None and {True: "yes", False: "no"}.get(value, str(value)) == asked["value"]
        case "at_least":
            return number is not None and number >= float(asked["number"])
        case "at_most":
            return number is not None and number <= float(asked["number"])
        case "before":
            return day is not None and day < asked["day"]
        case _:
            return day is not None and day > asked["day"]


def midnight(day, later=0):
    return datetime.combine(date.fromisoformat(day) + timedelta(days=later), time(), MOMENT.zone)


def known(asked, one):
    later = one.person.added_at >= midnight(asked["day"])
    return later if asked["how"] == "since" else not later


def deed(asked, one):
    since, until = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    if asked["when"] == "last":
        since = NOW - timedelta(days=asked["days"])
    elif asked["when"] == "between":
        since, until = midnight(asked["since"]), midnight(asked["until"], 1)
    times = sum(
        (quantity > 0) - (quantity < 0)
        for kind, at, quantity, on in one.deeds
        if kind == asked["kind"] and since <= at < until and asked["on"] in ("", on)
    )
    times = max(times, 0)
    match asked["how"]:
        case "at_least":
            return times >= asked["times"]
        case "at_most":
            return times <= asked["times"]
        case _:
            return times == asked["times"]


ASKED = {
    "consent": consent,
    "contact": contact,
    "near": near,
    "area": area,
    "tag": lambda asked, one: asked["tag"].lower() in one.tags,
    "field": kept,
    "language": lambda asked, one: one.person.language == asked["language"],
    "known": known,
    "deed": deed,
}
