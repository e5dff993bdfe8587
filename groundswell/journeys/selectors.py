"""Reads of this floor: journeys, how many are where, and what is asked of somebody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from groundswell.journeys.models import Ask, Journey, Passed, Walk
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.people import hooks
from groundswell.people.selectors import NotFound, access_people, reached_by
from groundswell.people.verbs import SEE
from groundswell.powers.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Numbers:
    """People at one step.

    Attributes:
        waiting: are there now.
        passed: went on; `then` of those by the first branch, where there are two.
        sent: mails that were queued; the others were held back.
    """

    waiting: int = 0
    passed: int = 0
    then: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a human is asked to do, for somebody within their reach."""

    id: UUID
    words: str
    until: datetime
    name: str
    href: str
    email: str
    phone: str
    mine: bool  # of this user by name, not of whoever may


def access_journeys(viewer: Viewer) -> QuerySet[Journey]:
    """All of them, for whoever writes mailings somewhere: whom one reaches is bounded by who published it."""
    found = Journey.objects.select_related("version", "made_by")
    return found if viewer.scopes(WRITE) else found.none()


def access_journey(viewer: Viewer, journey_id: UUID, *, change: bool = False) -> Journey:
    """One of them; to change it, theirs, or any for whoever writes for the whole movement. Raises NotFound."""
    journey = access_journeys(viewer).filter(pk=journey_id).first()
    if journey is None or (change and not may_change(viewer, journey)):
        raise NotFound
    return journey


def may_change(viewer: Viewer, journey: Journey) -> bool:
    """Whether it is theirs to change."""
    return viewer.may(WRITE) or (viewer.user is not None and journey.made_by_id == viewer.user.pk)


def may_publish(viewer: Viewer) -> bool:
    """Whether a journey may act by their powers."""
    return bool(viewer.scopes(SEND))


def inside(journeys: Iterable[Journey]) -> dict[UUID, int]:
    """How many are on their way."""
    rows = Walk.objects.filter(journey__in=list(journeys), state=Walk.State.INSIDE).values_list("journey")
    return dict(rows.annotate(Count("pk")).order_by())


def numbers(journey: Journey) -> tuple[dict[str, int], dict[str, Numbers]]:
    """Of its newest version: people by state (entered is all of them), and the numbers of each step."""
    if journey.version_id is None:
        return {}, {}
    walks = Walk.objects.filter(version=journey.version_id)
    states = dict(walks.values_list("state").annotate(Count("pk")).order_by())
    at = dict(walks.filter(state=Walk.State.INSIDE).values_list("at").annotate(Count("pk")).order_by())
    passed = {
        step: (number, then, sent)
        for step, number, then, sent in Passed.objects.filter(version=journey.version_id)
        .values_list("step")
        .annotate(
            number=Count("walk"),
            then=Count("walk", filter=Q(result="then")),
            sent=Count("walk", filter=Q(result="queued")),
        )
        .order_by()
    }
    steps = {step: Numbers(at.get(step, 0), *passed.get(step, (0, 0, 0))) for step in {*at, *passed}}
    return {"entered": sum(states.values()), **states}, steps


def asks(viewer: Viewer) -> list[Asked]:
    """What this user is asked to do: by name, or as one who holds the power where the person is; the most urgent first.
    Nobody is asked about somebody they do not see."""
    found = _asks(viewer).select_related("person").order_by("until", "pk")[:100]
    reached = reached_by([one.person for one in found])
    return [
        Asked(
            one.pk,
            one.words,
            one.until,
            str(one.person),
            _page(one.person_id),
            **{name: reached.get(one.person_id, {}).get(name, "") for name in ("email", "phone")},
            mine=one.user_id is not None,
        )
        for one in found
    ]


def access_ask(viewer: Viewer, ask_id: UUID) -> Ask:
    """One that is theirs to answer. Raises NotFound."""
    if (ask := _asks(viewer, open_only=False).filter(pk=ask_id).first()) is None:
        raise NotFound
    return ask


def _asks(viewer: Viewer, *, open_only: bool = True) -> QuerySet[Ask]:
    seen = access_people(viewer, SEE)
    found = Ask.objects.filter(person__in=seen.values("pk"))
    if open_only:
        found = found.filter(state=Ask.State.OPEN)
    theirs = Q(user=viewer.user)
    for verb in found.exclude(verb="").order_by().values_list("verb", flat=True).distinct():
        theirs |= Q(verb=verb, person__in=access_people(viewer, verb).values("pk"))
    return found.filter(theirs)


def _page(person_id: UUID) -> str:
    return hooks.person_page(person_id)


def subjects(journey_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Names and addresses, for timelines."""
    found: dict[UUID, Any] = Journey.objects.in_bulk(list(journey_ids))
    return {pk: (one.name, reverse("journeys:journey", args=[pk])) for pk, one in found.items()}
