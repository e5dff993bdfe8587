"""Saying that one comes."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groundswell.events.forms.fields import person_of
from groundswell.events.rules import LONGEST_WORDS, MOST_GUESTS
from groundswell.events.selectors import PublicEvent, PublicShift
from groundswell.events.services import Agreed
from groundswell.kit import geo
from groundswell.kit.forms import Form
from groundswell.kit.templatetags.kit import shown_span
from groundswell.people.rules import NewPerson
from groundswell.powers.movement import movement
from groundswell.powers.public import PublicForm


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
        help_text=_("Tells us what is near you."),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric", "maxlength": 12}),
    )
    events_by_email = forms.BooleanField(required=False)
    news_by_email = forms.BooleanField(required=False)
    texts_by_phone = forms.BooleanField(required=False)

    def __init__(self, event: PublicEvent, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open_shifts = [shift for shift in event.shifts if not shift.past]
        self.choose("shift", ((str(shift.id), _shift_words(shift, event.time_zone)) for shift in self.open_shifts))
        if len(self.open_shifts) == 1:
            self.fields["shift"].widget = forms.HiddenInput()
            self.fields["shift"].initial = str(self.open_shifts[0].id)
        label_boxes(self)
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
            person_of(asked, language),
            asked["guests"] or 0,
            agreed_to(name for name, (_purpose, channel) in BOXES.items() if asked[name] and asked[channel]),
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
    ticked = [name for name, (_purpose, channel) in BOXES.items() if sent.get(name) == "on" and line[channel].strip()]
    return Answers(UUID(shift), person_of(line, language), int(guests), agreed_to(ticked))


_SHIFT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_GUESTS = re.compile(r"(10|[0-9])\Z")


# The boxes: what for, and through which channel.
BOXES = {
    "events_by_email": ("events", "email"),
    "news_by_email": ("news", "email"),
    "texts_by_phone": ("events", "phone"),
}


def consent_words() -> tuple[str, ...]:
    """What stands beside each of `BOXES`. What somebody ticked is kept in the words of that day."""
    words = {"movement": movement().name}
    return (
        gettext("Email me when there is an event of %(movement)s near me. I can stop it any time.") % words,
        gettext("Email me news from %(movement)s. I can stop it any time.") % words,
        gettext("Text me about events of %(movement)s. Message rates may apply; STOP ends it.") % words,
    )


def label_boxes(form: Form) -> None:
    for name, words in zip(BOXES, consent_words(), strict=True):
        form.fields[name].label = words


def agreed_to(ticked: Iterable[str]) -> Sequence[Agreed]:
    """What somebody agreed to who ticked these boxes."""
    chosen = set(ticked)
    said = zip(BOXES.items(), consent_words(), strict=True) if chosen else ()
    return [Agreed(*box, words) for (name, box), words in said if name in chosen]


def _shift_words(shift: PublicShift, time_zone: str) -> str:
    span = shown_span(shift.starts_at, shift.ends_at, time_zone)
    return span if shift.room else gettext("%(time)s (full: waiting list)") % {"time": span}


class NeedsForm(Form):
    """What a guest wants the hosts to know."""

    needs = forms.CharField(
        label=_("What should the hosts know?"),
        help_text=_("A step-free way in, a sign-language interpreter, an allergy. Only the hosts see it."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST_WORDS}),
    )


class GuestsForm(Form):
    """How many come along."""

    guests = forms.TypedChoiceField(
        label=_("Who else comes with you?"),
        coerce=int,
        choices=[(0, _("Just me")), *((n, f"+ {n}") for n in range(1, MOST_GUESTS + 1))],
    )
