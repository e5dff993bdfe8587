"""Journeys, their versions, who walks them, and what humans are asked."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.people.models import Person


class Journey(models.Model):
    """What is to follow on what. What is being written is in `draft`; whoever enters takes the newest version."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT)
    draft = models.JSONField()  # as `definitions.read` takes it, once it is complete
    version = models.ForeignKey("Version", models.PROTECT, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    looked_at = models.DateTimeField(null=True)  # when somebody last looked whose day it is, or who is in the segment
    held_above = models.IntegerField(null=True)  # paused by itself: more than so many would have set out at once

    class Meta:
        ordering = ["-changed_at", "-id"]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """A journey as it was published, with the trees of its segments. Never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    journey = models.ForeignKey(Journey, models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    deed = models.TextField(blank=True)  # the kind of entry that begins it; empty: something else does
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")  # whose powers it uses
    published_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journey", "number"], name="journey_version_once")]

    def __str__(self) -> str:
        return f"{self.journey} {self.number}"


class Walk(models.Model):
    """One person on their way through one version."""

    class State(models.TextChoices):
        INSIDE = "inside"
        ENDED = "ended"
        LEFT = "left"  # out of the reach of whoever published it
        BROKEN = "broken"  # the database refused what came next

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    journey = models.ForeignKey(Journey, models.CASCADE, related_name="walks", db_index=False)
    version = models.ForeignKey(Version, models.PROTECT, related_name="walks", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="walks")
    began_by = models.TextField()  # what let them in: entry:<id>, day:<date>, segment:<time>
    state = models.CharField(max_length=6, choices=State, default=State.INSIDE)
    at = models.TextField(blank=True, default="")  # the step they are at; empty: before the first
    due_at = models.DateTimeField(default=now)  # when they may go on
    entered_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="", db_default="")  # why it broke off

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["journey", "person"], condition=models.Q(state="inside"), name="walk_one_at_a_time"
            ),
            models.UniqueConstraint(fields=["journey", "person", "began_by"], name="walk_begins_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="inside"), name="walk_due"),
            models.Index(fields=["version", "state", "at"], name="walk_numbers"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.at} {self.state}"


class Passed(models.Model):
    """That somebody passed a step, and how."""

    pk = models.CompositePrimaryKey("walk", "step")
    walk = models.ForeignKey(Walk, models.CASCADE, related_name="passed", db_index=False)
    version = models.ForeignKey(Version, models.CASCADE, related_name="+", db_index=False)
    step = models.TextField()
    result = models.TextField(blank=True)  # of a fork: then or else; of a mail: sent, or why not
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["version", "step", "result"], name="passed_numbers")]

    def __str__(self) -> str:
        return f"{self.step} {self.result}"


class Ask(models.Model):
    """What a human is asked to do for somebody: a user, or whoever holds a verb where that person is."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        PASSED = "passed"
        OVER = "over"  # nobody answered in time

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    walk = models.ForeignKey(Walk, models.CASCADE, related_name="asks", db_index=False)
    step = models.TextField()
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    verb = models.TextField(blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False)
    words = models.TextField()
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField(default=now)
    until = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["walk", "step"], name="ask_once")]
        indexes = [models.Index(fields=["until"], condition=models.Q(state="open"), name="ask_open")]

    def __str__(self) -> str:
        return f"{self.words[:40]} {self.state}"


class Seen(models.Model):
    """Who was in the segment of a journey when somebody last looked: who is in it now and not here has entered it."""

    pk = models.CompositePrimaryKey("journey", "person")
    journey = models.ForeignKey(Journey, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)
