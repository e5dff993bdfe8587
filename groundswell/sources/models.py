"""Sources and touches."""

from django.db import models

from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.people.models import Person


class Source(models.Model):
    """Where people come from."""

    class Kind(models.TextChoices):
        LINK = "link"  # a code we put on a link
        SHARER = "sharer"  # a person who shares
        UNKNOWN = "unknown"  # a code that came in and that nobody here issued

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    label = models.CharField(max_length=120, blank=True)
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, related_name="sources"
    )  # of a sharer's code: who shares
    added_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.label or self.code


class Touch(models.Model):
    """One arrival through a source that led to a deed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="touches", db_index=False)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="touches", db_index=False)
    page = models.TextField(blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [
            models.Index(fields=["source", "-at"], name="touch_of_source"),
            models.Index(fields=["person", "-at"], name="touch_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.at}"
