"""The hosts' desk: who walked in, writing to guests, the same event again."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.events.forms.coming import BOXES, agreed_to, label_boxes
from groundswell.events.forms.fields import DateInput
from groundswell.events.rules import FURTHEST, LONGEST_PARTING
from groundswell.events.services import Agreed
from groundswell.kit import clock
from groundswell.kit.forms import Form
from groundswell.people.rules import NewPerson
from groundswell.powers.movement import movement


class WalkInForm(Form):
    """Somebody who walked in, in one line. The boxes are theirs to have ticked."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reached = forms.CharField(
        label=_("Email or phone"), max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    events_by_email = forms.BooleanField(required=False)
    news_by_email = forms.BooleanField(required=False)
    texts_by_phone = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_boxes(self)

    def answers(self) -> "WalkIn":
        """Who came and what they agreed to, once it is valid: only to what they can be reached by."""
        asked = self.cleaned_data
        given_name, _space, family_name = asked["name"].partition(" ")
        by_email = "@" in asked["reached"]
        reached_by = "email" if by_email else "phone"
        person = NewPerson(
            given_name=given_name,
            family_name=family_name,
            country=movement().country,
            email=asked["reached"] if by_email else "",
            phone="" if by_email else asked["reached"],
        )
        ticked = [name for name, (_purpose, channel) in BOXES.items() if asked[name] and channel == reached_by]
        return WalkIn(person, agreed_to(ticked))

    def show_problems(self, problems: Iterable[tuple[str, str]]) -> None:
        """The problems of a person, on the field that says it."""
        super().show_problems((_WALK_IN_FIELDS.get(field, field), sentence) for field, sentence in problems)


_WALK_IN_FIELDS = {"given_name": "name", "family_name": "name", "email": "reached", "phone": "reached"}


class WalkIn(NamedTuple):
    """A filled-in line of somebody who walked in."""

    person: NewPerson
    agreed: Sequence[Agreed]


class MessageForm(Form):
    """What a host writes to the guests."""

    to = forms.ChoiceField(label=_("For whom"), widget=forms.RadioSelect)
    subject = forms.CharField(label=_("Subject"), widget=forms.TextInput(attrs={"maxlength": 120}))
    text = forms.CharField(
        label=_("What you want to say"),
        help_text=_("Plain text. Above it stands “Hello”, below it when and where."),
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": 3_000}),
    )
    answers = forms.BooleanField(label=_("Answers go to my email address; guests see it"), required=False)


class CallOffForm(Form):
    """What a host says to the guests of an event they call off."""

    words = forms.CharField(
        label=_("What you want to say to them, if you like"),
        help_text=_("Plain text, up to 1,000 characters. It stands in the mail that tells them."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONGEST_PARTING}),
    )


class CopyForm(Form):
    """On which days an event is to happen again."""

    day = forms.DateField(label=_("First date"), widget=DateInput())
    times = forms.IntegerField(
        label=_("How many times, every week"),
        help_text=_("1 for this date only, up to 20."),
        min_value=1,
        max_value=20,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > clock.now().date() + FURTHEST:
            raise forms.ValidationError(_("This is more than two years away. Check the year."))
        return day
