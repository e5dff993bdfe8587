"""When those who come are reminded."""

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form

CHOICES = [("72", _("three days before")), ("24", _("a day before")), ("2", _("two hours before"))]


class RemindersForm(Form):
    """Any of them, or none."""

    reminders = forms.MultipleChoiceField(
        label=_("Remind those who come"), choices=CHOICES, required=False, widget=forms.CheckboxSelectMultiple
    )
