"""What helps to write: drafts kept for another time, and what the world answered about what a mailing points to."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.messaging.models.mailings import Mailing


class Template(models.Model):
    """A draft to begin from, in all its languages."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=80)
    texts = models.JSONField(default=dict)  # {language: {"preview": ..., "body": ..., "subjects": {number: ...}}}
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["name", "-made_at"]

    def __str__(self) -> str:
        return self.name


class Probe(models.Model):
    """What answered when we looked at something a mailing depends on: a link, a picture, the domain it comes from."""

    class Kind(models.TextChoices):
        LINK = "link"
        IMAGE = "image"
        DOMAIN = "domain"

    class State(models.TextChoices):
        WAITING = "waiting"
        FINE = "fine"
        SILENT = "silent"  # no answer now, or one that is no word on whether it is there
        WRONG = "wrong"

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="probes", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind)
    target = models.TextField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    found = models.JSONField(default=dict)  # of a link and an image `problem`, `bytes`; of a domain its records
    looked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "id"]
        constraints = [models.UniqueConstraint(fields=["mailing", "kind", "target"], name="probe_once")]

    def __str__(self) -> str:
        return f"{self.target} {self.state}"
