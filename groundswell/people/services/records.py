"""What is kept about a person who is known: consents, tags, fields, and how well an address works."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.rules import system_actor, user_actor
from groundswell.ledger.services import NewEntry, ensure_months, record, record_many
from groundswell.people import rules
from groundswell.people.models import Consent, ContactPoint, Field, FieldValue, Person, Tag, TagOn, Wording
from groundswell.powers import limits
from groundswell.powers.viewer import Viewer


# --- consents ------------------------------------------------------------------------------------------------------
def agree(person: Person, purpose: str, channel: str, words: str, page: str, *, actor: str) -> Consent:
    """Keep that a person agreed: to be reached for a purpose through a channel, by these exact words on this page.

    Args:
        purpose: a code, such as `news`.
        channel: one of `Channel`.
        words: as they stood beside the box.
        page: the path of the page.
    """
    given, at = agreed_to(purpose, channel, words), clock.now()
    ensure_months([at])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT people_agree(%s, %s::jsonb, %s, %s, %s)", [person.pk, json.dumps([given]), page, actor, at]
        )
    return Consent.objects.get(pk=given["id"])


def agreed_to(purpose: str, channel: str, words: str) -> dict[str, str]:
    """One agreement as `people_agree` of the database takes it, with a new id."""
    wording, digest = rules.wording_id(words)
    return {
        "id": str(new_id()),
        "purpose": purpose,
        "channel": channel,
        "words": words,
        "wording": str(wording),
        "digest": digest.hex(),
    }


def agree_many(
    people: Sequence[UUID], purpose: str, channel: str, words: str, page: str, *, actor: str, at: datetime
) -> None:
    """Keep that many people agreed to the same, at a time in the past; as `agree`."""
    wording, digest = rules.wording_id(words)
    given = [(new_id(), pk) for pk in people]
    with transaction.atomic():
        Wording.objects.bulk_create([Wording(pk=wording, digest=digest, words=words)], ignore_conflicts=True)
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY people_consent (id, person_id, purpose, channel, given, wording_id, page, at) FROM STDIN"
            ) as copy,
        ):
            for pk, person_id in given:
                copy.write_row((pk, person_id, purpose, channel, True, wording, page, at))
        data = {"purpose": purpose, "channel": channel, "wording": str(wording)}
        record_many(
            NewEntry("consent.given", actor, person_id, on=("consent", pk), data=data, at=at) for pk, person_id in given
        )


def withdraw(person: Person, purpose: str, channel: str, *, actor: str) -> Consent:
    """Keep that a person took back an agreement, whether or not we know of one. Doing it again adds nothing."""
    with transaction.atomic(savepoint=False):
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        last = Consent.objects.filter(person=person, purpose=purpose, channel=channel).order_by("-at", "-id").first()
        if last and not last.given:
            return last
        consent = Consent.objects.create(person=person, purpose=purpose, channel=channel, given=False)
        record(
            "consent.withdrawn",
            actor=actor,
            person_id=person.pk,
            on=("consent", consent.id),
            data={"purpose": purpose, "channel": channel},
            at=consent.at,
        )
    return consent


# --- tags and fields -----------------------------------------------------------------------------------------------
def tag(person: Person, name: str, *, actor: str) -> Tag:
    """Put a word on a person; upper and lower case are one. Raises BadDetails (`tag`)."""
    name = rules.line("tag", name, rules.TAG_LIMIT, _("tag"))
    if not name:
        raise rules.BadDetails("tag", _("Please write a tag."))
    with transaction.atomic():
        Tag.objects.bulk_create([Tag(name=name)], ignore_conflicts=True)
        word = Tag.objects.get(name__iexact=name)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO people_tagon (tag_id, person_id, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [word.pk, person.pk, clock.now()],
            )
            if cursor.rowcount:
                record("person.tagged", actor=actor, person_id=person.pk, on=("tag", word.pk))
    return word


def untag(person: Person, tag_id: UUID, *, actor: str) -> None:
    """Take a word off a person; nothing happens where it is not on them."""
    with transaction.atomic():
        if TagOn.objects.filter(person=person, tag_id=tag_id).delete()[0]:
            record("person.untagged", actor=actor, person_id=person.pk, on=("tag", tag_id))


def define_field(label: str, type: str, choices: Sequence[str] = (), *, actor: str) -> Field:
    """Let the movement keep one more fact about people. Raises BadDetails (`label`, `type` or `choices`)."""
    label = rules.line("label", label, 80, _("label"))
    name = slugify(label)[:40].strip("-") or f"field-{new_id().hex[-8:]}"
    words = [word for word in (rules.line("choices", word, 80, _("choice")) for word in choices) if word]
    if not label:
        raise rules.BadDetails("label", _("Please write a label."))
    if type not in Field.Type.values:
        raise rules.BadDetails("type", _("Please choose a type."))
    if type == Field.Type.CHOICE and len(set(words)) < 2:
        raise rules.BadDetails("choices", _("A list needs at least two different choices."))
    new = Field(name=name, label=label, type=type, choices=words if type == Field.Type.CHOICE else [])
    with transaction.atomic():
        Field.objects.bulk_create([new], ignore_conflicts=True)
        if not Field.objects.filter(pk=new.pk).exists():
            raise rules.BadDetails("label", _("There is a field of this name already."))
        record("people.field_defined", actor=actor, on=("field", new.pk), data={"field": name})
    return new


def set_field(person: Person, field: Field, written: str, *, actor: str) -> None:
    """Keep a value of a field, or with an empty text keep none. Raises BadValue with what was expected."""
    value: Any = None
    if written.strip():
        value = rules.field_value(field.type, field.choices, field.label, written)
    with transaction.atomic():
        values = FieldValue.objects.filter(person=person, field=field)
        if value is None:
            changed = values.delete()[0]
        else:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO people_fieldvalue (person_id, field_id, value) VALUES (%s, %s, %s::jsonb)"
                    " ON CONFLICT (person_id, field_id) DO UPDATE SET value = excluded.value"
                    " WHERE people_fieldvalue.value IS DISTINCT FROM excluded.value",
                    [person.pk, field.pk, json.dumps(value)],
                )
                changed = cursor.rowcount
        if changed:
            data = {"field": field.name}
            record("person.field_set", actor=actor, person_id=person.pk, on=("field", field.pk), data=data)


# --- contact points ------------------------------------------------------------------------------------------------
def verify(point: ContactPoint, *, actor: str | None = None) -> None:
    """Keep that an address was proven to be this person's. Doing it again changes nothing."""
    at, status = clock.now(), ContactPoint.Status.WORKS
    with transaction.atomic(savepoint=False):
        if ContactPoint.objects.filter(pk=point.pk, verified_at=None).update(verified_at=at, status=status):
            point.verified_at, point.status = at, status
            record(
                "person.contact_verified",
                actor=actor or f"person:{point.person_id}",
                person_id=point.person_id,
                data={"channel": point.channel},
            )


def verify_many(people: Sequence[UUID], *, actor: str, at: datetime) -> None:
    """Keep that these people's email addresses were proven at a time in the past; as `verify`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_contactpoint SET verified_at = %s, status = 'works'"
            " WHERE person_id = ANY (%s) AND channel = 'email' AND verified_at IS NULL RETURNING person_id",
            [at, list(people)],
        )
        record_many(
            NewEntry("person.contact_verified", actor, person_id, data={"channel": "email"}, at=at)
            for (person_id,) in cursor.fetchall()
        )


def mark(point: ContactPoint, status: ContactPoint.Status, *, actor: str | None = None) -> None:
    """Keep how well an address works, such as that mail to it came back."""
    with transaction.atomic(savepoint=False):
        if ContactPoint.objects.filter(pk=point.pk).exclude(status=status).update(status=status):
            point.status = status
            record(
                "person.contact_marked",
                actor=actor or system_actor("messaging"),
                person_id=point.person_id,
                data={"channel": point.channel, "status": str(status)},
            )


def move(point: ContactPoint, person: Person, *, actor: str) -> None:
    """Give an address to the person who has proven that it is theirs."""
    before = point.person
    point.person = person
    ContactPoint.objects.filter(pk=point.pk).update(person=person)
    reached = before.contact_points.exclude(channel="external").values_list("value", flat=True)
    Person.objects.filter(pk=before.pk).update(
        search_text=rules.searched(before.given_name, before.family_name, *reached)
    )
    record("person.contact_lost", actor=actor, person_id=before.pk, data={"channel": point.channel})
    record("person.contact_added", actor=actor, person_id=person.pk, data={"channel": point.channel})


# --- looking -------------------------------------------------------------------------------------------------------
def looked_at(viewer: Viewer, person: Person) -> None:
    """Count that somebody looked at a person's page: at most once an hour, and never one's own."""
    if viewer.user is None or viewer.user.pk == person.user_id:
        return
    with transaction.atomic():
        if limits.take(f"looked-at:{viewer.user.pk}:{person.pk}", per_hour=1, burst=1):
            record("person.looked_at", actor=user_actor(viewer.user.pk), person_id=person.pk)
