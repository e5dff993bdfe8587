"""The ledger kinds this floor writes."""

from django.utils.translation import gettext_lazy as _

from groundswell.ledger.hooks import Kind

KINDS = [
    Kind("powers.given", _("was given a power"), {"verb": str, "scope": str, "from_grant": str}),
    Kind("powers.revoked", _("lost a power"), {"verb": str, "scope": str}),
    Kind("movement.settings_changed", _("changed the movement's settings"), {"fields": list}),
]
