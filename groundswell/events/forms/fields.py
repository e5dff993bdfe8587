"""What forms of events share."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import capfirst

from groundswell.events.models import Event
from groundswell.people.rules import NewPerson
from groundswell.powers.movement import movement


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def person_of(asked: Mapping[str, Any], language: str) -> NewPerson:
    """Who filled in a form, as they wrote it."""
    names = ("given_name", "family_name", "email", "phone", "postal_code")
    return NewPerson(**{name: asked[name] for name in names}, language=language, country=movement().country)


def event_types() -> list[tuple[str, str]]:
    """Kinds of events as choices, with a capital letter."""
    return [(value, capfirst(str(label))) for value, label in Event.Type.choices]
