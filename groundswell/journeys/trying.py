"""A dry run: who would have set out in the last month, and what they would have got, day by day. Writes nothing.

It reads the ledger as it was, but people as they are: who is in a segment is asked now. Nobody answers an ask in it,
so it shows the most that would have been sent.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from groundswell.journeys import definitions, rules
from groundswell.journeys.models import Journey, Version
from groundswell.journeys.services import walking
from groundswell.journeys.services.writing import trees
from groundswell.kit import clock
from groundswell.ledger import selectors as ledger
from groundswell.messaging.verbs import SEND
from groundswell.people.models import Person
from groundswell.people.selectors import access_people
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

MONTH = timedelta(days=30)
MOST = 20_000  # entries looked at
EXAMPLES = 5


@dataclass(slots=True)
class Tried:
    """What would have been.

    Attributes:
        entered: times that somebody would have set out.
        mails, asks: by day, where the movement is.
        examples: people within reach, when they would have set out, and when they would have got each mail.
        more: there were more entries than were looked at.
    """

    entered: int = 0
    mails: Counter[date] = field(default_factory=Counter)
    asks: Counter[date] = field(default_factory=Counter)
    examples: list[tuple[Person, datetime, list[tuple[datetime, str]]]] = field(default_factory=list)
    more: bool = False

    @property
    def days(self) -> list[tuple[date, int, int]]:
        return [(day, self.mails[day], self.asks[day]) for day in sorted({*self.mails, *self.asks})]


def dry_run(viewer: Viewer, journey: Journey) -> Tried:
    """The draft of a journey over the last month, by the powers of who looks. Raises BadJourney."""
    assert viewer.user
    definition = definitions.read(journey.draft)
    definition["trees"] = trees(definition)
    version = Version(journey=journey, definition=definition, published_by=viewer.user)  # never saved
    found = Tried()
    beginnings = sorted(_beginnings(version, found), key=lambda one: one[1])
    people = access_people(viewer, SEND).in_bulk({person for person, _at in beginnings})
    inside = {
        segment: set(
            walking.members(version, segment).filter(pk__in=list(people)).order_by().values_list("pk", flat=True)
        )
        for segment in definition["trees"]
    }
    home, until, now = ZoneInfo(movement().time_zone), dict[UUID, datetime](), clock.now()
    for person_id, at in beginnings:
        person = people.get(person_id)
        if person is None or until.get(person_id, at) > at:
            continue  # beyond reach, or on their way still
        found.entered += 1
        passed = list(_walked(definition["steps"], person, at, inside))
        until[person_id] = passed[-1][0] if passed else at
        for when, step in passed:
            if when <= now and step["is"] in ("mail", "ask"):
                (found.mails if step["is"] == "mail" else found.asks)[when.astimezone(home).date()] += 1
        if len(found.examples) < EXAMPLES:
            subject = f"subject_{movement().languages[0]}"
            mails = [(when, step[subject]) for when, step in passed if step["is"] == "mail"]
            found.examples.append((person, at, mails))
    return found


def _walked(
    steps: rules.Steps, person: Person, at: datetime, inside: Mapping[str, set[UUID]]
) -> Iterator[tuple[datetime, rules.Step]]:
    """The steps of one person and when they would have come to each."""
    zone, path = walking.zone_of(person), rules.first(steps)
    while path is not None:
        step = rules.step_at(steps, path)
        yield at, step
        at = rules.until(step, at, zone) or at
        result = "then" if step["is"] == "if" and person.pk in inside.get(step["segment"], ()) else "else"
        path = rules.after(steps, path, result)
        if path is None:
            yield at, {"is": "end"}


def _beginnings(version: Version, found: Tried) -> Iterator[tuple[UUID, datetime]]:
    trigger, now = version.definition["trigger"], clock.now()
    match trigger["is"]:
        case "deed":
            entries = ledger.newest([trigger["kind"]], MOST + 1, since=now - MONTH)
            found.more = len(entries) > MOST
            for entry in entries[:MOST]:
                meant = not trigger["on"] or str(entry.on_id) == trigger["on"]
                if entry.person_id and entry.quantity > 0 and meant and not entry.actor.startswith("system:"):
                    yield entry.person_id, entry.at
        case "field":
            zone = ZoneInfo(movement().time_zone)
            for ago in range(30):
                day = (now.astimezone(zone) - timedelta(days=ago)).date()
                at = datetime(day.year, day.month, day.day, trigger["hour"], tzinfo=zone)
                for person in walking.on_day(trigger, day).values_list("person", flat=True)[:MOST]:
                    yield person, at
        case _:  # nobody knows who came into a segment when: it shows what everybody in it now would get
            held = walking.members(version, trigger["segment"]).order_by("pk").values_list("pk", flat=True)
            for person in held[:MOST]:
                yield person, now - MONTH
