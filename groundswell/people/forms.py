"""The forms of this floor: what a segment is called, whom of it to take, and which two to compare."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form
from groundswell.people.models import Segment
from groundswell.people.segments import Group
from groundswell.people.services import Draft
from groundswell.people.services.segmenting import NAME_LIMIT

KEEPS = (("living", _("whoever it holds at the time")), ("frozen", _("those it holds now, for good")))


class SegmentForm(Form):
    """Everything about a segment but its conditions."""

    name = forms.CharField(
        label=_("Name"), max_length=NAME_LIMIT, error_messages={"required": _("Please write a name.")}
    )
    keeps = forms.ChoiceField(label=_("It means"), choices=KEEPS, initial="living", widget=forms.RadioSelect)
    sample = forms.ChoiceField(label=_("Of these"), choices=Segment.Sample.choices, initial=Segment.Sample.ALL)
    sample_size = forms.IntegerField(label=_("How many"), required=False, min_value=0, max_value=1_000_000)
    seed = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**62)

    def draft(self, tree: Group) -> Draft:
        """What was built; whatever of this form is wrong is left out."""
        kept: dict[str, Any] = getattr(self, "cleaned_data", {})
        return Draft(
            name=kept.get("name", ""),
            tree=tree,
            sample=kept.get("sample") or Segment.Sample.ALL,
            sample_size=kept.get("sample_size") or 0,
            seed=kept.get("seed") or 0,
            frozen=kept.get("keeps") == "frozen",
        )


def initial(segment: Segment) -> dict[str, Any]:
    """The form of a segment that is there."""
    return {
        "name": segment.name,
        "keeps": "frozen" if segment.frozen_at else "living",
        "sample": segment.sample,
        "sample_size": segment.sample_size or None,
        "seed": segment.seed,
    }


class CompareForm(Form):
    """Two segments."""

    one = forms.ModelChoiceField(label=_("This segment"), queryset=Segment.objects.none())
    other = forms.ModelChoiceField(label=_("and this one"), queryset=Segment.objects.none())
