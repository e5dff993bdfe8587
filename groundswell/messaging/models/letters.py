"""How a movement words the mails that the house sends by itself."""

from django.conf import settings
from django.db import models

from groundswell.kit.clock import now


class Worded(models.Model):
    """The movement's own words for one kind of mail in one language; without a row ours are in force."""

    pk = models.CompositePrimaryKey("letter", "language")
    letter = models.TextField()  # a name of `hooks.letters`
    language = models.CharField(max_length=8)
    subject = models.TextField()  # with merge fields
    text = models.TextField()  # paragraphs between empty lines, with merge fields
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.letter} {self.language}"
