"""What one may choose about the mail one gets."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groundswell.kit.forms import Form
from groundswell.messaging.rules import EVERYTHING
from groundswell.powers.movement import movement

FEWER = "fewer:"
TEAM, THESE, AS_BEFORE = "team", "these", "as_before"


class ChoiceForm(Form):
    """Less, from fewer, none of these, nothing."""

    choice = forms.ChoiceField(label=gettext_lazy("From now on"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, these: str, **kwargs: Any) -> None:
        """`these`: what mails of the purpose at hand are called; empty: none is at hand."""
        super().__init__(*args, **kwargs)
        fewer = [(f"{FEWER}{n}", _fewer(n)) for n in range(1, min(3, movement().mails_per_week))]
        this = [(THESE, _("None of these: %(what)s") % {"what": these})] if these else []
        self.choose(
            "choice",
            [
                *this,
                *fewer,
                (TEAM, _("Only from hosts of events I come to")),
                (EVERYTHING, _("Nothing by email at all")),
            ],
        )


def _fewer(n: int) -> str:
    said = ngettext("Less often: at most %(n)d mailing a week", "Less often: at most %(n)d mailings a week", n)
    return said % {"n": n}
