"""People as rows of the kit's table: a name that leads to their page, how to reach them, where they live."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from groundswell.people import hooks, selectors
from groundswell.people.models import Person
from groundswell.people.rules import phone_shown


def columns() -> list[dict[str, str]]:
    return [{"label": label, "key": ""} for label in (_("Name"), _("Email"), _("Phone"), _("Place"))]


def rows(found: Sequence[Person]) -> list[dict[str, Any]]:
    """For people in the viewer's reach."""
    reached = selectors.reached_by(found)
    return [_row(one, **reached.get(one.pk, {})) for one in found]


def _row(person: Person, email: str = "", phone: str = "") -> dict[str, Any]:
    return {
        "cells": [
            {"text": str(person), "href": hooks.person_page(person.pk)},
            {"text": email, "href": email and f"mailto:{email}"},
            {"text": phone and phone_shown(phone), "href": phone and f"tel:{phone}"},
            {"text": selectors.place_of(person)},
        ]
    }
