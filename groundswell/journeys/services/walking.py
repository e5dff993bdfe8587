"""Letting people in, and leading them from step to step.

Somebody enters by a deed (a reader of the ledger), or because a look at the day or the segment found them. A round
leads on everybody whose time has come, some at a time.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse

from groundswell.jobs import services as jobs
from groundswell.jobs.services import Lease
from groundswell.journeys import rules
from groundswell.journeys.models import Ask, Journey, Passed, Seen, Version, Walk
from groundswell.journeys.services.asking import ask
from groundswell.kit import clock, geo
from groundswell.kit.ids import new_id
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import NewEntry, record_many
from groundswell.messaging.services import Message, queue_many
from groundswell.messaging.tokens import token
from groundswell.messaging.verbs import SEND
from groundswell.messaging.writing import MACHINE, compiled, copy, made_for, values_of
from groundswell.people import counting
from groundswell.people.models import FieldValue, Person, Segment
from groundswell.people.selectors import access_people, email_of
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

logger = logging.getLogger(__name__)

JOB, EVERY = "journeys.walk", timedelta(minutes=1)
LOOK, LOOK_EVERY = "journeys.look", timedelta(minutes=10)
BATCH = 50  # people led on in one transaction
LET_IN = 500  # people let in by one
AGAIN = timedelta(hours=1)  # when somebody is tried again whose step went wrong
SYSTEM = system_actor("journeys")

Inside = Walk.State.INSIDE


def viewer_of(version: Version) -> Viewer:
    """By whose powers it acts."""
    return Viewer(version.published_by, strong=True)


def wake() -> None:
    """Have somebody lead on whose time has come. For the caller's transaction."""
    jobs.enqueue(JOB, queueing_lock=JOB)


# --- in ------------------------------------------------------------------------------------------------------------
def let_in(entries: Iterable[Entry]) -> None:
    """Whoever did what begins a running journey. For a consumer's transaction; entries are each journey's once."""
    since = clock.now() - rules.LATE
    running = Version.objects.filter(journey__state=Journey.State.RUNNING, journey__version__pk__isnull=False)
    found = list(running.exclude(deed="").filter(pk__in=_newest()).select_related("journey", "published_by"))
    for entry in entries:
        if entry.person_id is None or entry.at < since or entry.quantity < 1 or entry.actor.startswith("system:"):
            continue
        for version in found:
            on = version.definition["trigger"].get("on")
            if version.deed == entry.kind and (not on or str(entry.on_id) == on):
                enter(version, {entry.person_id: f"entry:{entry.pk}"})


def deeds() -> frozenset[str]:
    """The kinds of entries that begin a running journey."""
    return frozenset(Version.objects.filter(pk__in=_newest()).exclude(deed="").values_list("deed", flat=True))


def _newest() -> QuerySet[Journey, Any]:
    return Journey.objects.filter(state=Journey.State.RUNNING).values("version")


def enter(version: Version, people: Mapping[UUID, str]) -> int:
    """Let these people set out, each for a reason of their own; who is inside already, or was let in for that reason,
    is not again, and nobody beyond the reach of whoever published it. For the caller's transaction.

    Returns:
        How many did.
    """
    reached = access_people(viewer_of(version), SEND).filter(pk__in=list(people)).values_list("pk", flat=True)
    made = Walk.objects.bulk_create(
        [
            Walk(journey_id=version.journey_id, version=version, person_id=person, began_by=people[person])
            for person in sorted(reached)
        ],
        ignore_conflicts=True,
    )
    entered = Walk.objects.filter(pk__in=[one.pk for one in made]).values_list("person_id", flat=True)
    record_many(
        NewEntry(
            "journey.entered",
            SYSTEM,
            person,
            on=("journey", version.journey_id),
            data={"version": version.number},
        )
        for person in entered
    )
    if entered:
        wake()
    return len(entered)


# --- by days and segments ------------------------------------------------------------------------------------------
def look(lease: Lease) -> None:
    """The job: let in whose day it is, and who came into a segment."""
    for journey in Journey.objects.filter(state=Journey.State.RUNNING).select_related("version__published_by"):
        version = journey.version
        assert version
        match version.definition["trigger"]["is"]:
            case "segment":
                _look_at_segment(lease, journey, version)
            case "day" | "field" as kind:
                if (today := _due(version, kind)) is not None:
                    _let_all_in(lease, version, _of_today(version, kind, today), f"day:{today}")


def _due(version: Version, kind: str) -> date | None:
    """The day that it is, from its hour on, where the movement is; None: not yet, or too late."""
    trigger = version.definition["trigger"]
    now = clock.now().astimezone(ZoneInfo(movement().time_zone))
    if now.hour < trigger["hour"]:
        return None
    return now.date() if kind == "field" or trigger["day"] == now.date().isoformat() else None


def _of_today(version: Version, kind: str, today: date) -> QuerySet[Person]:
    trigger = version.definition["trigger"]
    if kind == "day":
        return members(version, trigger["segment"])
    return access_people(viewer_of(version), SEND).filter(pk__in=on_day(trigger, today).values("person"))


def on_day(trigger: Mapping[str, Any], day: date) -> QuerySet[FieldValue]:
    """The values of a trigger's field that fall on a day."""
    values = FieldValue.objects.filter(field__name=trigger["field"])
    if trigger["yearly"] == "yes":
        return values.annotate(day=Cast("value", TextField())).filter(day__endswith=f'-{day:%m-%d}"')  # it is JSON
    return values.filter(value=day.isoformat())


def _let_all_in(lease: Lease, version: Version, people: QuerySet[Person], why: str) -> None:
    let = Walk.objects.filter(journey=version.journey_id, began_by=why).values("person")
    inside = Walk.objects.filter(journey=version.journey_id, state=Inside).values("person")
    left = people.exclude(pk__in=let).exclude(pk__in=inside).order_by("pk").values_list("pk", flat=True)
    while True:
        with lease.transaction():
            found = list(left[:LET_IN])
            enter(version, dict.fromkeys(found, why))
        if len(found) < LET_IN:
            return


def _look_at_segment(lease: Lease, journey: Journey, version: Version) -> None:
    """Who is in it now and was not when somebody looked last. The first look lets nobody in."""
    now = clock.now()
    held = members(version, version.definition["trigger"]["segment"])
    seen = Seen.objects.filter(journey=journey)
    with lease.transaction():
        seen.exclude(person__in=held.values("pk").order_by()).delete()
    new = held.exclude(pk__in=seen.values("person")).order_by("pk").values_list("pk", flat=True)
    while True:
        with lease.transaction():
            found = list(new[:LET_IN])
            Seen.objects.bulk_create([Seen(journey=journey, person_id=one) for one in found], ignore_conflicts=True)
            if journey.looked_at:
                enter(version, dict.fromkeys(found, f"segment:{now.isoformat()}"))
            if len(found) < LET_IN:
                Journey.objects.filter(pk=journey.pk).update(looked_at=now)
                return


def members(version: Version, segment: str) -> QuerySet[Person]:
    """Who is in a segment, as it was when the version was published."""
    tree = version.definition["trees"].get(segment, {"any": []})  # one that is gone holds nobody
    return counting.members(viewer_of(version), Segment(tree=tree), SEND)


# --- on ------------------------------------------------------------------------------------------------------------
def walk(lease: Lease) -> None:
    """The job: lead on everybody whose time has come, some in each transaction; any number of runs may work at once."""
    while True:
        with lease.transaction():
            due = list(_due_walks()[:BATCH])
            for one in due:
                _lead(one)
        if len(due) < BATCH:
            return


def _due_walks() -> QuerySet[Walk]:
    due = Walk.objects.filter(state=Inside, due_at__lte=clock.now(), journey__state=Journey.State.RUNNING)
    return (
        due.select_related("version__published_by", "person")
        .order_by("due_at", "pk")
        .select_for_update(of=("self",), skip_locked=True)
    )


def _lead(one: Walk) -> None:
    """One whose step goes wrong is tried again later, and does not hold up the others."""
    try:
        with transaction.atomic():
            _go_on(one)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("The journey %s went wrong at %s", one.journey_id, one.at)
        Walk.objects.filter(pk=one.pk).update(due_at=clock.now() + AGAIN)


def _go_on(one: Walk) -> None:
    version, steps = one.version, one.version.definition["steps"]
    if not access_people(viewer_of(version), SEND).filter(pk=one.person_id).exists():
        _end(one, Walk.State.LEFT)
        return
    passed: list[Passed] = []

    def leave(path: str, result: str) -> str | None:
        passed.append(Passed(walk=one, version=version, step=path, result=result))
        return rules.after(steps, path, result)

    at = leave(one.at, _waited(one)) if one.at else rules.first(steps)
    while at is not None:
        step = rules.step_at(steps, at)
        if (until := rules.until(step, clock.now(), zone_of(one.person))) and until > clock.now():
            if step["is"] == "ask":
                ask(one, at, step, until)
            break
        at = leave(at, _do(one, at, step))
    Passed.objects.bulk_create(passed)
    if at is None:
        _end(one, Walk.State.ENDED)
    else:
        Walk.objects.filter(pk=one.pk).update(at=at, due_at=until)


def _end(one: Walk, state: str) -> None:
    Ask.objects.filter(walk=one, state=Ask.State.OPEN).update(state=Ask.State.OVER)
    Walk.objects.filter(pk=one.pk).update(state=state, ended_at=clock.now())


def _waited(one: Walk) -> str:
    """How the step ended at which they waited."""
    asked = Ask.objects.filter(walk=one, step=one.at)
    if asked.filter(state=Ask.State.DONE).exists():
        return "then"
    return "else" if asked.update(state=Ask.State.OVER) or asked.exists() else ""


def _do(one: Walk, at: str, step: rules.Step) -> str:
    """A step that takes no time."""
    match step["is"]:
        case "if":
            return "then" if members(one.version, step["segment"]).filter(pk=one.person_id).exists() else "else"
        case "mail":
            return _mail(one, at, step)
    return ""


def _mail(one: Walk, at: str, step: rules.Step) -> str:
    address = email_of(one.person)
    if not address:
        return "no_address"
    spoken = movement().languages
    language = one.person.language if one.person.language in spoken else spoken[0]
    if f"subject_{language}" not in step:  # chosen after this was published
        language = next(code.removeprefix("subject_") for code in step if code.startswith("subject_"))
    number = new_id()
    unsubscribe = f"{settings.BASE_URL}/u/{token(number)}"
    opened = settings.BASE_URL + reverse("mail_opened", args=[token(number)])
    trap = settings.BASE_URL  # nobody counts who follows the links of these
    addresses = dict(zip(MACHINE, (unsubscribe, settings.BASE_URL, opened, trap), strict=True))
    mail = compiled(step[f"subject_{language}"], "", step[f"body_{language}"], language)
    slots = [made_for(slot, [one.person], language)[one.person_id] for slot in mail.slots]
    said = copy(mail, values_of(one.person), slots, addresses)
    queued = queue_many(
        [
            Message(
                key=f"journeys.mail:{one.pk}:{at}",
                person=one.person,
                address=address,
                subject=" ".join(said.subject.split()),
                text=said.text,
                html=said.html,
                notice=True,
                unsubscribe=unsubscribe,
                purpose=step["purpose"],
                id=number,
            )
        ]
    )
    return queued[0].state if queued else ""


def zone_of(person: Person) -> ZoneInfo:
    """The clock where they live; the movement's where nobody knows."""
    place = geo.find_zip(person.postal_code) if person.postal_code else None
    return ZoneInfo(place.time_zone if place else movement().time_zone)
