"""Forms of the front: the movement's settings and handing on powers."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxValueValidator
from django.utils.text import format_lazy, get_text_list
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from groundswell.kit import contacts
from groundswell.kit.forms import Form
from groundswell.powers import hooks
from groundswell.powers.models import COLOUR, Grant, Movement
from groundswell.powers.movement import movement
from groundswell.powers.rules import LOGO_BYTES
from groundswell.powers.verbs import EVERYTHING
from groundswell.web import selectors


def _zones() -> list[tuple[str, str]]:
    """Zones people live in: those with a place in their name, the movement's country's first in the alphabet."""
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if _is_place(name)]


def _is_place(name: str) -> bool:
    return name.partition("/")[0] in {
        *("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"),
    }


def _languages() -> list[tuple[str, str]]:
    return [(code, str(get_language_info(code)["name_local"]).capitalize()) for code, _name in settings.LANGUAGES]


class SettingsForm(Form):
    """What a movement brings: its name, look and rules."""

    name = forms.CharField(label=_("Name"), max_length=80)
    tagline = forms.CharField(
        label=_("Tagline"),
        max_length=160,
        required=False,
        help_text=_("One sentence under the name: what you stand for."),
    )
    logo = forms.FileField(
        label=_("Logo"), required=False, help_text=_("A PNG, JPEG or WebP picture of at most 300 KB.")
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    colour = forms.CharField(
        label=_("Main colour"), validators=[COLOUR], widget=forms.TextInput(attrs={"type": "color"})
    )
    accent = forms.CharField(
        label=_("Accent colour"), validators=[COLOUR], widget=forms.TextInput(attrs={"type": "color"})
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_zones,
        help_text=_("The clock of headquarters. Events are always shown on the clock of their place."),
    )
    languages = forms.MultipleChoiceField(label=_("Languages"), choices=_languages, widget=forms.CheckboxSelectMultiple)
    review_first_events = forms.BooleanField(
        label=_("Review the first events of a new host before they are listed"),
        required=False,
        help_text=_("Without this, whoever confirmed their address publishes at once."),
    )
    postal_address = forms.CharField(
        label=_("Postal address"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands below every mailing, as the law asks. Without one no mailing goes out."),
    )
    mails_per_week = forms.IntegerField(
        label=_("Mailings a person gets in a week"),
        min_value=1,
        max_value=50,
        help_text=_("At most, whoever sends them. People may choose fewer."),
    )
    agree_above = forms.IntegerField(
        label=_("A second person agrees to mailings to more than so many people"),
        min_value=0,
        max_value=2_000_000_000,
        help_text=_("To everybody it is always two people who send."),
    )

    @classmethod
    def of(cls, kept: Movement) -> "SettingsForm":
        """The form with the settings as they are."""
        return cls(initial={name: getattr(kept, name) for name in cls.base_fields if hasattr(kept, name)})

    def changes(self) -> dict[str, Any]:
        """Fields of the movement and their new values."""
        found = {name: value for name, value in self.cleaned_data.items() if name not in {"logo", "remove_logo"}}
        upload = self.cleaned_data["logo"]
        if isinstance(upload, UploadedFile):
            found["logo"] = upload.read(LOGO_BYTES + 1)
        elif self.cleaned_data["remove_logo"]:
            found["logo"] = None
        return found


MOST_TIMES = 1_000_000
LAST_DAY = date(2999, 12, 31)


class PowerForm(Form):
    """A power for somebody: never more than the grants it may come from.

    Attributes:
        held_already: their grant that is no less than what was asked, for the page to show; None before it is known.
    """

    held_already: Grant | None = None

    email = forms.EmailField(
        label=_("Their email address"),
        help_text=_("They sign in with it. If they never did, the power waits for them."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    verb = forms.ChoiceField(label=_("They may"))
    scope = forms.ChoiceField(label=_("Where"))
    ends_on = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Empty: until somebody takes it back."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MaxValueValidator(LAST_DAY)],
    )
    limit = forms.IntegerField(label=_("How many times"), min_value=1, max_value=MOST_TIMES, required=False)
    may_hand_on = forms.IntegerField(
        label=_("May be handed on"),
        min_value=0,
        initial=0,
    )

    def __init__(self, *args: Any, grants: Sequence[Grant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {verb for grant in grants for verb in (hooks.verbs if grant.verb == EVERYTHING else [grant.verb])}
        verbs = [hooks.verb(name) for name in sorted(names)]
        self.choose("verb", ((verb.name, verb.sentence) for verb in verbs if not verb.everyone))
        places = dict(place for grant in grants for place in selectors.places_within(grant.scope))
        counted: list[Any] = [verb.sentence for verb in verbs if verb.counted]
        if counted:
            self.fields["limit"].help_text = format_lazy(
                _("Only to {powers}. Empty: as often as you may."), powers=get_text_list(counted, _("or"))
            )
        else:
            del self.fields["limit"]
        self.choose("scope", places.items())
        most = max((grant.may_hand_on for grant in grants), default=1) - 1
        self.fields["may_hand_on"].help_text = (
            _("Through how many further hands, at most %(most)d: with 0 it stays with them.") % {"most": most}
            if most
            else _("It stays with them: yours does not go further.")
        )
        self.fields["may_hand_on"].widget.attrs["max"] = most

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if asked.setdefault("limit", None) and "verb" in asked and not hooks.verb(asked["verb"]).counted:
            self.add_error("limit", _("Nobody counts how often this is done: leave the number of times empty."))
        return asked

    def clean_email(self) -> str:
        try:
            return contacts.email(self.cleaned_data["email"])
        except contacts.BadContact as error:
            raise forms.ValidationError(str(error)) from None

    @property
    def ends_at(self) -> datetime | None:
        """The end of the last day on the movement's clock."""
        day = self.cleaned_data["ends_on"]
        return day and datetime.combine(day + timedelta(days=1), time(), ZoneInfo(movement().time_zone))
