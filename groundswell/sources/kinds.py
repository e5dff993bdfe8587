"""The ledger kinds this floor writes."""

from django.utils.translation import gettext_lazy as _

from groundswell.ledger.hooks import Kind

KINDS = [Kind("source.link_made", _("a source code was made"))]
