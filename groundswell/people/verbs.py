"""The verbs of this floor."""

from django.utils.translation import gettext_lazy as _

from groundswell.powers.hooks import Verb

SEE = "people.see"
CHANGE = "people.change"

VERBS = [
    Verb(SEE, _("see people and how to reach them"), strong=True),
    Verb(CHANGE, _("change people's records, tags and fields"), strong=True),
]
