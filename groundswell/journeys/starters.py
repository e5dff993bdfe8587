"""Journeys to begin with."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from groundswell.people.verbs import SEE
from groundswell.powers.movement import movement

BLANK: dict[str, Any] = {"trigger": {"is": "deed", "kind": "event.rsvp", "on": ""}, "steps": []}


def newcomer() -> tuple[str, dict[str, Any]]:
    """A newcomer hears from a human within two days: its name and its draft, with words in each language."""
    asked = {"is": "ask", "who": f"verb:{SEE}", "hours": 12, "else": [_mail()]}
    return _("A newcomer hears from a human within 48 hours"), {
        "trigger": {"is": "deed", "kind": "consent.given", "on": ""},
        "steps": [
            asked | {"words": _("Call them, say hello, and ask what brought them here."), "then": [{"is": "end"}]},
            {"is": "wait", "number": 1, "unit": "days"},
            asked | {"words": _("Nobody has spoken with them yet. Please call today."), "then": [], "else": []},
        ],
    }


def _mail() -> dict[str, Any]:
    step: dict[str, Any] = {"is": "mail", "purpose": "news"}
    for code in movement().languages:
        with translation.override(code):
            step[f"subject_{code}"] = _("Welcome, {first_name|friend}")
            step[f"body_{code}"] = _(
                "Hello {first_name|friend},\n\nthank you for joining {movement}. "
                "Somebody near you will be in touch. Until then: what brought you here? Just answer this mail."
            )
    return step
