"""The form in which a letter is worded."""

from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form
from groundswell.messaging.services.letters import SUBJECT_LIMIT, TEXT_LIMIT


class WordsForm(Form):
    """Subject and paragraphs."""

    subject = forms.CharField(label=_("Subject"), max_length=SUBJECT_LIMIT)
    text = forms.CharField(
        label=_("Words"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("An empty line begins a new paragraph."),
    )
