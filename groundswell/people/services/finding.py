"""Finding a person by how to reach them, or adding them: safe when the same form comes from everywhere at once.

The database does it in one call, `people_find_or_add` of the migrations; what a known person lacks costs a second one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DEFAULT_DB_ALIAS, connection, transaction

from groundswell.kit import clock, geo
from groundswell.kit.ids import new_id
from groundswell.ledger.rules import person_actor, user_actor
from groundswell.ledger.services import NewEntry, ensure_months, record, record_many
from groundswell.people import rules
from groundswell.people.models import ContactPoint, Person
from groundswell.people.rules import Cleaned, NewPerson, Point
from groundswell.people.services import records
from groundswell.powers.models import ROOT

BATCH = 5_000  # people per transaction of add_many

_HERE = Path(__file__)
_PERSON = [field.attname for field in Person._meta.concrete_fields]
_FIND_OR_ADD = (
    f"SELECT channel, system, value, {', '.join(f'(person).{name}' for name in _PERSON)}"  # noqa: S608
    " FROM people_find_or_add(%s::jsonb, %s, %s, %s, %s)"
)
_ADD = _HERE.with_name("add.sql").read_text()
_FILL = _HERE.with_name("fill.sql").read_text()
_FILLED = ["given_name", "family_name", "language", "postal_code", "scope", "search_text"]
_HOLDERS = """
SELECT new.number, point.person_id
FROM unnest(%(numbers)s::int[], %(channels)s::text[], %(systems)s::text[], %(values)s::text[])
    AS new (number, channel, system, value)
JOIN people_contactpoint point USING (channel, system, value)
WHERE channel IN ('email', 'external')
ORDER BY channel
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The person, and whether they are new to us."""

    person: Person
    added: bool


def find_or_add(details: NewPerson, *, actor: str | None = None, how: str, at: datetime | None = None) -> Found:
    """The person these details name: by email, else by external id, else by phone; or a new one.

    What somebody writes in a form proves nothing, so it fills what is empty and adds contact points, and changes
    nothing that is there. A phone may be a family's: it names a person only when one person alone has it, the first
    names agree, and no email came along (or whoever knows a name and a number could put their own address on a
    stranger's record and sign in with it).

    The contact points stay locked until the transaction ends. A transaction that finds many people should use
    `add_many`, or it may meet another one crosswise (PostgreSQL then ends one of them).

    Args:
        details: as written.
        actor: who does this; the person, unless told.
        how: a code for the ledger, such as `rsvp`.
        at: when, for what happened in the past.

    Raises:
        BadDetails: something cannot be kept; names the field.
    """
    cleaned = rules.clean(details)
    at = at or clock.now()
    asked, points = json.dumps(asked_of(cleaned)), cleaned.points
    ensure_months([at])
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        for anyway in (False, True):  # again where somebody else has the only phone they gave
            cursor.execute(_FIND_OR_ADD, [asked, actor, how, at, anyway])
            holders: dict[tuple[str, str, str], dict[UUID, Person]] = {}
            for row in cursor.fetchall():
                person = Person.from_db(DEFAULT_DB_ALIAS, _PERSON, row[3:])
                if not row[0]:
                    return Found(person, added=True)
                holders.setdefault(row[:3], {})[person.id] = person
            if known := _named(cleaned, holders):
                held = {key for key, people in holders.items() if known.id in people}
                _fill(known, [p for p in points if p.key not in held], cleaned, actor or person_actor(known.id), at)
                return Found(known, added=False)
    raise AssertionError("Who is not found is added.")


def asked_of(cleaned: Cleaned) -> dict[str, object]:
    """What `people_find_or_add` of the database takes, with new ids."""
    return {
        "id": str(new_id()),
        **{name: getattr(cleaned, name) for name in ("given_name", "family_name", "search_text", "language")},
        "postal_code": cleaned.postal_code,
        "scope": _scope(cleaned.postal_code),
        "points": [
            {"id": str(new_id()), "channel": p.channel, "system": p.system, "value": p.value, "written": p.written}
            for p in cleaned.points
        ],
    }


def add_many(
    people: Sequence[NewPerson], *, actor: str, how: str, at: datetime | None = None, batch: int = BATCH
) -> list[UUID]:
    """Find or add many people with an email address or an external id; for imports.

    Details that are bad stop it before anything is written. People who are known are left as they are. Commits in
    batches unless the caller holds a transaction.

    Returns:
        Their ids, in order; two rows about one person have the same id.

    Raises:
        BadDetails: of the first row that cannot be kept, or that has only a phone.
    """
    cleaned = [rules.clean(details) for details in people]
    for row in cleaned:
        if row.points[0].channel == "phone":
            raise rules.BadDetails("email", "Only find_or_add knows people by phone.")
    at = at or clock.now()
    rows, ids = iter(cleaned), list[UUID]()
    while part := list(islice(rows, batch)):
        with transaction.atomic(savepoint=False):
            ids += _add_batch(part, actor, how, at)
    return ids


def person_of_user(user: AbstractBaseUser) -> Person:
    """The person of somebody who is signed in, and who has thereby proven their address; linked at the first call.

    An address that stands on the record of a person with another sign-in moves to its proven owner.
    """
    if person := Person.objects.filter(user_id=user.pk).first():
        return person
    details, actor = NewPerson(email=user.get_username()), user_actor(user.pk)
    with transaction.atomic():
        person = find_or_add(details, actor=actor, how="sign_in").person
        value = rules.clean(details).points[0].value
        point = ContactPoint.objects.select_for_update().get(channel="email", value=value)
        if person.user_id not in (None, user.pk):
            person = Person.objects.create(search_text=rules.searched(value))
            record("person.added", actor=actor, person_id=person.id, data={"how": "sign_in"})
            records.move(point, person, actor=actor)
        Person.objects.filter(pk=person.pk, user=None).update(user_id=user.pk)
        records.verify(point, actor=actor)
    person.refresh_from_db()
    return person


def _named(cleaned: Cleaned, holders: Mapping[tuple[str, str, str], Mapping[UUID, Person]]) -> Person | None:
    """Whom the details name among those who have their contact points."""
    for point in cleaned.points:  # in the order in which they name a person
        having = list(holders.get(point.key, {}).values())
        if having and point.channel != "phone":
            return having[0]
        only = cleaned.points[0].channel != "email" and len(having) == 1
        if only and rules.same_given_name(having[0].given_name, cleaned.given_name):
            return having[0]
    return None


def _fill(person: Person, points: Sequence[Point], cleaned: Cleaned, actor: str, at: datetime) -> None:
    """Fill what is empty in the record and add the contact points it lacks; nothing to do costs nothing."""
    given = cleaned.given_name if not person.given_name else ""
    same = not person.given_name or rules.same_given_name(person.given_name, cleaned.given_name)
    family = cleaned.family_name if same and not person.family_name else ""
    language = cleaned.language if not person.language else ""
    postal_code = cleaned.postal_code if not person.postal_code else ""
    filled = {"given_name": given, "family_name": family, "language": language, "postal_code": postal_code}
    if not any(filled.values()) and not points:
        return
    reached = (point.value for point in points if point.channel != "external")
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "person": person.id,
                **filled,
                "scope": _scope(postal_code) if postal_code else person.scope,
                "search_text": rules.searched(given, family, *reached),
                "point_ids": [new_id() for _ in points],
                "at": at,
                **_columns(points),
            },
        )
        for name, value in zip(_FILLED, cursor.fetchone(), strict=True):
            setattr(person, name, value)
    if fields := [name for name, value in filled.items() if value]:
        record("person.changed", actor=actor, person_id=person.id, data={"fields": fields}, at=at)
    for point in points:
        record("person.contact_added", actor=actor, person_id=person.id, data={"channel": point.channel}, at=at)


def _add(people: Mapping[UUID, Cleaned], at: datetime) -> set[UUID]:
    """Insert people and their contact points under new ids; the ids of those who were not known by then."""
    rows = [
        {
            "id": person_id,
            "given_name": row.given_name,
            "family_name": row.family_name,
            "search_text": row.search_text,
            "language": row.language,
            "postal_code": row.postal_code,
            "scope": _scope(row.postal_code),
            "points": len(row.points),
        }
        for person_id, row in people.items()
    ]
    points = [
        {
            "id": new_id(),
            "person_id": person_id,
            "channel": point.channel,
            "system": point.system,
            "value": point.value,
            "written": point.written,
        }
        for person_id, row in people.items()
        for point in row.points
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD, {"at": at, "people": json.dumps(rows, default=str), "points": json.dumps(points, default=str)}
        )
        added = {row[0] for row in cursor.fetchall()}
    if lost := people.keys() - added:
        ContactPoint.objects.filter(person_id__in=lost).delete()
    return added


def _add_batch(batch: Sequence[Cleaned], actor: str, how: str, at: datetime) -> list[UUID]:
    ids = _holders(enumerate(batch))
    new: dict[int, UUID] = {}
    seen: dict[tuple[str, str, str], int] = {}
    same: dict[int, int] = {}  # a row, and an earlier one about the same person
    for number, row in enumerate(batch):
        if number in ids:
            continue
        keys = [point.key for point in row.points if point.channel != "phone"]
        if earlier := [seen[key] for key in keys if key in seen]:
            same[number] = earlier[0]
        else:
            new[number] = new_id()
            seen.update(dict.fromkeys(keys, number))
    added = _add({person_id: batch[number] for number, person_id in new.items()}, at)
    record_many(NewEntry("person.added", actor, person_id, data={"how": how}, at=at) for person_id in added)
    ids |= {number: person_id for number, person_id in new.items() if person_id in added}
    ids |= _holders((number, batch[number]) for number in new if number not in ids)
    return [ids[same.get(number, number)] for number in range(len(batch))]


def _holders(rows: Iterable[tuple[int, Cleaned]]) -> dict[int, UUID]:
    """Who of the numbered rows is known by email or, failing that, by external id."""
    asked = [(number, point) for number, row in rows for point in row.points if point.channel != "phone"]
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLDERS, {"numbers": [number for number, _ in asked], **_columns([point for _, point in asked])}
        )
        held: dict[int, UUID] = {}
        for number, person_id in cursor.fetchall():
            held.setdefault(number, person_id)
    return held


def _columns(points: Sequence[Point]) -> dict[str, Any]:
    return {
        "channels": [point.channel for point in points],
        "systems": [point.system for point in points],
        "values": [point.value for point in points],
        "writtens": [point.written for point in points],
    }


@lru_cache(10_000)
def _scope(postal_code: str) -> str:
    """Where in the movement's tree a ZIP lies; the whole movement where nobody knows."""
    place = geo.find_zip(postal_code) if postal_code else None
    return geo.scope_of(place.country, place.region) if place else ROOT
