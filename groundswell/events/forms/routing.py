"""Offering more places than there are."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form


class OverbookForm(Form):
    """How likely it may be that more come than fit."""

    percent = forms.TypedChoiceField(
        label=_("How often may it happen that more come than fit?"), coerce=int, widget=forms.RadioSelect
    )

    def __init__(self, offers: Sequence[tuple[int, int]], *args: Any, **kwargs: Any) -> None:
        """`offers`: for each chance in percent how many places more."""
        super().__init__(*args, **kwargs)
        shown = [
            (
                percent,
                ngettext("%(percent)d %%: %(n)d place more", "%(percent)d %%: %(n)d places more", more)
                % {"percent": percent, "n": more},
            )
            for percent, more in offers
        ]
        self.choose("percent", [(0, gettext("Never: offer no places more")), *shown])
