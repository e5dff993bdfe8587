"""Writes of this floor. A source code never stops the deed it came with."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils.translation import gettext as _

from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.kit.text import clean_line
from groundswell.ledger.services import record
from groundswell.people.models import Person
from groundswell.powers import limits
from groundswell.sources import rules, selectors
from groundswell.sources.models import Source

NEW_UNKNOWN_PER_HOUR = 120  # codes that nobody here issued and that we have not met before
_SOURCE = [field.attname for field in Source._meta.concrete_fields]
_TOUCH = f"""
WITH source AS (SELECT * FROM sources_source WHERE code = %(code)s), touch AS (
    INSERT INTO sources_touch (id, source_id, person_id, page, at)
    SELECT %(id)s, source.id, %(person)s, %(page)s, %(at)s FROM source
)
SELECT {", ".join(_SOURCE)} FROM source
"""  # noqa: S608
# A code that came in before we knew whose it is gets its person; one that has a person keeps them.
_SHARERS = """
INSERT INTO sources_source (id, code, kind, label, person_id, added_at)
SELECT id, code, 'sharer', '', person, %(at)s
FROM unnest(%(ids)s::uuid[], %(codes)s::text[], %(people)s::uuid[]) AS made (id, code, person)
WHERE NOT EXISTS (SELECT FROM sources_source AS kept WHERE kept.code = made.code AND kept.person_id IS NOT NULL)
ORDER BY code
ON CONFLICT (code) DO UPDATE SET person_id = excluded.person_id
WHERE sources_source.kind = 'sharer' AND sources_source.person_id IS NULL
"""


class BadLink(ValueError):
    """A labelled link cannot be made. `field` names what is wrong; the message is for whoever wrote it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def arrive(code: str, *, person: Person | None = None, page: str = "") -> Source | None:
    """Keep a touch: a deed came through this code. In the deed's transaction.

    A code that nobody here issued becomes a source of kind unknown, at most so many new ones an hour.

    Args:
        code: as it came in.
        page: the path on which the deed was done.

    Returns:
        The source; None where the code is empty, malformed, or dropped by the limit.
    """
    if not rules.is_code(code):
        return None
    with transaction.atomic(savepoint=False):
        if source := _touch(code, person, page):
            return source
        return _touch(code, person, page) if learn(code) else None


def learn(code: str) -> bool:
    """Keep a code that came in as a source. False where it is empty, malformed, or dropped by the limit."""
    if not rules.is_code(code):
        return False
    if Source.objects.filter(code=code).exists():
        return True
    proven = rules.is_sharer_code(settings.SECRET_KEY, code)
    if not proven and not limits.take("sources.unknown", per_hour=NEW_UNKNOWN_PER_HOUR, burst=NEW_UNKNOWN_PER_HOUR):
        return False
    kind = Source.Kind.SHARER if proven else Source.Kind.UNKNOWN
    Source.objects.bulk_create([Source(code=code, kind=kind)], ignore_conflicts=True)
    return True


def early_code() -> str:
    """A sharer's code for somebody we do not know yet; `claim` ties it to them."""
    return rules.new_sharer_code(settings.SECRET_KEY, secrets.token_bytes(7))


def sharer_code(person: Person) -> str:
    """The code on this person's share links, always the same one; kept, so that it leads back to them.

    To be called in the deed after which people share. A page that only shows the code takes it from
    `selectors.sharer_code`.
    """
    code = selectors.sharer_code(person)
    _keep_sharers({code: person})
    return code


def keep_sharers(people: Iterable[Person]) -> None:
    """`sharer_code` for many, whose codes then come from `selectors.sharer_code`."""
    _keep_sharers({selectors.sharer_code(person): person for person in people})


def claim(code: str, person: Person) -> bool:
    """Tie an early code to the person who shared it. The first claim stands.

    Returns:
        Whether the code is this person's now; False for one that we did not make or that is somebody else's.
    """
    if not rules.is_sharer_code(settings.SECRET_KEY, code):
        return False
    _keep_sharers({code: person})
    return Source.objects.filter(code=code, person=person).exists()


def make_link(label: str, code: str = "", *, actor: str) -> Source:
    """A source code with a label, for a link of ours; without a code a random one. Raises BadLink."""
    label = clean_line(label)
    code = code.strip() or secrets.token_hex(4)
    if not label or len(label) > rules.LABEL_LIMIT:
        raise BadLink(
            "label", _("Please write a label of at most %(limit)s characters.") % {"limit": rules.LABEL_LIMIT}
        )
    if not rules.is_code(code) or rules.SHARER.match(code):
        raise BadLink("code", _("A code has at most 64 letters, digits, dots, dashes and underscores."))
    with transaction.atomic():
        Source.objects.bulk_create([Source(code=code, kind=Source.Kind.UNKNOWN)], ignore_conflicts=True)
        source = Source.objects.select_for_update().get(code=code)
        if source.kind != Source.Kind.UNKNOWN:
            raise BadLink("code", _("There is a link with this code already."))
        source.kind, source.label = Source.Kind.LINK, label
        source.save(update_fields=["kind", "label"])
        record("source.link_made", actor=actor, on=("source", source.pk), source_id=source.pk)
    return source


def _touch(code: str, person: Person | None, page: str) -> Source | None:
    values: dict[str, Any] = {"id": new_id(), "code": code, "page": page, "at": clock.now()}
    values["person"] = person.pk if person else None
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, values)
        row = cursor.fetchone()
    return Source.from_db(DEFAULT_DB_ALIAS, _SOURCE, row) if row else None


def _keep_sharers(codes: Mapping[str, Person]) -> None:
    made: dict[str, Any] = {"ids": [new_id() for _code in codes], "codes": [*codes], "at": clock.now()}
    made["people"] = [person.pk for person in codes.values()]
    with connection.cursor() as cursor:
        cursor.execute(_SHARERS, made)
