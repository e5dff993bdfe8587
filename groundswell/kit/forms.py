"""What our forms share: our own sentences where Django has its own, choices set late, problems put on their fields."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

Choices = Iterable[tuple[Any, Any]]


class Form(forms.Form):
    """A form that answers in our words also what only a broken or made-up page sends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if "invalid_choice" in field.error_messages:
                field.error_messages["invalid_choice"] = _("Choose one of the list.")
            field.validators = [
                ProhibitNullCharactersValidator(_("This has a character that cannot be written. Please type it again."))
                if isinstance(validator, ProhibitNullCharactersValidator)
                else validator
                for validator in field.validators
            ]

    def choose(self, name: str, choices: Choices) -> None:
        """Set what a field's list offers, where it depends on who asks or what is there."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def show_problems(self, problems: Iterable[tuple[str, str]]) -> None:
        """Put each problem on its field, or at the top where the form has no such field."""
        for field, sentence in problems:
            self.add_error(field if field in self.fields else None, sentence)
