"""The forms of mailings: what one is called, to whom it goes, for what, when; and a note with a decision."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groundswell.kit import clock, contacts
from groundswell.kit.forms import Choices, Form
from groundswell.messaging import words
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.services.mailings import Details
from groundswell.messaging.services.settling import ENDS, NOTE_LIMIT
from groundswell.people import lists
from groundswell.people import selectors as people
from groundswell.people.models import Segment
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer


def _hours() -> Choices:
    return [("", _("any hour")), *((str(hour), f"{hour}:00") for hour in range(24))]


class MailingForm(Form):
    """A mailing, beside its words."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("For you and your team. Nobody who gets it sees this.")
    )
    segment = forms.ModelChoiceField(
        label=_("To whom"), queryset=Segment.objects.none(), required=False, empty_label=_("Choose a segment")
    )
    purpose = forms.ChoiceField(label=_("What for"), help_text=_("Only those get it who agreed to mails for this."))
    priority = forms.TypedChoiceField(
        label=_("Where somebody would get too many mails this week"),
        choices=Mailing.Priority.choices,
        coerce=int,
        initial=Mailing.Priority.NORMAL,
    )
    from_name = forms.CharField(
        label=pgettext_lazy("a sender", "From"),
        max_length=60,
        required=False,
        help_text=_("Empty: the name of the movement."),
    )
    reply_to = forms.EmailField(label=_("Answers go to"), required=False)
    wanted_at = forms.DateTimeField(
        label=_("Not before"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: as soon as it is launched."),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    from_hour = forms.TypedChoiceField(
        label=pgettext_lazy("an hour", "From"), choices=_hours, coerce=int, empty_value=None, required=False
    )
    to_hour = forms.TypedChoiceField(
        label=pgettext_lazy("an hour", "To"), choices=_hours, coerce=int, empty_value=None, required=False
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("purpose", lists.purposes())
        segments = self.fields["segment"]
        assert isinstance(segments, forms.ModelChoiceField)
        segments.queryset = people.access_segments(viewer)

    def clean_reply_to(self) -> str:
        written = self.cleaned_data["reply_to"]
        try:
            return contacts.email(written) if written else ""
        except contacts.BadContact as error:
            raise forms.ValidationError(str(error)) from None

    def clean_wanted_at(self) -> datetime | None:
        """On the clock of headquarters."""
        wanted: datetime | None = self.cleaned_data["wanted_at"]
        if wanted is None:
            return None
        wanted = wanted.replace(tzinfo=ZoneInfo(movement().time_zone))
        if wanted < clock.now():
            raise forms.ValidationError(_("This is over. Choose a time to come, or leave it empty."))
        return wanted

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        hours = [found.get("from_hour"), found.get("to_hour")]
        if None in hours and hours != [None, None]:
            self.add_error("to_hour", _("Choose both hours, or neither."))
        elif None not in hours and hours[0] == hours[1]:
            self.add_error("to_hour", _("Between these there is no time at all."))
        return found

    def details(self) -> Details:
        """What was filled in."""
        return Details(**self.cleaned_data)


def initial(mailing: Mailing) -> dict[str, Any]:
    """The form of a mailing that is there."""
    names = ("name", "segment", "purpose", "priority", "from_name", "reply_to", "from_hour", "to_hour")
    found = {name: getattr(mailing, name) for name in names}
    zone = ZoneInfo(movement().time_zone)
    return found | {"wanted_at": mailing.wanted_at and mailing.wanted_at.astimezone(zone).replace(tzinfo=None)}


class CopiesForm(Form):
    """Which copies of a mailing to show, as a number's link asks for them."""

    state = forms.ChoiceField(choices=Delivery.State.choices, required=False)
    why = forms.CharField(max_length=500, required=False)
    signal = forms.ChoiceField(choices=list(words.SIGNALS.items()), required=False)
    draft = forms.UUIDField(required=False)
    subject = forms.UUIDField(required=False)
    link = forms.IntegerField(min_value=1, max_value=2**62, required=False)
    lost_to = forms.UUIDField(required=False)
    after = forms.UUIDField(required=False)


class SettleForm(Form):
    """What became of a copy, and how they know."""

    state = forms.ChoiceField(choices=[(state, state) for state in ENDS])
    note = forms.CharField(max_length=NOTE_LIMIT, required=False)
