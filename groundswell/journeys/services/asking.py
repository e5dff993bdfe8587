"""Asking humans, and their answers."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from groundswell.jobs import services as jobs
from groundswell.journeys import rules
from groundswell.journeys.models import Ask, Walk
from groundswell.kit import clock
from groundswell.ledger.rules import system_actor, user_actor
from groundswell.ledger.services import record
from groundswell.messaging.services import Message, queue_many
from groundswell.messaging.worded import said
from groundswell.people.models import Person
from groundswell.powers import selectors as powers
from groundswell.powers.models import User
from groundswell.powers.movement import movement

MOST_TOLD = 5  # holders of a power who get a mail; the others find it on their list
LETTER = "journeys.ask"
WALK = "journeys.walk"


def ask(walk: Walk, step: str, asked: rules.Step, until: datetime) -> None:
    """Put it on the list of whoever is asked, and write to them. For the caller's transaction."""
    kind, _colon, who = asked["who"].partition(":")
    made = Ask.objects.create(
        walk=walk,
        step=step,
        person=walk.person,
        verb=who if kind == "verb" else "",
        user=User.objects.filter(pk=who).first() if kind == "user" else None,
        words=asked["words"],
        until=until,
    )
    record(
        "journey.asked",
        actor=system_actor("journeys"),
        person_id=walk.person_id,
        on=("journey", walk.journey_id),
        data={"ask": str(made.pk)},
    )
    holders = powers.holders(made.verb, walk.person.scope) if made.verb else [made.user] if made.user else []
    queue_many([_message(made, user) for user in holders[:MOST_TOLD]])


def answer(ask: Ask, user: User, *, done: bool) -> bool:
    """Somebody did it, or will not; the journey goes on at once.

    Returns:
        Whether it was theirs to answer still.
    """
    with transaction.atomic():
        walk = Walk.objects.select_for_update().get(pk=ask.walk_id)
        state = Ask.State.DONE if done else Ask.State.PASSED
        if not Ask.objects.filter(pk=ask.pk, state=Ask.State.OPEN).update(
            state=state, answered_by=user, answered_at=clock.now()
        ):
            return False
        record(
            "journey.answered",
            actor=user_actor(user.pk),
            person_id=walk.person_id,
            on=("journey", walk.journey_id),
            data={"ask": str(ask.pk), "answer": str(state)},
        )
        Walk.objects.filter(pk=walk.pk, at=ask.step, state=Walk.State.INSIDE).update(due_at=clock.now())
        jobs.enqueue(WALK, queueing_lock=WALK)
        return True


def _message(ask: Ask, user: User) -> Message:
    person = Person.objects.filter(user=user).first()
    spoken = movement().languages
    language = person.language if person and person.language in spoken else spoken[0]
    with translation.override(language):
        words = said(LETTER, {"what": ask.words, "name": movement().name})
        context = {
            "words": words,
            "url": settings.BASE_URL + reverse("journeys:asks"),
            "movement": movement(),
            "language": language,
        }
        return Message(
            key=f"{LETTER}:{ask.pk}:{user.pk}",
            person=person,
            address=str(user.email),
            subject=words.subject,
            text=render_to_string("journeys/mails/ask.txt", context),
            html=render_to_string("journeys/mails/ask.html", context),
            notice=True,
            not_after=ask.until,
        )
