"""What people answer reaches whoever wrote to them, and what those write back reaches them; neither sees an address.

A conversation is about a mailing or about something of one's own (`mailing:<id>`, `event:<id>`) and begins with a copy.
"""

from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from groundswell.kit import clock
from groundswell.kit.text import clean_line
from groundswell.ledger.rules import person_actor
from groundswell.ledger.services import record
from groundswell.messaging import hooks, notes
from groundswell.messaging.incoming import Report
from groundswell.messaging.models import Answer, Delivery, Mailing
from groundswell.messaging.rules import DAY, EVERYTHING
from groundswell.messaging.services import choosing
from groundswell.messaging.services.queueing import queue_many
from groundswell.people.models import Person
from groundswell.people.selectors import email_of
from groundswell.powers.models import User

OURS, TOLD = "answer", "answered"  # mails: answer:<id of what we wrote back>, answered:<id of an answer>:<who is told>
MAILING = "mailing"
FORWARDED_A_DAY = 20  # answers about one thing; the rest its writers read on its page
LONGEST = 3_000
LEAVE = {"stop", "unsubscribe", "remove me", "remove", "baja", "cancelar", "darme de baja"}


class BadAnswer(ValueError):
    """What was written back cannot go; the message is for who wrote it."""


def about_mailing(mailing_id: UUID) -> str:
    """What conversations about a mailing are about."""
    return f"{MAILING}:{mailing_id}"


def file(copy: Delivery, report: Report) -> bool:
    """Keep what somebody answered to a copy, and tell whoever wrote it. In the caller's transaction.

    Returns:
        False where it is known already, or the copy began no conversation.
    """
    if copy.key and copy.key.startswith(f"{TOLD}:"):
        return _file_back(copy, report)
    if (found := _conversation(copy)) is None:
        return False
    about, root = found
    answer = Answer(key=report.key, about=about, delivery=root, text=report.text)
    if not _kept(answer):
        return False
    if root.person_id:
        on = (MAILING, root.mailing_id) if root.mailing_id else ("delivery", root.pk)
        record("mail.replied", actor=person_actor(root.person_id), person_id=root.person_id, on=on)
    if root.person and report.text.strip(" .!\n").lower() in LEAVE:
        choosing.leave(root.person, root.purpose or EVERYTHING, root)
    elif Answer.objects.filter(about=about, ours=False, at__gt=clock.now() - DAY).count() <= FORWARDED_A_DAY:
        _tell(answer, root)
    return True


def write_back(about: str, answer_id: str, text: str, by: User, press: str) -> Answer:
    """Answer an answer: a mail to whoever wrote it.

    Args:
        about: of which the answer must be.
        press: what makes it one, when a button is pressed twice.

    Raises:
        BadAnswer: the text cannot go.
        Http404: there is no such answer.
    """
    named = _id(answer_id)
    to = Answer.objects.filter(about=about, ours=False, pk=named).first() if named else None
    if to is None:
        raise Http404
    text = "\n".join(map(clean_line, text.strip().splitlines()))
    if not text:
        raise BadAnswer(_("Write something here."))
    if len(text) > LONGEST:
        raise BadAnswer(_("Use at most %(most)d characters; this has %(n)d.") % {"most": LONGEST, "n": len(text)})
    return _write_back(to, text, by, key=f"{OURS}:{to.pk}:{press[:40]}")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _write_back(to: Answer, text: str, by: User, key: str) -> Answer:
    root = Delivery.objects.select_related("person", "subject_line").get(pk=to.delivery_id)
    address = email_of(root.person) if root.person else ""
    if not address or root.person is None:
        raise BadAnswer(_("No mail reaches them any more."))
    answer = Answer(key=key, about=to.about, delivery=root, by=by, ours=True, text=text)
    with transaction.atomic():
        if _kept(answer):
            queue_many([notes.written_back(answer, root, root.person, address, by)])
    return answer


def _kept(answer: Answer) -> bool:
    """Keep it, unless one with its key is kept already."""
    Answer.objects.bulk_create([answer], ignore_conflicts=True)
    return Answer.objects.filter(pk=answer.pk).exists()


def _conversation(copy: Delivery) -> tuple[str, Delivery] | None:
    """What a copy is about and the copy with which that began; None: nobody waits for an answer."""
    if copy.mailing_id:
        return about_mailing(copy.mailing_id), copy
    if hooks.of_purpose(copy.purpose):
        return copy.purpose, copy
    kind, _colon, answer_id = (copy.key or "").partition(":")
    ours = Answer.objects.select_related("delivery__person").filter(pk=UUID(answer_id)) if kind == OURS else None
    return (ours[0].about, ours[0].delivery) if ours else None


def _file_back(told: Delivery, report: Report) -> bool:
    """Whoever was told of an answer answers that mail: they write back."""
    answer = Answer.objects.filter(pk=UUID((told.key or "").split(":")[1])).first()
    by = told.person.user if told.person else None
    if answer is None or by is None:
        return False
    try:
        _write_back(answer, report.text[:LONGEST], by, key=report.key)
    except BadAnswer:
        return False
    return True


def _tell(answer: Answer, root: Delivery) -> None:
    """A mail to everybody who wrote to them."""
    queue_many(
        [
            notes.answered(f"{TOLD}:{answer.pk}:{writer.pk}", answer, root, writer, address)
            for writer in writers(answer.about)
            if (address := email_of(writer))
        ]
    )


def writers(about: str) -> list[Person]:
    """Who wrote what a conversation is about, as far as they are people we know."""
    if found := hooks.of_purpose(about):
        own, which = found
        return list(own.writers(which))
    mailing = Mailing.objects.filter(pk=about.removeprefix(f"{MAILING}:")).first()
    return list(Person.objects.filter(user=mailing.made_by_id)) if mailing and mailing.made_by_id else []
