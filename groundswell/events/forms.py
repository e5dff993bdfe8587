"""What people fill in: finding, coming, hosting, reviewing. Fields and their words; what may stand is for `rules`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from groundswell.events.models import Event
from groundswell.events.rules import MOST_GUESTS, MOST_SHIFTS, EventDetails, Invalid, ShiftDetails
from groundswell.events.selectors import FindQuery, PublicEvent, PublicShift
from groundswell.events.services import Agreed
from groundswell.kit import geo
from groundswell.kit.forms import Form
from groundswell.kit.maps import COUNTS_MILES
from groundswell.kit.templatetags.kit import shown_span
from groundswell.people.rules import NewPerson
from groundswell.powers.movement import movement
from groundswell.powers.public import PublicForm

if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet["ShiftForm"]
else:  # not generic at run time
    _FormSet = forms.BaseFormSet

MILE_M = 1609.344
DISTANCES = (5, 10, 25, 50, 100, 250)  # in miles or kilometres
OVERNIGHT = timedelta(hours=12)  # an end before the start is the next day's; a slip of AM and PM would make it longer
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


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def _person(asked: Mapping[str, Any], language: str) -> NewPerson:
    """Who filled in a form, as they wrote it."""
    names = ("given_name", "family_name", "email", "phone", "postal_code")
    return NewPerson(**{name: asked[name] for name in names}, language=language, country=movement().country)


def _types() -> list[tuple[str, str]]:
    """Kinds of events as choices, with a capital letter."""
    return [(value, capfirst(str(label))) for value, label in Event.Type.choices]


# --- finding -------------------------------------------------------------------------------------------------------
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
        self.choose("type", _types())

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


# --- coming --------------------------------------------------------------------------------------------------------
class RSVPForm(PublicForm):
    """Who comes. Boxes are never ticked beforehand, and the words beside them are kept."""

    shift = forms.ChoiceField(label=_("Which time?"), widget=forms.RadioSelect)
    given_name = forms.CharField(
        label=_("First name"), widget=forms.TextInput(attrs={"autocomplete": "given-name", "maxlength": 100})
    )
    family_name = forms.CharField(
        label=_("Last name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name", "maxlength": 100}),
    )
    email = forms.CharField(
        label=_("Email"),
        help_text=_("Your confirmation goes there, with a link to change or cancel."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    guests = forms.TypedChoiceField(
        label=_("Who else comes with you?"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(0, _("Just me")), *((n, f"+ {n}") for n in range(1, MOST_GUESTS + 1))],
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        help_text=_("Only for the host, in case something changes."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    postal_code = forms.CharField(
        label=_("ZIP"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric", "maxlength": 12}),
    )
    news_by_email = forms.BooleanField(required=False)
    texts_by_phone = forms.BooleanField(required=False)

    def __init__(self, event: PublicEvent, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open_shifts = [shift for shift in event.shifts if not shift.past]
        self.choose("shift", ((str(shift.id), _shift_words(shift, event.time_zone)) for shift in self.open_shifts))
        if len(self.open_shifts) == 1:
            self.fields["shift"].widget = forms.HiddenInput()
            self.fields["shift"].initial = str(self.open_shifts[0].id)
        self.fields["news_by_email"].label, self.fields["texts_by_phone"].label = consent_words()
        self.extra_open = bool(
            self.is_bound and (self.data.get("phone") or self.data.get("postal_code") or self.data.get("family_name"))
        )

    def clean_postal_code(self) -> str:
        code: str = self.cleaned_data["postal_code"]
        if code.strip() and movement().country == "US" and geo.find_zip(code) is None:
            raise forms.ValidationError(_("We do not know this ZIP. Check its five digits, or leave it empty."))
        return code

    def answers(self, language: str) -> "Answers":
        """What was filled in, once it is valid."""
        asked = self.cleaned_data
        return Answers(
            UUID(asked["shift"]),
            _person(asked, language),
            asked["guests"] or 0,
            _agreed(asked["news_by_email"], asked["texts_by_phone"] and bool(asked["phone"])),
        )


class Answers(NamedTuple):
    """A filled-in form for coming."""

    shift: UUID
    person: NewPerson
    guests: int
    agreed: Sequence[Agreed]


def plain_answers(sent: QueryDict, language: str) -> Answers | None:
    """What was sent, where all is as nearly everybody sends it; None where `RSVPForm` must look, or has a word to say.

    On the night a form is filled in two thousand times a second: this costs a tenth of the form.
    """
    line = {name: sent.get(name, "") for name in ("given_name", "family_name", "email", "phone", "postal_code")}
    shift, guests = sent.get("shift", ""), sent.get("guests", "") or "0"
    plain = (
        _SHIFT.match(shift)
        and _GUESTS.match(guests)
        and line["given_name"].strip()
        and line["email"].strip()
        and not any("\0" in value for value in line.values())
        and (not line["postal_code"].strip() or movement().country != "US" or geo.find_zip(line["postal_code"]))
        and PublicForm.untouched_by_machines(sent)
    )
    if not plain:
        return None
    ticked = (sent.get("news_by_email") == "on", sent.get("texts_by_phone") == "on" and bool(line["phone"].strip()))
    return Answers(UUID(shift), _person(line, language), int(guests), _agreed(*ticked))


_SHIFT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_GUESTS = re.compile(r"(10|[0-9])\Z")


def consent_words() -> tuple[str, str]:
    """What stands beside the two boxes: news by email, and texts."""
    words = {"movement": movement().name}
    return (
        gettext("Email me news from %(movement)s. I can stop it any time.") % words,
        gettext("Text me about events of %(movement)s. Message rates may apply; STOP ends it.") % words,
    )


def _agreed(news: bool, texts: bool) -> Sequence[Agreed]:
    by_email, by_phone = consent_words() if news or texts else ("", "")
    return [
        *([Agreed("news", "email", by_email)] if news else []),
        *([Agreed("events", "phone", by_phone)] if texts else []),
    ]


def _shift_words(shift: PublicShift, time_zone: str) -> str:
    span = shown_span(shift.starts_at, shift.ends_at, time_zone)
    return span if shift.room else gettext("%(time)s (full: waiting list)") % {"time": span}


class GuestsForm(Form):
    """How many come along."""

    guests = forms.TypedChoiceField(
        label=_("Who else comes with you?"),
        coerce=int,
        choices=[(0, _("Just me")), *((n, f"+ {n}") for n in range(1, MOST_GUESTS + 1))],
    )


# --- hosting -------------------------------------------------------------------------------------------------------
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
        self.choose("type", _types())
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
    words = dict(field.choices)  # type: ignore[arg-type]
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
        return _person(self.cleaned_data, language)


class ShiftForm(Form):
    """One time slot, on the clock of the place."""

    id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    day = forms.DateField(label=_("Day"), widget=DateInput())
    starts = forms.TimeField(label=_("From"), widget=TimeInput())
    ends = forms.TimeField(label=_("To"), widget=TimeInput())
    last_day = forms.DateField(
        label=_("Last day"), required=False, help_text=_("A night needs none: 8 PM to 6 AM is one."), widget=DateInput()
    )
    capacity = forms.IntegerField(
        label=_("Room for"),
        required=False,
        help_text=_("People. Empty: no limit."),
        widget=forms.NumberInput(attrs={"min": 1, "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if {"day", "starts", "ends", "last_day"} <= asked.keys():
            starts = datetime.combine(asked["day"], asked["starts"])
            asked["ends_at"] = datetime.combine(asked["last_day"] or _last_day(starts, asked["ends"]), asked["ends"])
            if asked["ends_at"] <= starts:
                field = "last_day" if asked["last_day"] else "ends"
                self.add_error(field, _("The end must be after the start. Does it end on another day?"))
        return asked

    def details(self) -> ShiftDetails:
        asked = self.cleaned_data
        starts = datetime.combine(asked["day"], asked["starts"])
        return ShiftDetails(starts, asked["ends_at"], asked["capacity"], asked["id"])

    @property
    def ends_on_another_day(self) -> bool:
        """Whether the last day is to be seen: it is written, or missing."""
        return bool(self["last_day"].value() or self.errors.keys() & {"last_day", "ends"})


def shown_shift(shift: ShiftDetails) -> dict[str, Any]:
    """A shift as its row shows it, from times on the clock of the place."""
    last_day = shift.ends_at.date()
    return {
        "id": shift.id,
        "day": shift.starts_at.date(),
        "starts": shift.starts_at.time(),
        "ends": shift.ends_at.time(),
        "last_day": None if last_day == _last_day(shift.starts_at, shift.ends_at.time()) else last_day,
        "capacity": shift.capacity,
    }


def _last_day(starts: datetime, ends: time) -> date:
    """On which day a shift ends where only the time is said."""
    day = starts.date()
    if ends > starts.time() or day == date.max:
        return day
    next_day = day + timedelta(days=1)
    return next_day if datetime.combine(next_day, ends) - starts <= OVERNIGHT else day


class BaseShiftForms(_FormSet):
    """The time slots of an event, a row each."""

    default_error_messages = {
        "missing_management_form": _("The times did not arrive. Please load the page again and fill them in."),
        "too_many_forms": _("An event has at most %(num)d times."),
        "too_few_forms": _("Say when the event is."),
    }

    def details(self) -> list[ShiftDetails]:
        """The shifts; a row that was left empty, or is to go, is none."""
        return [form.details() for form in self.filled]

    @property
    def filled(self) -> list[ShiftForm]:
        return [form for form in self.forms if form.has_changed() and not form.cleaned_data.get("DELETE")]


ShiftForms: type[BaseShiftForms] = forms.formset_factory(  # type: ignore[assignment]
    ShiftForm, BaseShiftForms, extra=0, min_num=1, max_num=MOST_SHIFTS, absolute_max=2 * MOST_SHIFTS, can_delete=True
)
_SHIFT_FIELDS = {"starts_at": "starts", "ends_at": "ends", "capacity": "capacity"}


def show_shift_problems(form: EventForm, shifts: BaseShiftForms) -> None:
    """Say at the top that a time is wrong; the words are on its row."""
    if any(row.errors for row in shifts.forms):
        form.add_error(None, _("Please look at the times again."))


def show_invalid(invalid: Invalid, form: EventForm, shifts: BaseShiftForms) -> None:
    """Put the problems of an event on its fields; those of a shift on that row."""
    filled = shifts.filled
    for name, sentence in invalid.problems.items():
        if name == "shifts":
            form.add_error(None, sentence)
        elif name.startswith("shifts-"):
            _prefix, number, field = name.split("-", 2)
            filled[int(number)].add_error(_SHIFT_FIELDS[field], sentence)
        else:
            form.show_problems([(name, sentence)])


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


class WalkInForm(Form):
    """Somebody who walked in, in one line. The boxes are theirs to have ticked."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reached = forms.CharField(
        label=_("Email or phone"), max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    news_by_email = forms.BooleanField(required=False)
    texts_by_phone = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["news_by_email"].label, self.fields["texts_by_phone"].label = consent_words()

    def answers(self) -> "WalkIn":
        """Who came and what they agreed to, once it is valid: only to what they can be reached by."""
        asked = self.cleaned_data
        given_name, _space, family_name = asked["name"].partition(" ")
        by_email = "@" in asked["reached"]
        person = NewPerson(
            given_name=given_name,
            family_name=family_name,
            country=movement().country,
            email=asked["reached"] if by_email else "",
            phone="" if by_email else asked["reached"],
        )
        return WalkIn(person, _agreed(asked["news_by_email"] and by_email, asked["texts_by_phone"] and not by_email))

    def show_problems(self, problems: Iterable[tuple[str, str]]) -> None:
        """The problems of a person, on the field that says it."""
        super().show_problems((_WALK_IN_FIELDS.get(field, field), sentence) for field, sentence in problems)


_WALK_IN_FIELDS = {"given_name": "name", "family_name": "name", "email": "reached", "phone": "reached"}


class WalkIn(NamedTuple):
    """A filled-in line of somebody who walked in."""

    person: NewPerson
    agreed: Sequence[Agreed]


class CoHostForm(Form):
    """Somebody to run the event with."""

    given_name = forms.CharField(label=_("First name"), max_length=100)
    email = forms.CharField(label=_("Email"), widget=forms.EmailInput())


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


class NoteForm(Form):
    """What a reviewer writes to a host."""

    note = forms.CharField(
        label=_("What should the host change?"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
