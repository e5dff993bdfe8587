"""Forms of the pages about people: a tag, the facts a movement keeps, and defining one."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form
from groundswell.people import rules
from groundswell.people.models import Field


class TagForm(Form):
    """One word for a person."""

    tag = forms.CharField(
        label=_("New tag"),
        max_length=rules.TAG_LIMIT,
        widget=forms.TextInput(attrs={"list": "tags-known", "autocomplete": "off"}),
    )


class FactsForm(Form):
    """A person's values of the movement's fields, each in an input of its type; empty ones are not kept."""

    def __init__(self, fields: Sequence[Field], values: Mapping[UUID, Any], data: Any = None) -> None:
        initial = {field.name: _written(values[field.pk]) for field in fields if field.pk in values}
        super().__init__(data, initial=initial, auto_id="fact_%s", prefix="fact")
        self.kept = {field.name: field for field in fields}
        self.fields = {field.name: _input(field) for field in fields}

    def clean(self) -> dict[str, Any] | None:
        for name, field in self.kept.items():
            written = self.cleaned_data.get(name, "")
            try:
                if written.strip():
                    rules.field_value(field.type, field.choices, field.label, written)
            except rules.BadValue as error:
                self.add_error(name, str(error))
        return super().clean()

    def written(self) -> list[tuple[Field, str]]:
        """Each field that was in the form, with what was written."""
        return [
            (field, self.cleaned_data[name]) for name, field in self.kept.items() if self.add_prefix(name) in self.data
        ]


class FieldForm(Form):
    """One more fact to keep about people."""

    label = forms.CharField(
        label=_("What it is called"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    type = forms.ChoiceField(label=_("Type"), choices=Field.Type.choices)
    choices = forms.CharField(
        label=_("The list"),
        required=False,
        help_text=_("Only for one of a list: one choice on a line."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class LinkForm(Form):
    """A source code with a label."""

    label = forms.CharField(
        label=_("What it is for"), max_length=120, help_text=_("For instance: flyer at the farmers' market, June.")
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=64,
        required=False,
        help_text=_("What stands on the link. Leave it empty and we make one."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _input(field: Field) -> forms.Field:
    nothing = ("", "–")
    match field.type:
        case Field.Type.YES_NO:
            choices = [nothing, ("yes", _("yes")), ("no", _("no"))]
            return forms.CharField(label=field.label, required=False, widget=forms.Select(choices=choices))
        case Field.Type.CHOICE:
            choices = [nothing, *((word, word) for word in field.choices)]
            return forms.CharField(label=field.label, required=False, widget=forms.Select(choices=choices))
        case Field.Type.DATE:
            return forms.CharField(label=field.label, required=False, widget=forms.TextInput(attrs={"type": "date"}))
        case Field.Type.NUMBER:
            widget = forms.TextInput(attrs={"inputmode": "decimal"})
            return forms.CharField(label=field.label, required=False, widget=widget)
        case _:
            return forms.CharField(label=field.label, required=False)


def _written(value: Any) -> str:
    """A kept value as one would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
