"""The verbs of this floor."""

from django.utils.translation import gettext_lazy as _

from groundswell.powers.hooks import Verb

HQ = "hq.open"  # declared by powers
SETTINGS = "movement.settings"  # declared by powers
MEND = "jobs.mend"

VERBS = [Verb(MEND, _("start parked jobs again"))]
