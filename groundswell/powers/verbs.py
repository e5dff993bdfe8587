"""The verbs of this floor. `EVERYTHING` covers every other verb."""

from django.utils.translation import gettext_lazy as _

from groundswell.powers.hooks import Verb

EVERYTHING = "everything"

VERBS = [
    Verb(EVERYTHING, _("do everything"), strong=True),
    Verb("movement.settings", _("change the movement's name, look and rules")),
    Verb("hq.open", _("open headquarters")),
]
