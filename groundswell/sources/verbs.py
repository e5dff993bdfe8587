"""The verbs of this floor."""

from django.utils.translation import gettext_lazy as _

from groundswell.powers.hooks import Verb

LINKS = "sources.links"

VERBS = [Verb(LINKS, _("see where people come from and make source codes"))]
