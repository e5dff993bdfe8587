"""Finding an event."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groundswell.events.forms.fields import DateInput, event_types
from groundswell.events.models import Event
from groundswell.events.selectors import FindQuery
from groundswell.kit import geo
from groundswell.kit.forms import Form
from groundswell.kit.maps import COUNTS_MILES
from groundswell.powers.movement import movement

MILE_M = 1609.344
DISTANCES = (5, 10, 25, 50, 100, 250)  # in miles or kilometres


class FindForm(Form):
    """The filters of the list, read from the address. Wrong values are told and left out of the search."""

    near = forms.CharField(
        label=_("Near"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": _("ZIP or city"), "autocomplete": "postal-code"}),
    )
    at = forms.RegexField(r"\A-?\d{1,2}(\.\d+)?,-?\d{1,3}(\.\d+)?\Z", required=False, widget=forms.HiddenInput)
    within = forms.TypedChoiceField(label=_("Within"), required=False, coerce=int, empty_value=None)
    since = forms.DateField(label=_("From"), required=False, widget=DateInput())
    until = forms.DateField(label=_("Until"), required=False, widget=DateInput())
    type = forms.MultipleChoiceField(
        label=_("What"), required=False, choices=Event.Type.choices, widget=forms.CheckboxSelectMultiple
    )
    room = forms.BooleanField(label=_("Only with room"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        distances = ((n, gettext("%(n)d miles") % {"n": n} if in_miles() else f"{n} km") for n in DISTANCES)
        self.choose("within", [*distances, (0, _("any distance"))])
        self.choose("type", event_types())

    def clean_near(self) -> geo.Place | None:
        text = self.cleaned_data["near"].strip()
        if not text:
            return None
        if place := geo.find_place(text):
            return place
        if any(c.isdigit() for c in text):
            raise forms.ValidationError(_("We do not know this ZIP. Check its five digits, or write the city."))
        raise forms.ValidationError(_("We do not know this place. Write a ZIP, or a city with its state: “Barre, VT”."))

    def clean_at(self) -> geo.Place | None:
        if not (text := self.cleaned_data["at"]):
            return None
        latitude, longitude = map(float, text.split(","))
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise forms.ValidationError(_("This is not a point on the earth."))
        zone = geo.time_zone_at(latitude, longitude)
        return geo.Place("", gettext("your position"), "", movement().country, latitude, longitude, zone)

    @property
    def place(self) -> geo.Place | None:
        """Where to look; what was written comes before the browser's position."""
        found: geo.Place | None = self.cleaned_data.get("near") or self.cleaned_data.get("at")
        return found

    @property
    def narrowed(self) -> bool:
        """Whether anything but the place was asked for."""
        return any(self.cleaned_data.get(name) for name in ("since", "until", "type", "room"))

    def radius_m(self) -> float | None:
        chosen = self.cleaned_data.get("within")
        return chosen * (MILE_M if in_miles() else 1000) if chosen else None

    def query(self, *, limit: int, offset: int) -> FindQuery:
        """What to look for; days are those of the place, or of the movement where none is named."""
        asked = self.cleaned_data
        zone = ZoneInfo(self.place.time_zone if self.place else movement().time_zone)
        since, until = asked.get("since"), asked.get("until")
        return FindQuery(
            place=self.place,
            radius_m=self.radius_m() if self.place else None,
            since=_midnight(since, zone) if since else None,  # a day that is over shows what there was
            until=_midnight(until + timedelta(days=1), zone) if until and until < date.max else None,
            types=asked.get("type", ()),
            has_room=asked.get("room", False),
            limit=limit,
            offset=offset,
        )


def in_miles() -> bool:
    """Whether the movement's country counts miles."""
    return movement().country in COUNTS_MILES


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
