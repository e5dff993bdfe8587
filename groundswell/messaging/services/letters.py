"""Wording the mails that the house sends by itself."""

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.kit import clock
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import record
from groundswell.messaging import worded
from groundswell.messaging.fields import BadField, parsed
from groundswell.messaging.hooks import Letter
from groundswell.messaging.models import Worded
from groundswell.powers.models import User

SUBJECT_LIMIT, TEXT_LIMIT = 150, 5_000


class BadWords(ValueError):
    """What is wrong with `field`, in the writer's words."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def word_letter(letter: Letter, language: str, subject: str, text: str, by: User) -> None:
    """Put a movement's words in the place of ours, in one language. Raises BadWords."""
    subject, text = check_words(letter, subject, text)
    with transaction.atomic():
        Worded.objects.update_or_create(
            letter=letter.name,
            language=language,
            defaults={"subject": subject, "text": text, "changed_by": by, "changed_at": clock.now()},
        )
        record("letter.worded", actor=user_actor(by.pk), data={"letter": letter.name, "language": language})
    worded.forget()


def restore_letter(letter: Letter, language: str, by: User) -> None:
    """Back to our words."""
    with transaction.atomic():
        if Worded.objects.filter(letter=letter.name, language=language).delete()[0]:
            record("letter.restored", actor=user_actor(by.pk), data={"letter": letter.name, "language": language})
    worded.forget()


def check_words(letter: Letter, subject: str, text: str) -> tuple[str, str]:
    """Both as they are kept. Raises BadWords."""
    subject, text = " ".join(subject.split()), text.replace("\r\n", "\n").strip()
    for field, value, most in (("subject", subject, SUBJECT_LIMIT), ("text", text, TEXT_LIMIT)):
        if not value:
            raise BadWords(field, _("Please write something here."))
        if len(value) > most:
            raise BadWords(field, _("This is too long: at most %(most)s characters.") % {"most": most})
        if any(sign < " " and sign not in "\n\t" for sign in value):
            raise BadWords(field, _("This has a character that cannot be written. Please type it again."))
        try:
            parsed(value, letter.fields)
        except BadField as error:
            raise BadWords(field, str(error)) from None
    return subject, text
