"""Copies of a mailing: each subject put into its form once, and filled in for each reader."""

from collections.abc import Iterable, Mapping, Sequence
from email.utils import formatdate, parseaddr
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

from groundswell.kit.mail import sender
from groundswell.messaging import addresses
from groundswell.messaging.fields import Text, Values, filled
from groundswell.messaging.hooks import Words
from groundswell.messaging.models import Delivery, Link, Mailing, Subject
from groundswell.messaging.mold import Mold
from groundswell.messaging.tokens import token
from groundswell.messaging.writing import made_for, taken_apart, values_of, written
from groundswell.people.models import Person
from groundswell.powers.movement import movement

Headers = Sequence[tuple[str, str]]
Slots = Sequence[Words] | Exception  # what blocks say to one reader, or why one of them cannot


class Unwritable(Exception):
    """The words of a mailing cannot be put into a mail any more; the message is a sentence that says which and why."""


class Reader(NamedTuple):
    """Who gets a copy, as they were claimed."""

    id: UUID  # of the delivery
    address: str
    subject_id: UUID
    tries: int
    person_id: UUID
    given_name: str
    family_name: str
    postal_code: str


class Copy:
    """One reader's copy. What cannot be put into a mail raises when it is asked for."""

    def __init__(self, form: "Form", reader: Reader, slots: "Slots") -> None:
        self._form, self._reader, self._made = form, reader, slots
        self.recipient = reader.address

    def data(self) -> bytes:
        """As it goes over the wire."""
        values = self._form.values(self._reader)
        return self._form.mold.copy(self._form.headers(self._reader, values), values, self._slots)

    def page(self) -> str:
        """Its HTML alone."""
        return self._form.mold.html(self._form.values(self._reader), self._slots)

    @property
    def _slots(self) -> Sequence[Words]:
        if isinstance(self._made, Exception):
            raise self._made
        return self._made

    def letter(self) -> EmailMultiAlternatives:
        """As Django's mail backends take it."""
        form, values = self._form, self._form.values(self._reader)
        headers = dict([*form.headers(self._reader, values), *form.shared])
        subject, sent_by = headers.pop("Subject"), headers.pop("From")
        headers.pop("To")
        replies = headers.pop("Reply-To", "")
        mail = EmailMultiAlternatives(
            subject=subject,
            body=form.mold.text(values, self._slots),
            from_email=sent_by,
            to=[self.recipient],
            reply_to=[replies] if replies else None,
            headers=headers,
        )
        mail.attach_alternative(form.mold.html(values, self._slots), "text/html")
        mail.metadata = {"delivery": str(self._reader.id)}  # type: ignore[attr-defined]  # anymail's
        return mail


class Form:
    """What is the same for everybody who gets the mailing under one subject."""

    def __init__(self, mailing: Mailing, subject: Subject, links: Mapping[str, int]) -> None:
        mail = written(subject)
        self.language = subject.version.language
        self.slots = mail.slots
        self.text = taken_apart(mail.text)
        self._subject: Text = taken_apart(mail.subject)
        self._addresses = [
            ("unsubscribe_url", f"{settings.BASE_URL}/u/", ""),
            ("web_url", f"{settings.BASE_URL}/w/", ""),
            ("open_url", f"{settings.BASE_URL}/o/", ".gif"),
            ("trap_url", f"{settings.BASE_URL}/l/0/", ""),
            *((f"link_{n}", f"{settings.BASE_URL}/l/{links[url]}/", "") for n, url in enumerate(mail.links)),
        ]
        own = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        self._domain = own.rpartition("@")[2]
        self.shared: Headers = [
            ("From", sender(mailing.from_name or movement().name, own)),
            *([("Reply-To", mailing.reply_to)] if mailing.reply_to and not settings.REPLY_DOMAIN else []),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("List-Id", f"<{mailing.pk.hex}.{self._domain}>"),
            ("Feedback-ID", f"{mailing.pk.hex}:groundswell"),
        ]
        self.mold = Mold(
            text=self.text,
            html=taken_apart(mail.html),
            addresses={name for name, _start, _end in self._addresses},
            headers=self.shared,
            boundary=f"=_{subject.pk.hex}",
        )

    def values(self, reader: Reader) -> dict[str, str]:
        """What of the reader may stand in the mail, and the addresses of this copy."""
        own = token(reader.id)
        return {**values_of(reader), **{name: f"{start}{own}{end}" for name, start, end in self._addresses}}

    def headers(self, reader: Reader, values: Values) -> Headers:
        """Those of this copy alone. RFC 8058 for the way out in one click."""
        return [
            ("Message-ID", f"<{reader.id}@{self._domain}>"),
            ("Date", formatdate(usegmt=True)),
            ("To", reader.address),
            ("Subject", filled(self._subject, values)),
            ("List-Unsubscribe", f"<{values['unsubscribe_url']}>"),
            *([("Reply-To", addresses.answers(reader.id))] if settings.REPLY_DOMAIN else []),
        ]


class Copies:
    """All copies of a mailing. Its words are put into their forms at once, before anybody's copy is touched; raises
    Unwritable where they cannot be."""

    def __init__(self, mailing: Mailing) -> None:
        self._mailing = mailing
        self._links: dict[str, int] = {}
        subjects = Subject.objects.filter(version__draft__mailing=mailing).select_related("version__draft")
        self._forms = {subject.pk: self._form(subject) for subject in subjects}

    def of(self, readers: Iterable[Reader]) -> list[Copy]:
        """A copy for each of them, in their order."""
        readers = list(readers)
        by_form: dict[UUID, list[Reader]] = {}
        for reader in readers:
            by_form.setdefault(reader.subject_id, []).append(reader)
        made: dict[UUID, Copy] = {}
        for subject_id, those in by_form.items():
            form = self._forms[subject_id]
            slots = _filled(form, _people(those)) if form.slots else {}
            gone: Slots = LookupError("There is no such person any more.") if form.slots else []
            made |= {one.id: Copy(form, one, slots.get(one.person_id, gone)) for one in those}
        return [made[reader.id] for reader in readers]

    def _form(self, subject: Subject) -> Form:
        with translation.override(movement().languages[0]):
            try:
                self._number(written(subject).links)
                return Form(self._mailing, subject, self._links)
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:
                sentence = _("The mail “%(subject)s” cannot be made any more: %(why)s")
                raise Unwritable(sentence % {"subject": subject.text[:60], "why": error}) from error

    def _number(self, urls: Iterable[str]) -> None:
        missing = [url for url in dict.fromkeys(urls) if url not in self._links]
        if missing:
            Link.objects.bulk_create([Link(mailing=self._mailing, url=url) for url in missing], ignore_conflicts=True)
            self._links |= dict(Link.objects.filter(mailing=self._mailing, url__in=missing).values_list("url", "pk"))


def sent(row: Delivery, person: Person) -> Copy | None:
    """A copy that went out, to be looked at; nothing is written. None where it went out with other links."""
    mailing, subject = row.mailing, row.subject_line
    if mailing is None or subject is None:
        return None
    links = dict(Link.objects.filter(mailing=mailing).values_list("url", "pk"))
    if not links.keys() >= set(written(subject).links):
        return None
    form = Form(mailing, subject, links)
    named = (person.given_name, person.family_name, person.postal_code)
    reader = Reader(row.pk, row.address, subject.pk, row.tries, person.pk, *named)
    return Copy(form, reader, [made_for(slot, [person], form.language)[person.pk] for slot in form.slots])


def _filled(form: Form, people: Sequence[Person]) -> Mapping[UUID, Slots]:
    """What the blocks say to each of these people. Where that cannot be made for all of them it is made for one after
    the other: whoever it fails for is alone with it."""
    try:
        made = [made_for(slot, people, form.language) for slot in form.slots]
    except (OperationalError, InterfaceError):  # there is no database: that is nobody's own fault
        raise
    except Exception as error:
        if len(people) == 1:
            return {people[0].pk: error}
        return {pk: own for one in people for pk, own in _filled(form, [one]).items()}
    return {one.pk: [words[one.pk] for words in made] for one in people}


def _people(readers: Sequence[Reader]) -> Sequence[Person]:
    return list(Person.objects.filter(pk__in=[reader.person_id for reader in readers]))
