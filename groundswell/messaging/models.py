"""Deliveries."""

from django.db import models

from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.people.models import Person


class Delivery(models.Model):
    """One person's copy of a message."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        SUPPRESSED = "suppressed"
        UNKNOWN = "unknown"  # the process or the connection died between the wire and the commit

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.TextField(unique=True)  # what makes this message one: event.rsvp:<entry id>
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="deliveries")
    address = models.TextField()
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    reply_to = models.TextField(blank=True, default="", db_default="")
    unsubscribe = models.TextField(blank=True, default="", db_default="")
    attachments = models.JSONField(default=list, blank=True)  # [name, content, type]: text only
    notice = models.BooleanField(default=False)  # not caused by a form that anybody can fill in
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    tries = models.IntegerField(default=0)
    problem = models.TextField(blank=True, default="")
    queued_at = models.DateTimeField(default=now)
    not_before = models.DateTimeField(default=now)
    moved_at = models.DateTimeField(null=True)  # when it came into its state

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["not_before"], condition=models.Q(state="queued"), name="delivery_queued"),
            models.Index(fields=["moved_at"], condition=models.Q(state="sending"), name="delivery_sending"),
            models.Index(
                fields=["address", "-not_before"], condition=~models.Q(state="suppressed"), name="delivery_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
