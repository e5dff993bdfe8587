"""The mails by which a conversation goes on: what somebody answered, and what was written back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from groundswell.kit.ids import new_id
from groundswell.kit.text import clean_line
from groundswell.messaging import addresses, hooks
from groundswell.messaging.fields import filled
from groundswell.messaging.models import Answer, Delivery
from groundswell.messaging.services.queueing import Message
from groundswell.messaging.writing import taken_apart, values_of
from groundswell.people.models import Person
from groundswell.powers.hooks import display_name
from groundswell.powers.models import User
from groundswell.powers.movement import movement


def answered(key: str, answer: Answer, root: Delivery, writer: Person, address: str) -> Message:
    """Somebody answered what `writer` wrote. Answering this mail writes back."""
    with _language_of(writer) as language:
        name = root.person.given_name if root.person else ""
        who = name or _("Somebody")
        intro = _("%(who)s answered your mail “%(subject)s”:") % {"who": who, "subject": subject_of(root)}
        return _message(
            key,
            writer,
            address,
            _("%(who)s answered: %(subject)s") % {"who": who, "subject": subject_of(root)},
            answer.text,
            language,
            intro=intro,
            page=settings.BASE_URL + page_of(answer.about),
            by_mail=bool(settings.REPLY_DOMAIN and writer.user_id),
        )


def written_back(answer: Answer, root: Delivery, person: Person, address: str, by: User) -> Message:
    """One of us answers their answer."""
    with _language_of(person) as language:
        intro = _("%(who)s answers you:") % {"who": display_name(by)}
        subject = _("Re: %(subject)s") % {"subject": subject_of(root)}
        return _message(f"answer:{answer.pk}", person, address, subject, answer.text, language, intro=intro)


def subject_of(root: Delivery) -> str:
    """Under which subject a copy went, as its reader saw it."""
    if root.subject_line and root.person:
        return clean_line(filled(taken_apart(root.subject_line.text), values_of(root.person)))
    return root.subject or movement().name


def page_of(about: str) -> str:
    """Where those who wrote read the answers."""
    if found := hooks.of_purpose(about):
        own, which = found
        return own.page(which)
    return reverse("messaging:answers", args=[about.partition(":")[2]])


def _message(
    key: str,
    person: Person,
    address: str,
    subject: str,
    said: str,
    language: str,
    *,
    intro: str,
    page: str = "",
    by_mail: bool = False,
) -> Message:
    own = new_id()
    context = {
        "subject": subject,
        "intro": intro,
        "paragraphs": [part.strip() for part in said.split("\n\n") if part.strip()],
        "page": page,
        "by_mail": by_mail,
        "movement": movement(),
        "language": language,
    }
    return Message(
        key=key,
        person=person,
        address=address,
        subject=clean_line(subject)[:200],
        text=render_to_string("messaging/mails/answer.txt", context),
        html=render_to_string("messaging/mails/answer.html", context),
        notice=True,
        reply_to=addresses.answers(own) if by_mail or not page else "",
        id=own,
    )


@contextmanager
def _language_of(person: Person) -> Iterator[str]:
    chosen = movement().languages
    language = person.language if person.language in chosen else chosen[0]
    with translation.override(language):
        yield language
