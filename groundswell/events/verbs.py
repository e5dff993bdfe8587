"""The verbs of this floor."""

from django.utils.translation import gettext_lazy as _

from groundswell.powers.hooks import Verb

HOST = "events.host"
HOST_UNREVIEWED = "events.host_unreviewed"
REVIEW = "events.review"
CHANGE = "events.change"
WRITE = "events.write"

VERBS = [
    Verb(HOST, _("host events"), everyone=True),
    Verb(HOST_UNREVIEWED, _("host events without review"), counted=True),
    Verb(REVIEW, _("review events that wait for approval"), strong=True, counted=True),
    Verb(CHANGE, _("change events of others and see who comes"), strong=True),
    Verb(WRITE, _("write to guests of events that others host"), strong=True, counted=True),
]
