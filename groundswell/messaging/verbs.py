"""The verbs of this floor."""

from django.utils.translation import gettext_lazy as _

from groundswell.powers.hooks import Verb

WRITE = "mailings.write"
SEND = "mailings.send"

VERBS = [
    Verb(WRITE, _("write mailings and see how they do"), strong=True),
    Verb(SEND, _("send mailings, and agree to those of others"), strong=True),
]
