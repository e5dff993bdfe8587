"""Writing a mailing while it is a draft: its drafts side by side, what each says in each language, templates."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from groundswell.kit.ids import new_id
from groundswell.kit.text import clean_line
from groundswell.messaging import writing
from groundswell.messaging.models import Delivery, Draft, Mailing, Subject, Template, Version
from groundswell.messaging.selectors.wording import Text, copy_for, text_of, version_of
from groundswell.messaging.services import probing
from groundswell.messaging.services.queueing import Message, queue_many
from groundswell.people.models import Person
from groundswell.powers.viewer import Viewer

MOST_DRAFTS = 6
MOST_SUBJECTS = 5
MOST_CHARACTERS = 100_000  # of a text


class Closed(Exception):
    """It is no draft any more, so its words stay as they are."""


class Changed(Exception):
    """Somebody else saved another text meanwhile."""


@dataclass
class BadWords(ValueError):
    """What is wrong, by field: `subject_0`..., `preview`, `body`, `name`."""

    problems: list[tuple[str, str]]


def check(text: Text, language: str) -> None:
    """Raises BadWords where it could not be a mail; what is still empty is not wrong."""
    problems = []
    for number, line in text.subjects.items():
        if any(sign in line for sign in "\r\n\0") or line != clean_line(line):
            problems.append((f"subject_{number}", _("A subject is one line, without signs that show nothing.")))
            continue
        problems += _problems(f"subject_{number}", Text(subjects={0: line}), language)
    problems += _problems("preview", Text(preview=text.preview), language)
    if len(text.body) > MOST_CHARACTERS:
        told = {"n": f"{len(text.body):,}", "most": f"{MOST_CHARACTERS:,}"}
        problems.append(("body", _("This text has %(n)s characters; at most %(most)s arrive whole.") % told))
    else:
        problems += _problems("body", Text(body=text.body), language)
    if problems:
        raise BadWords(problems)


def _problems(name: str, text: Text, language: str) -> list[tuple[str, str]]:
    try:
        writing.compiled(text.subjects.get(0, ""), text.preview, text.body, language)
    except writing.BadText as wrong:
        return [(name, str(wrong))]
    return []


@transaction.atomic
def save_text(mailing: Mailing, number: int, language: str, text: Text, seen: str) -> None:
    """Keep what a draft says in one language.

    Args:
        seen: the stamp of the text that the writer began from.

    Raises:
        BadWords, Changed, Closed.
    """
    check(text, language)
    _open(mailing)
    draft = Draft.objects.prefetch_related("versions__subjects").get(mailing=mailing, number=number)
    now = text_of(version_of(draft, language))
    if now.stamp not in {seen, text.stamp}:
        raise Changed
    _write(draft, language, text)
    probing.ask(mailing)


@transaction.atomic
def add_draft(mailing: Mailing, texts: dict[str, Text]) -> Draft:
    """One more, which says this to begin with. Raises BadWords and Closed."""
    _open(mailing)
    if mailing.drafts.count() >= MOST_DRAFTS:
        raise BadWords([("", _("At most %(most)s drafts side by side.") % {"most": MOST_DRAFTS})])
    last = mailing.drafts.aggregate(last=Max("number"))["last"]
    draft = Draft.objects.create(mailing=mailing, number=0 if last is None else last + 1)
    for language, text in texts.items():
        _write(draft, language, text)
    probing.ask(mailing)
    return draft


@transaction.atomic
def remove_draft(mailing: Mailing, number: int) -> None:
    """Take one out; the last one is emptied instead. Raises Closed."""
    _open(mailing)
    mailing.drafts.filter(number=number).delete()
    if not mailing.drafts.exists():
        Draft.objects.create(mailing=mailing, number=0)
    probing.ask(mailing)


def texts_of(draft: Draft) -> dict[str, Text]:
    """What it says, by language."""
    return {one.language: text_of(one) for one in draft.versions.all()}


def _open(mailing: Mailing) -> None:
    """Nobody else changes it until the transaction ends. Raises Closed."""
    if Mailing.objects.select_for_update(of=("self",)).get(pk=mailing.pk).state != Mailing.State.DRAFT:
        raise Closed


def _write(draft: Draft, language: str, text: Text) -> None:
    if text.empty:
        Version.objects.filter(draft=draft, language=language).delete()
        return
    version, _new = Version.objects.update_or_create(
        draft=draft, language=language, defaults={"preview": text.preview, "body": text.body}
    )
    version.subjects.exclude(number__in=text.subjects).delete()
    for number, line in text.subjects.items():
        Subject.objects.update_or_create(version=version, number=number, defaults={"text": line})


# --- templates -----------------------------------------------------------------------------------------------------
def save_template(viewer: Viewer, draft: Draft, name: str) -> Template:
    """Keep a draft to begin others from. Raises BadWords."""
    name = clean_line(name)[:80]
    texts = texts_of(draft)
    if not name or not texts:
        raise BadWords([("template_name", _("Please write a name.") if texts else _("There is nothing to keep yet."))])
    kept = {
        language: {"preview": one.preview, "body": one.body, "subjects": one.subjects}
        for language, one in texts.items()
    }
    return Template.objects.create(name=name, texts=kept, made_by=viewer.user)


def texts_in(template: Template) -> dict[str, Text]:
    """What a template says, by language."""
    return {
        language: Text(one["preview"], one["body"], {int(number): line for number, line in one["subjects"].items()})
        for language, one in template.texts.items()
    }


def remove_template(template_id: UUID) -> None:
    """Drafts that began from it stay as they are."""
    Template.objects.filter(pk=template_id).delete()


# --- a test copy ---------------------------------------------------------------------------------------------------
def send_test(person: Person, address: str, version: Version) -> list[Delivery]:
    """Send a version to its writer, under each of its subjects, as a mail of its own. Raises BadText."""
    messages = []
    for subject in version.subjects.all():
        number = new_id()
        addresses = writing.of_single(number)
        mail = copy_for(person, writing.written(subject, paged=False), version.language, addresses)
        with override(version.language):
            line = _("Test: %(subject)s") % {"subject": mail.subject}
        messages.append(
            Message(
                f"mailing.test:{number}",
                person,
                address,
                clean_line(line),
                mail.text,
                mail.html,
                notice=True,
                unsubscribe=addresses[writing.UNSUBSCRIBE],
                id=number,
            )
        )
    return queue_many(messages)
