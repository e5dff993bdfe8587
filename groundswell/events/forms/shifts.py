"""The times of an event, a row each."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.events.forms.fields import DateInput, TimeInput
from groundswell.events.forms.hosting import EventForm
from groundswell.events.rules import MOST_SHIFTS, Invalid, ShiftDetails
from groundswell.kit.forms import Form

if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet["ShiftForm"]
else:  # not generic at run time
    _FormSet = forms.BaseFormSet

OVERNIGHT = timedelta(hours=12)  # an end before the start is the next day's; a slip of AM and PM would make it longer


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
