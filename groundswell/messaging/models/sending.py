"""What bounds the sending: of a domain, of a person's own choice, of a system that was restored."""

from django.db import models

from groundswell.messaging.models.deliveries import Mailbox
from groundswell.people.models import Person


class Domain(models.Model):
    """A domain we send from, and how fast each kind of mailbox takes mail from it."""

    name = models.TextField(primary_key=True)
    warm_from = models.DateField(null=True)  # the first day of its warming up; None: it is known already
    per_hour = models.JSONField(default=dict, blank=True)  # at most, by the number of a `Mailbox`; missing: any number

    def __str__(self) -> str:
        return self.name


class Allowance(models.Model):
    """How many mails went from a domain to one kind of mailbox in an hour."""

    pk = models.CompositePrimaryKey("domain", "mailbox", "hour")
    domain = models.TextField()
    mailbox = models.SmallIntegerField(choices=Mailbox)
    hour = models.DateTimeField()
    used = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.domain} {self.hour}: {self.used}"


class Choice(models.Model):
    """What a person chose instead of leaving."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="mail_choice")
    per_week = models.SmallIntegerField(null=True)  # mails at most
    own_team_only = models.BooleanField(default=False)  # nothing but from people they know

    def __str__(self) -> str:
        return f"{self.person_id}: {self.per_week}"


class Hold(models.Model):
    """Whether this system may send by itself. One that was restored from a copy, or slept for long, waits for a person:
    what it has queued may have gone out long ago."""

    only = models.BooleanField(primary_key=True, default=True)
    cluster = models.TextField(blank=True)  # which database server it was, and which of its lives
    beat_at = models.DateTimeField(null=True)  # when it was last awake
    held_at = models.DateTimeField(null=True)
    why = models.TextField(blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="one_hold")]

    def __str__(self) -> str:
        return self.why
