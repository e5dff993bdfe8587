"""The ledger kinds this floor writes. `on` is the journey. Steps that were passed are no deeds: they have a table."""

from django.utils.translation import gettext_lazy as _

from groundswell.ledger.hooks import Kind

KINDS = [
    Kind("journey.made", _("began a journey")),
    Kind("journey.published", _("published a journey"), {"version": int}),
    Kind("journey.paused", _("paused a journey")),
    Kind("journey.resumed", _("let a journey go on")),
    Kind("journey.entered", _("set out on a journey"), {"version": int}),
    Kind("journey.asked", _("was given into a human’s care"), {"ask": str}),
    Kind("journey.answered", _("was cared for by a human"), {"ask": str, "answer": str}),
]
