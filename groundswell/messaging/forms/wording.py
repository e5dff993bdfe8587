"""The forms of writing: what a draft says in one language, and what else can be done with it."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from groundswell.kit.forms import Form
from groundswell.messaging import hooks
from groundswell.messaging.selectors.wording import Text
from groundswell.messaging.services.wording import MOST_SUBJECTS
from groundswell.messaging.writing.merging import FIELDS

SUBJECTS = 3  # shown at least


def _subject(number: int) -> forms.CharField:
    return forms.CharField(label=format_lazy(_("Subject {number}"), number=number), max_length=200, required=False)


class TextForm(Form):
    """A draft in one language; `lines`: how many subjects there are already."""

    subject_0, subject_1, subject_2, subject_3, subject_4 = (_subject(number) for number in range(1, MOST_SUBJECTS + 1))
    preview = forms.CharField(
        label=_("Preview"),
        max_length=150,
        required=False,
        help_text=_("What mailboxes show after the subject. Empty: the beginning of the text."),
    )
    body = forms.CharField(label=_("Text"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 16}))
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lines: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(max(lines + 1, SUBJECTS), MOST_SUBJECTS):
            del self.fields[f"subject_{number}"]

    @property
    def subject_lines(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("subject_")]

    def text(self) -> Text:
        """What was typed; whatever of this form is wrong is left out."""
        kept: dict[str, Any] = getattr(self, "cleaned_data", {})
        lines = {number: kept.get(f"subject_{number}", "") for number in range(MOST_SUBJECTS)}
        body = "\n".join(kept.get("body", "").splitlines())
        return Text(kept.get("preview", ""), body, {number: line for number, line in lines.items() if line})


def initial(text: Text) -> dict[str, Any]:
    """The form of a text that is there."""
    subjects = {f"subject_{number}": line for number, line in text.subjects.items()}
    return {"preview": text.preview, "body": text.body, "seen": text.stamp, **subjects}


def inserted(form: TextForm, what: str) -> dict[str, Any]:
    """The same with a block (`block:button`) or a field (`field:city`) at the end of the text: where no script puts it
    at the cursor."""
    kind, _sign, name = what.partition(":")
    known = EXAMPLES[kind]()
    text = form.text()
    added = known.get(name, "")
    body = f"{text.body.rstrip()}\n\n{added}\n" if kind == "block" else f"{text.body}{added}"
    return {**initial(text), "body": body, "seen": form.cleaned_data["seen"]}


def fields_to_insert() -> dict[str, str]:
    """How each field is written, by its name."""
    return {
        name: f"{{{name}|{known.otherwise}}}" if known.otherwise else f"{{{name}}}" for name, known in FIELDS.items()
    }


def blocks_to_insert() -> dict[str, str]:
    """How each block is written, by its name; those that are made for each reader last."""
    ordered = sorted(hooks.blocks.values(), key=lambda block: isinstance(block, hooks.PersonalBlock))
    return {
        block.name: f"[[{block.name}: {block.example}]]" if block.example else f"[[{block.name}]]" for block in ordered
    }


EXAMPLES = {"field": fields_to_insert, "block": blocks_to_insert}
