"""Reads of this floor, and the gates. People of others are reached only through `access_person` and `access_people`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import F, Q, QuerySet
from django.http import Http404

from groundswell.kit import geo
from groundswell.ledger import selectors as ledger
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import user_actor
from groundswell.people import hooks, rules
from groundswell.people.models import Channel, Consent, ContactPoint, Field, FieldValue, Person, Segment, Tag
from groundswell.people.verbs import SEE
from groundswell.powers import hooks as powers
from groundswell.powers.models import ROOT, User
from groundswell.powers.viewer import Viewer


class NotFound(Http404):
    """There is no such person or segment, or none in reach: the two look alike."""


# --- gates ---------------------------------------------------------------------------------------------------------
def access_people(viewer: Viewer, verb: str = SEE) -> QuerySet[Person]:
    """The people whom the viewer may see, or may do `verb` to; to see, also themselves."""
    scopes = viewer.scopes(verb)
    if ROOT in scopes:
        return Person.objects.all()
    reach = [Q(scope__within=scope) for scope in scopes]
    if verb == SEE and viewer.user is not None:
        reach.append(Q(user=viewer.user))
    return Person.objects.filter(reduce(or_, reach)) if reach else Person.objects.none()


def access_person(viewer: Viewer, person_id: UUID | str, verb: str = SEE) -> Person:
    """One of `access_people`. Raises NotFound."""
    person = access_people(viewer, verb).filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person


def access_segments(viewer: Viewer) -> QuerySet[Segment]:
    """The segments: all, for whoever sees people somewhere. Whom one holds is bounded by the viewer's reach."""
    return Segment.objects.select_related("made_by") if viewer.scopes(SEE) else Segment.objects.none()


def access_segment(viewer: Viewer, segment_id: UUID | str, *, change: bool = False) -> Segment:
    """One of them; to change, only whoever made it or sees everybody. Raises NotFound."""
    segment = access_segments(viewer).filter(pk=segment_id).first()
    if segment is None or (change and not may_change(viewer, segment)):
        raise NotFound
    return segment


def may_change(viewer: Viewer, segment: Segment) -> bool:
    """Whether the viewer may change or remove it."""
    return viewer.may(SEE) or (viewer.user is not None and segment.made_by_id == viewer.user.pk)


# --- search --------------------------------------------------------------------------------------------------------
def search(viewer: Viewer, text: str, limit: int = 50) -> list[Person]:
    """The people in reach who have every word of `text` in their names, emails or phones; those we met last first.

    Upper and lower case, accents and the signs in a phone number do not matter. No words: everybody in reach.
    """
    found = access_people(viewer)
    for word in rules.words_of(text):
        found = found.filter(search_text__contains=word)
    return list(found.order_by("-added_at", "-id")[:limit])


# --- one person ----------------------------------------------------------------------------------------------------
def email_of(person: Person) -> str:
    """Where mail to this person goes: a proven address before another, an older one before a newer; or nothing."""
    return _reached_by(person, "email")


def phone_of(person: Person) -> str:
    """The number to call, chosen as `email_of`; or nothing."""
    return _reached_by(person, "phone")


def _reached_by(person: Person, channel: str) -> str:
    works = ContactPoint.objects.filter(person=person, channel=channel, status__in=["works", "unverified"])
    point = works.order_by(F("verified_at").asc(nulls_last=True), "added_at", "id").first()
    return point.value if point else ""


def reached_by(people: Iterable[Person]) -> dict[UUID, dict[str, str]]:
    """Where mail goes and which number to call, chosen as `email_of`: {person id: {"email": ..., "phone": ...}}."""
    works = ContactPoint.objects.filter(
        person__in=list(people), channel__in=["email", "phone"], status__in=["works", "unverified"]
    )
    found: dict[UUID, dict[str, str]] = {}
    for point in works.order_by(F("verified_at").asc(nulls_last=True), "added_at", "id"):
        found.setdefault(point.person_id, {}).setdefault(point.channel, point.value)
    return found


def place_of(person: Person) -> str:
    """Where a person lives, as far as we know: `Burlington, VT 05401`, or only the postal code, or nothing."""
    place = geo.find_zip(person.postal_code) if person.postal_code else None
    return f"{place.city}, {place.region} {place.postal_code}" if place else person.postal_code


def contact_points(person: Person) -> list[ContactPoint]:
    """Every way to reach them, then their ids in other systems; by channel, those that are proven first."""
    points = person.contact_points.order_by(F("verified_at").asc(nulls_last=True), "added_at", "id")
    return sorted(points, key=lambda point: Channel.values.index(point.channel))


def consents(person: Person) -> list[Consent]:
    """What is in force: the newest word for each purpose and channel, given or taken back, with its wording."""
    newest = Consent.objects.filter(person=person).order_by("purpose", "channel", "-at", "-id")
    return list(newest.distinct("purpose", "channel").select_related("wording"))


def agrees(person: Person, purpose: str, channel: str) -> bool:
    """Whether a person's agreement is in force."""
    last = Consent.objects.filter(person=person, purpose=purpose, channel=channel).order_by("-at", "-id").first()
    return last is not None and last.given


def tags_of(person: Person) -> list[Tag]:
    """The words on a person, by name."""
    return list(person.tags.all())


def tag_names() -> list[str]:
    """Every tag in use, to choose from."""
    return list(Tag.objects.values_list("name", flat=True))


def fields() -> list[Field]:
    """The facts the movement keeps about people, by label."""
    return list(Field.objects.order_by("label"))


def field_values(person: Person) -> dict[UUID, Any]:
    """What is kept of a person, by the id of the field."""
    return dict(FieldValue.objects.filter(person=person).values_list("field_id", "value"))


def display_name(user: AbstractBaseUser) -> str:
    """How a user is called: by the name of their person; empty where there is none."""
    person = Person.objects.filter(user_id=user.pk).first()
    return person.name if person else ""


# --- timeline ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, told: `actor` is who did it where that is not the person."""

    at: datetime
    mark: ledger.Mark  # the next page begins before the last line's
    sentence: str
    subject: str
    address: str
    actor: str


def timeline(viewer: Viewer, person: Person, limit: int = 50, before: ledger.Mark | None = None) -> list[Line]:
    """What a person did or had done to them, newest first. Raises NotFound where the person is out of reach."""
    access_person(viewer, person.pk)
    entries = ledger.of_person(person.pk, limit, before)
    subjects = _subjects(entries)
    actors = _actors(entries)
    return [
        Line(
            at=entry.at,
            mark=(entry.at, entry.pk),
            sentence=ledger.sentence(entry),
            subject=subjects.get((entry.on_kind, entry.on_id), ("", ""))[0],
            address=subjects.get((entry.on_kind, entry.on_id), ("", ""))[1],
            actor=actors.get(entry.actor, "") if entry.actor != f"user:{person.user_id}" else "",
        )
        for entry in entries
    ]


def _subjects(entries: Sequence[Entry]) -> dict[tuple[str, UUID | None], tuple[str, str]]:
    """Label and address of what was acted on, asked once per kind of the floor that knows it."""
    asked: dict[str, set[UUID]] = {}
    for entry in entries:
        if entry.on_id and entry.on_kind in hooks.subjects:
            asked.setdefault(entry.on_kind, set()).add(entry.on_id)
    return {(kind, on_id): told for kind, ids in asked.items() for on_id, told in hooks.subjects[kind](ids).items()}


def _actors(entries: Sequence[Entry]) -> dict[str, str]:
    """How the users who acted are called. Whoever may see a record may know who touched it."""
    users = {entry.actor.removeprefix("user:") for entry in entries if entry.actor.startswith("user:")}
    return {user_actor(user.pk): powers.display_name(user) for user in User.objects.filter(pk__in=users)}


def tags_by_id(ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Tags as subjects of a timeline."""
    return {tag.pk: (tag.name, "") for tag in Tag.objects.filter(pk__in=list(ids))}


def consents_by_id(ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Consents as subjects of a timeline: for what, and through which channel."""
    found = Consent.objects.filter(pk__in=list(ids))
    return {one.pk: (f"{one.purpose}, {one.get_channel_display()}", "") for one in found}


def fields_by_id(ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Fields as subjects of a timeline."""
    return {field.pk: (field.label, "") for field in Field.objects.filter(pk__in=list(ids))}


def segments_by_id(ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Segments as subjects of a timeline."""
    return {one.pk: (one.name, "") for one in Segment.objects.filter(pk__in=list(ids))}
