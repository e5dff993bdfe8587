"""Reviewing events."""

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form


class NoteForm(Form):
    """What a reviewer writes to a host."""

    note = forms.CharField(
        label=_("What should the host change?"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
