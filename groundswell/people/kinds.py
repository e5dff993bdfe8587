"""The ledger kinds this floor writes."""

from django.utils.translation import gettext_lazy as _

from groundswell.ledger.hooks import Kind

KINDS = [
    Kind("person.added", _("became known to us"), {"how": str}),
    Kind("person.changed", _("told us more about themselves"), {"fields": list}),
    Kind("person.contact_added", _("gave a way to reach them"), {"channel": str}),
    Kind("person.contact_lost", _("lost an address to whoever proved that it is theirs"), {"channel": str}),
    Kind("person.contact_verified", _("confirmed an address"), {"channel": str}),
    Kind(
        "person.contact_marked", _("has an address of which we learned how it works"), {"channel": str, "status": str}
    ),
    Kind("person.tagged", _("was tagged")),
    Kind("person.untagged", _("lost a tag")),
    Kind("person.field_set", _("had a field changed"), {"field": str}),
    Kind("person.looked_at", _("was looked at")),
    Kind("people.field_defined", _("a field about people was defined"), {"field": str}),
    Kind("consent.given", _("agreed"), {"purpose": str, "channel": str, "wording": str}),
    Kind("segment.made", _("made a segment"), {"conditions": int, "frozen": bool}),
    Kind("segment.changed", _("changed a segment"), {"conditions": int, "frozen": bool}),
    Kind("segment.removed", _("removed a segment")),
    Kind("consent.withdrawn", _("took back an agreement"), {"purpose": str, "channel": str}),
]
