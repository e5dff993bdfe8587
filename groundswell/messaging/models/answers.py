"""What people write back, and how far we have read the mailbox it comes into."""

from django.conf import settings
from django.db import models

from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.messaging.models.deliveries import Delivery


class Answer(models.Model):
    """What somebody answered to their copy of a message; or, with `by`, what one of us wrote back to that."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.TextField(unique=True)  # what makes it one: a digest of its Message-ID
    about = models.TextField()  # mailing:<id>, or the purpose of the copy: event:<id>
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="answers", db_constraint=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ours = models.BooleanField(default=False)
    text = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["about", "-at"], name="answer_about")]

    def __str__(self) -> str:
        return self.text


class Inbox(models.Model):
    """How far a mailbox was read. Ids of mails mean something only while its `validity` stays the same (RFC 3501)."""

    name = models.TextField(primary_key=True)  # user@host/folder
    validity = models.BigIntegerField(default=0)
    read_up_to = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} up to {self.read_up_to}"
