"""What we write to those who send mailings: that they are asked to agree, and what became of what they asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from groundswell.kit.templatetags.kit import absolute
from groundswell.messaging.models import Mailing
from groundswell.messaging.services.queueing import Message
from groundswell.people.models import Person
from groundswell.powers.hooks import display_name
from groundswell.powers.models import User
from groundswell.powers.movement import movement


@dataclass(frozen=True, slots=True)
class Letter:
    """A short note with one link to the mailing."""

    subject: str
    paragraphs: tuple[str, ...]


def asked(mailing: Mailing, asker: User, other: User, people: int, *, estimated: bool) -> Message:
    """Somebody wants them to agree."""

    def letter() -> Letter:
        number = number_format(people, force_grouping=True)
        about = pgettext("an estimate", "about %(n)s") % {"n": number}
        told = {"name": mailing.name, "asker": display_name(asker), "people": about if estimated else number}
        return Letter(
            _("Do you agree to the mailing “%(name)s”?") % told,
            (
                ngettext(
                    "%(asker)s would like to send “%(name)s” to %(people)s person, and needs a second person.",
                    "%(asker)s would like to send “%(name)s” to %(people)s people, and needs a second person.",
                    people,
                )
                % told,
                _("Read it as it will arrive, then agree or say what is wrong. After a day it is a draft again."),
            ),
        )

    return _message(f"mailing.asked:{_turn(mailing)}:{other.pk}", mailing, other, letter)


def agreed(mailing: Mailing, asker: User, who: User) -> Message:
    """Somebody agreed to what they asked."""

    def letter() -> Letter:
        told = {"name": mailing.name, "who": display_name(who)}
        return Letter(
            _("“%(name)s” goes soon") % told,
            (_("%(who)s agreed. Until it begins you can call it back.") % told,),
        )

    return _message(f"mailing.agreed:{_turn(mailing)}", mailing, asker, letter)


def refused(mailing: Mailing, asker: User, who: User, note: str) -> Message:
    """Somebody did not agree."""

    def letter() -> Letter:
        told = {"name": mailing.name, "who": display_name(who)}
        said = (f"“{note}”",) if note else ()
        return Letter(
            _("“%(name)s” is a draft again") % told,
            (_("%(who)s did not agree to it.") % told, *said),
        )

    return _message(f"mailing.refused:{mailing.pk}:{_moment(mailing.asked_at)}:{who.pk}", mailing, asker, letter)


def lapsed(mailing: Mailing, asker: User, asked_at: datetime) -> Message:
    """Nobody agreed within a day."""

    def letter() -> Letter:
        told = {"name": mailing.name}
        return Letter(
            _("“%(name)s” is a draft again") % told,
            (_("Nobody agreed to it within a day. Ask again when somebody has the time to read it."),),
        )

    return _message(f"mailing.lapsed:{mailing.pk}:{_moment(asked_at)}", mailing, asker, letter)


def _turn(mailing: Mailing) -> str:
    """What tells one asking from the next."""
    return f"{mailing.pk}:{_moment(mailing.asked_at)}"


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _message(key: str, mailing: Mailing, reader: User, letter_of: Callable[[], Letter]) -> Message:
    person = Person.objects.filter(user=reader).first()
    with _language_of(person) as language:
        letter = letter_of()
        context = {
            "letter": letter,
            "movement": movement(),
            "language": language,
            "url": absolute(reverse("messaging:mailing", args=[mailing.pk])),
        }
        return Message(
            key=key,
            person=person,
            address=str(reader.email),
            subject=" ".join(letter.subject.split()),
            text=render_to_string("messaging/mails/note.txt", context),
            html=render_to_string("messaging/mails/note.html", context),
            notice=True,
        )


@contextmanager
def _language_of(person: Person | None) -> Iterator[str]:
    chosen = movement().languages
    language = person.language if person and person.language in chosen else chosen[0]
    with translation.override(language):
        yield language
