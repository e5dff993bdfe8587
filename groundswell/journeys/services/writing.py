"""Making a journey, publishing a version of it, pausing it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import ngettext

from groundswell.journeys import definitions
from groundswell.journeys.models import Journey, Seen, Version
from groundswell.journeys.services.walking import beyond, wake
from groundswell.kit import clock
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import record
from groundswell.people.models import Segment
from groundswell.powers.models import User
from groundswell.powers.movement import movement

NAME_LIMIT = 80
State = Journey.State


def make(name: str, draft: Mapping[str, Any], by: User) -> Journey:
    """Begin a journey; nobody walks it before it is published."""
    with transaction.atomic():
        journey = Journey.objects.create(name=name, draft=dict(draft), made_by=by)
        record("journey.made", actor=user_actor(by.pk), on=("journey", journey.pk))
        return journey


def save_draft(journey: Journey, name: str, draft: Mapping[str, Any]) -> None:
    """Keep what is written so far, complete or not; who is on their way does not notice."""
    Journey.objects.filter(pk=journey.pk).update(name=name, draft=dict(draft), changed_at=clock.now())


def publish(journey: Journey, by: User) -> Version:
    """Whoever enters from now on takes the journey as it is written now; who is inside stays on theirs. Where nothing
    changed, that is the version that was published before. Raises BadJourney."""
    with transaction.atomic():
        journey = Journey.objects.select_for_update(of=("self",)).select_related("version").get(pk=journey.pk)
        definition = definitions.read(journey.draft)
        definition["trees"] = trees(definition)
        if beyond(Version(journey=journey, definition=definition, published_by=by)):
            raise definitions.BadJourney("t", too_many(movement().agree_above), "segment")
        before = journey.version
        version = before
        if before is None or before.definition != definition or before.published_by_id != by.pk:
            trigger = definition["trigger"]
            version = Version.objects.create(
                journey=journey,
                number=before.number + 1 if before else 1,
                definition=definition,
                deed=trigger["kind"] if trigger["is"] == "deed" else "",
                published_by=by,
            )
            if before is None or _begins_otherwise(before.definition, definition):
                Seen.objects.filter(journey=journey).delete()
                journey.looked_at = None
            journey.version = version
        assert version
        journey.state, journey.changed_at, journey.held_above = State.RUNNING, clock.now(), None
        journey.save(update_fields=["state", "version", "changed_at", "looked_at", "held_above"])
        record(
            "journey.published",
            actor=user_actor(by.pk),
            on=("journey", journey.pk),
            data={"version": version.number},
        )
        wake()
        return version


def pause(journey: Journey, by: User) -> None:
    """Nobody enters, and who is inside stays where they are."""
    _turn(journey, State.RUNNING, State.PAUSED, "journey.paused", by)


def resume(journey: Journey, by: User) -> None:
    """It goes on; whose time has come meanwhile goes on at once. Where too many came into its segment, those do not set
    out any more."""
    with transaction.atomic():
        Journey.objects.filter(pk=journey.pk, state=State.PAUSED, held_above__isnull=False).update(looked_at=None)
        _turn(journey, State.PAUSED, State.RUNNING, "journey.resumed", by)


def _turn(journey: Journey, before: str, after: str, kind: str, by: User) -> None:
    with transaction.atomic():
        if Journey.objects.filter(pk=journey.pk, state=before).update(
            state=after, changed_at=clock.now(), held_above=None
        ):
            record(kind, actor=user_actor(by.pk), on=("journey", journey.pk))
            wake()


def too_many(above: int) -> str:
    """What is wrong with letting in more than so many at once, and what to do."""
    return ngettext(
        "So many mails at once need a second person, and a journey asks none. "
        "Send a mailing, or narrow the segment to at most %(n)d person.",
        "So many mails at once need a second person, and a journey asks none. "
        "Send a mailing, or narrow the segment to at most %(n)d people.",
        above,
    ) % {"n": above}


def trees(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What the segments ask for that it names: a version stays as it was, whatever becomes of them."""
    return {str(one.pk): one.tree for one in Segment.objects.filter(pk__in=definitions.segments(definition))}


def _begins_otherwise(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    segment = after["trigger"].get("segment", "")
    return bool(before["trigger"] != after["trigger"] or before["trees"].get(segment) != after["trees"].get(segment))
