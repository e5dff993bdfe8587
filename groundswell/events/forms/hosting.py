"""Hosting an event: what it is, who runs it. Its times are in `shifts`."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groundswell.events.forms.fields import event_types, person_of
from groundswell.events.models import Event
from groundswell.events.rules import EventDetails, ShiftDetails
from groundswell.kit.forms import Form
from groundswell.people.rules import NewPerson
from groundswell.powers.movement import movement
from groundswell.powers.public import PublicForm

LANGUAGES = [
    ("en", _("English")),
    ("es", _("Spanish")),
    ("zh", _("Chinese")),
    ("vi", _("Vietnamese")),
    ("ar", _("Arabic")),
    ("fr", _("French")),
    ("ht", _("Haitian Creole")),
    ("ase", _("American Sign Language")),
]
TIME_ZONES = [
    ("America/New_York", _("Eastern time")),
    ("America/Chicago", _("Central time")),
    ("America/Denver", _("Mountain time")),
    ("America/Phoenix", _("Arizona time")),
    ("America/Los_Angeles", _("Pacific time")),
    ("America/Anchorage", _("Alaska time")),
    ("Pacific/Honolulu", _("Hawaii time")),
    ("America/Puerto_Rico", _("Puerto Rico time")),
]


class EventForm(PublicForm):
    """What a host says about an event; the shifts are beside it in `ShiftForms`."""

    title = forms.CharField(
        label=_("What do you call it?"),
        help_text=_("Short and warm: “Pie and phone calls at the Reeds’”."),
        widget=forms.TextInput(attrs={"maxlength": 120}),
    )
    type = forms.ChoiceField(label=_("What kind of event is it?"), choices=Event.Type.choices)
    description = forms.CharField(
        label=_("What will you do together?"),
        required=False,
        help_text=_("What happens, what to bring, whom it is for. A few sentences are plenty."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    online = forms.ChoiceField(
        label=_("How do people meet?"),
        choices=[("no", _("In person")), ("yes", _("Online"))],
        initial="no",
        widget=forms.RadioSelect,
    )
    postal_code = forms.CharField(
        label=_("ZIP"),
        help_text=_("So that neighbors find it, and the clock is right."),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "maxlength": 12}),
    )
    city = forms.CharField(
        label=_("City"), required=False, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    venue = forms.CharField(
        label=_("Name of the place"), required=False, help_text=_("“The Reeds’ porch”, “Main Street Library, room 2”.")
    )
    street = forms.CharField(
        label=_("Street and number"), required=False, widget=forms.TextInput(attrs={"autocomplete": "street-address"})
    )
    place_shown = forms.ChoiceField(
        label=_("Who sees the street and number?"),
        choices=[
            ("guests", _("Only people who say they come; others see about where it is")),
            ("everyone", _("Everybody")),
        ],
        initial="guests",
        widget=forms.RadioSelect,
    )
    online_url = forms.CharField(
        label=_("Link to join"),
        required=False,
        help_text=_("Shown only to people who say they come."),
        widget=forms.TextInput(attrs={"type": "url", "placeholder": "https://"}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("Of an online event. Otherwise the place says it."),
    )
    accessibility = forms.CharField(
        label=_("Getting in and around"),
        required=False,
        help_text=_("Steps, restrooms, parking, pets, scents, captions: what somebody should know before they come."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages spoken"), required=False, choices=LANGUAGES, widget=forms.CheckboxSelectMultiple
    )
    visibility = forms.ChoiceField(
        label=_("Who can find it?"),
        choices=[("public", _("Everybody, in the list and on the map")), ("unlisted", _("Only people with the link"))],
        initial="public",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("type", event_types())
        if self.data.get("online") == "yes" or self.initial.get("country", "US") != "US":
            self.fields["postal_code"].required = False
        home = movement().time_zone
        zones = [("", gettext("Of the place")), *TIME_ZONES]
        kept = self.initial.get("time_zone", "")
        extra = [(zone, zone) for zone in (home, kept) if zone and zone not in dict(TIME_ZONES)]
        self.choose("time_zone", [*zones, *dict(extra).items()])
        kept_languages = [(code, code) for code in self.initial.get("languages", ()) if code not in dict(LANGUAGES)]
        self.choose("languages", [*LANGUAGES, *kept_languages])

    def details(self, shifts: Sequence[ShiftDetails]) -> EventDetails:
        """What was written; `rules.check` decides whether it can stand."""
        asked = self.cleaned_data
        fields = ("title", "type", "description", "postal_code", "city", "venue", "street", "place_shown")
        more = ("online_url", "accessibility", "visibility")
        return EventDetails(
            **{name: asked[name] for name in (*fields, *more)},
            online=asked["online"] == "yes",
            shifts=shifts,
            country=self.initial.get("country", movement().country),
            time_zone=asked["time_zone"] if asked["online"] == "yes" else "",
            languages=asked["languages"],
        )


class EditForm(EventForm):
    """An event that is there, as it was read."""

    version = forms.IntegerField(widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def overwritten(self) -> list[tuple[str, str]]:
        """What stands in `initial` where something else is written: each field's label, and the words there."""
        return [
            (str(self.fields[name].label), _in_words(self.fields[name], self.initial.get(name)))
            for name in self.changed_data
            if not self.fields[name].widget.is_hidden
            and str(self.data.get(name, "")).split() != str(self.initial.get(name, "")).split()
        ]


def _in_words(field: forms.Field, value: object) -> str:
    if not isinstance(field, forms.ChoiceField):
        return str(value or "") or "–"
    choices: Any = field.choices
    words = dict(choices)
    return ", ".join(str(words.get(one, one)) for one in (value if isinstance(value, list) else [value])) or "–"


class NewEventForm(EventForm):
    """An event and who hosts it."""

    given_name = forms.CharField(
        label=_("Your first name"),
        help_text=_("Shown as the host."),
        widget=forms.TextInput(attrs={"autocomplete": "given-name", "maxlength": 100}),
    )
    family_name = forms.CharField(
        label=_("Your last name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name", "maxlength": 100}),
    )
    email = forms.CharField(
        label=_("Your email"),
        help_text=_("We send a link to confirm it. It is not shown to anybody."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Your phone"),
        required=False,
        help_text=_("In case whoever reviews your event has a question."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def person(self, language: str) -> NewPerson:
        return person_of(self.cleaned_data, language)


class CoHostForm(Form):
    """Somebody to run the event with."""

    given_name = forms.CharField(label=_("First name"), max_length=100)
    email = forms.CharField(label=_("Email"), widget=forms.EmailInput())
