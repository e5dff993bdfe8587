"""Mailings and how they are worded."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.people.models import Segment


class Mailing(models.Model):
    """An email to many. Who gets it is frozen when it begins: one delivery for each of them."""

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        ASKED = "asked", _("waits for a second person")
        WAITING = "waiting", _("goes soon")  # until `starts_at`, when it can be called back no more
        SENDING = "sending", _("on its way")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped")
        FINISHED = "finished", _("finished")

    class Priority(models.IntegerChoices):
        LOW = 0, _("may wait for another week")
        NORMAL = 1, _("as usual")
        HIGH = 2, _("before others")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=80)  # for us; nobody who gets it sees it
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+", verbose_name=_("to whom"))
    purpose = models.CharField(_("what for"), max_length=40, default="news")  # to which people must have agreed
    priority = models.SmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    from_name = models.CharField(_("from"), max_length=60, blank=True)  # empty: the movement
    reply_to = models.EmailField(_("answers go to"), blank=True)
    wanted_at = models.DateTimeField(_("when"), null=True)  # not before then; None: at once
    from_hour = models.SmallIntegerField(_("not before"), null=True)  # on the clock of who gets it
    to_hour = models.SmallIntegerField(_("not after"), null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    starts_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    people = models.IntegerField(default=0)  # in the frozen audience
    ended_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")  # why it is paused

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return self.name


class Part(models.Model):
    """A part of a mailing's people, while the audience is frozen."""

    pk = models.CompositePrimaryKey("mailing", "number")
    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="parts", db_index=False)
    number = models.SmallIntegerField()
    up_to = models.UUIDField(null=True)  # the last person of whom it was decided
    people = models.IntegerField(default=0)
    done = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.number}: {self.people}"


class Draft(models.Model):
    """One way to say it; beside others, of which each goes to its share of the people."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="drafts")
    number = models.SmallIntegerField()  # shown as a letter: A, B, C

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["mailing", "number"], name="draft_numbered_once")]

    def __str__(self) -> str:
        return chr(ord("A") + self.number)


class Version(models.Model):
    """A draft in one language."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    draft = models.ForeignKey(Draft, models.CASCADE, related_name="versions")
    language = models.CharField(max_length=8)
    preview = models.CharField(_("preview"), max_length=150, blank=True)  # what mailboxes show after the subject
    body = models.TextField(_("text"), max_length=100_000, blank=True)

    class Meta:
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["draft", "language"], name="version_once")]

    def __str__(self) -> str:
        return f"{self.draft} ({self.language})"


class Subject(models.Model):
    """One of the subjects under which a draft goes, in one language."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(Version, models.CASCADE, related_name="subjects")
    number = models.SmallIntegerField()  # the same in every language
    text = models.CharField(_("subject"), max_length=200)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="subject_numbered_once")]

    def __str__(self) -> str:
        return self.text
