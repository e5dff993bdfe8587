"""The verbs of this floor. `EVERYTHING` covers every other verb."""

from django.utils.translation import gettext_lazy as _

from groundswell.powers.hooks import Verb

EVERYTHING = "everything"
SETTINGS = "movement.settings"
HQ = "hq.open"

VERBS = [
    Verb(EVERYTHING, _("do everything"), strong=True),
    Verb(SETTINGS, _("change the movement's name, look and rules")),
    Verb(HQ, _("open headquarters")),
]
