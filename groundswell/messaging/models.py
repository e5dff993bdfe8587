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
        UNKNOWN = "unknown"  # the process died between the wire and the commit

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.TextField(unique=True)  # what makes this message one: event.rsvp:<entry id>
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="deliveries")
    address = models.TextField()
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    attachments = models.JSONField(default=list, blank=True)  # [name, content, type]: text only
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    tries = models.IntegerField(default=0)
    problem = models.TextField(blank=True, default="")
    queued_at = models.DateTimeField(default=now)
    not_before = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["queued_at"], condition=models.Q(state="queued"), name="delivery_queued"),
            models.Index(fields=["moved_at"], condition=models.Q(state="sending"), name="delivery_sending"),
            models.Index(fields=["address", "-queued_at"], name="delivery_address"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
