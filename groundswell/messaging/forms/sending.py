"""The form of a domain: its warming up, and how many mails an hour each kind of mailbox takes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form
from groundswell.messaging.models import Domain, Mailbox


class DomainForm(Form):
    """How fast mail goes out from one domain."""

    name = forms.CharField(max_length=253, widget=forms.HiddenInput)
    warm_from = forms.DateField(
        label=_("First day of its warming up"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: mailbox providers know this domain already."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for box in Mailbox:
            self.fields[f"per_hour_{box.value}"] = forms.IntegerField(
                label=_("other mailboxes") if box == Mailbox.OTHER else box.label,
                required=False,
                min_value=1,
                max_value=10_000_000,
                widget=forms.NumberInput(attrs={"placeholder": _("any number")}),
            )

    def boxes(self) -> list[forms.BoundField]:
        """The fields of the kinds of mailbox."""
        return [self[f"per_hour_{box.value}"] for box in Mailbox]

    def per_hour(self) -> dict[int, int]:
        """What was filled in, by `Mailbox`."""
        found = {box.value: self.cleaned_data[f"per_hour_{box.value}"] for box in Mailbox}
        return {box: number for box, number in found.items() if number}

    @classmethod
    def of(cls, domain: Domain) -> "DomainForm":
        """The form of a domain as it is."""
        hours = {f"per_hour_{box}": number for box, number in domain.per_hour.items()}
        return cls(initial={"name": domain.name, "warm_from": domain.warm_from, **hours}, auto_id=f"{domain.name}-%s")
