"""How a mailing is worded, and for whom of its audience it is shown before it goes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from groundswell.messaging import writing
from groundswell.messaging.fields import Field
from groundswell.messaging.models import Draft, Mailing, Probe, Template, Version
from groundswell.messaging.selectors.mailings import NotFound
from groundswell.messaging.verbs import WRITE
from groundswell.messaging.writing import Written
from groundswell.people import counting
from groundswell.people.models import Person
from groundswell.people.selectors import access_people
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

SHOWN_TO = 10
LOOKED_THROUGH = 1_000  # of the audience, those we met last, among whom the longest and the emptiest are found


@dataclass(frozen=True, slots=True)
class Text:
    """What is written of a draft in one language; `subjects` by their number, which is the same in every language."""

    preview: str = ""
    body: str = ""
    subjects: dict[int, str] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.preview or self.body or self.subjects)

    @property
    def stamp(self) -> str:
        """What changes when it changes: whoever saves says what they began from."""
        said = json.dumps([self.preview, self.body, sorted(self.subjects.items())])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def text_of(version: Version | None) -> Text:
    """What a version says; nothing where there is none."""
    if version is None:
        return Text()
    return Text(version.preview, version.body, {one.number: one.text for one in version.subjects.all()})


def drafts_of(mailing: Mailing) -> list[Draft]:
    """Its drafts with their versions and subjects, in three statements."""
    return list(mailing.drafts.prefetch_related("versions__subjects"))


def draft_of(drafts: Sequence[Draft], number: int | None) -> Draft:
    """One of them; without a number the first. Raises NotFound."""
    for draft in drafts:
        if number is None or draft.number == number:
            return draft
    raise NotFound


def subjects_in(draft: Draft) -> int:
    """Up to which number there are subjects, in any language."""
    numbers = [one.number for version in draft.versions.all() for one in version.subjects.all()]
    return max(numbers, default=-1) + 1


@dataclass(frozen=True, slots=True)
class Card:
    """A draft beside the others: its subjects and how it begins, in one language."""

    draft: Draft
    subjects: tuple[str, ...]
    beginning: str
    languages: tuple[str, ...]  # in which it is written


def card_of(draft: Draft, language: str) -> Card:
    """A draft at a glance."""
    text = text_of(version_of(draft, language))
    languages = tuple(one.language for one in draft.versions.all() if one.body)
    return Card(draft, tuple(text.subjects.values()), " ".join(text.body[:400].split())[:140], languages)


def version_of(draft: Draft, language: str) -> Version | None:
    """The draft in this language."""
    return next((one for one in draft.versions.all() if one.language == language), None)


def version_for(draft: Draft, person: Person | None) -> Version | None:
    """What a reader of this draft gets: in their language, or the movement's first in which there is one."""
    wanted = [person.language] if person and person.language else []
    for language in [*wanted, *movement().languages]:
        version = version_of(draft, language)
        if version and version.body:
            return version
    return None


def access_templates(viewer: Viewer) -> QuerySet[Template]:
    """The drafts kept to begin from: all, for whoever writes mailings."""
    return Template.objects.all() if viewer.scopes(WRITE) else Template.objects.none()


def access_template(viewer: Viewer, template_id: UUID | str) -> Template:
    """One of them. Raises NotFound."""
    template = access_templates(viewer).filter(pk=template_id).first()
    if template is None:
        raise NotFound
    return template


# --- readers -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of the audience; whether what we know of them is the longest or the least."""

    person: Person
    longest: bool = False
    emptiest: bool = False


def readers(viewer: Viewer, mailing: Mailing) -> list[Reader]:
    """Ten people of the audience whom the viewer may see; first the one with the longest values of the fields that
    the mailing uses and the one with the fewest, of the thousand we met last. Raises TooSlow and BadSegment."""
    if mailing.segment is None:
        return []
    found = counting.some(viewer, mailing.segment, LOOKED_THROUGH)
    if not found:
        return []
    used = _fields_used(mailing) or set(writing.KNOWN)
    values = {
        person.pk: [len(value) for name, value in writing.values_of(person).items() if name in used] for person in found
    }
    longest = max(found, key=lambda person: sum(values[person.pk]))
    emptiest = min(found, key=lambda person: (sum(map(bool, values[person.pk])), sum(values[person.pk])))
    others = [person for person in found if person.pk not in {longest.pk, emptiest.pk}]
    step = max(len(others) // (SHOWN_TO - 2), 1)
    first = {one.pk: one for one in (longest, emptiest, *others[::step])}
    return [
        Reader(person, longest=person.pk == longest.pk, emptiest=person.pk == emptiest.pk)
        for person in list(first.values())[:SHOWN_TO]
    ]


def _fields_used(mailing: Mailing) -> set[str]:
    return {piece.name for mail in mails_of(mailing) for piece in _fields_of(mail)} & set(writing.KNOWN)


def _fields_of(mail: Written) -> list[Field]:
    documents = (mail.subject, mail.preview, mail.text)
    return [piece for one in documents for piece in writing.taken_apart(one) if isinstance(piece, Field)]


def mails_of(mailing: Mailing) -> list[Written]:
    """Every mail of it, under each subject; those that cannot be written now are left out."""
    found = []
    for draft in drafts_of(mailing):
        for version in draft.versions.all():
            with suppress(writing.BadText):
                found += _mails_in(version)
    return found


def access_reader(viewer: Viewer, person_id: UUID | str) -> Person:
    """Somebody in the viewer's reach. Raises NotFound."""
    person = access_people(viewer).filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person


def copy_for(
    person: Person | None, mail: Written, language: str, addresses: Mapping[str, str] | None = None
) -> Written:
    """The mail as this person gets it; None: somebody of whom we know nothing. `addresses`: as `writing.copy` takes."""
    reader = person or Person()
    slots = [writing.made_for(slot, [reader], language)[reader.pk] for slot in mail.slots]
    return writing.copy(mail, writing.values_of(reader), slots, addresses or {})


def copies_for(person: Person | None, version: Version) -> dict[str, Any]:
    """What the preview shows of a version: the mail, its lines under each subject; or why it cannot be written."""
    try:
        mails = [copy_for(person, mail, version.language) for mail in _mails_in(version)]
    except writing.BadText as wrong:
        return {"wrong": str(wrong)}
    return {"mail": mails[0], "lines": [mail.subject for mail in mails if mail.subject]}


def copy_of(person: Person | None, version: Version | None) -> Written | None:
    """A version as this person gets it; None where there is none or it cannot be written."""
    found = copies_for(person, version) if version else {}
    return found.get("mail")


def own_copy(viewer: Viewer, draft: Draft, language: str) -> Written | None:
    """What is kept of a draft, as the viewer would get it."""
    return copy_of(Person.objects.filter(user=viewer.user).first(), version_of(draft, language))


def _mails_in(version: Version) -> list[Written]:
    lines = [subject.text for subject in version.subjects.all()] or [""]
    return [writing.compiled(line, version.preview, version.body, version.language) for line in lines]


@dataclass(frozen=True, slots=True)
class Probed:
    """How far the looking at links, pictures and the domain has come."""

    done: int
    all: int

    @property
    def waiting(self) -> int:
        return self.all - self.done


def probed(mailing: Mailing) -> Probed:
    """How much of what a mailing points to was looked at."""
    states = list(Probe.objects.filter(mailing=mailing).values_list("state", flat=True))
    return Probed(sum(state != Probe.State.WAITING for state in states), len(states))
