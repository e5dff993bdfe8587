"""What a journey is made of: a closed list of beginnings and steps, each with fields; read from data, and told in
sentences. No database but for the lists to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from groundswell.journeys import rules
from groundswell.messaging.writing import compiled
from groundswell.people import hooks, lists
from groundswell.people.conditions import BadField, BadValue, Field, Text, chosen, day, one_of, subject, whole, words
from groundswell.powers.movement import movement

WEEKDAYS = [
    ("any", _("any day")),
    ("0", _("Monday")),
    ("1", _("Tuesday")),
    ("2", _("Wednesday")),
    ("3", _("Thursday")),
    ("4", _("Friday")),
    ("5", _("Saturday")),
    ("6", _("Sunday")),
]
SUBJECT_LIMIT, BODY_LIMIT = 150, 20_000
HOUR = whole("hour", _("At (hour of the day)"), 0, 23, 9)


class BadJourney(ValueError):
    """What is wrong, in its maker's words, and where: `path` as of the builder's inputs, and the field."""

    def __init__(self, path: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.path, self.field = path, field


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of beginning or step: its fields, and what its branches are called."""

    name: str
    label: Text
    fields: tuple[Field, ...] = ()
    branches: tuple[Text, ...] = ()


BEGINNINGS = {
    part.name: part
    for part in (
        Part(
            "deed",
            _("Somebody does something"),
            (
                chosen("kind", _("They"), "beginnings"),
                subject("on", _("At this one only"), hint=_("The address of its page. Empty: any.")),
            ),
        ),
        Part("segment", _("Somebody comes into a segment"), (chosen("segment", _("Segment"), "segments"),)),
        Part(
            "field",
            _("A day that we know of somebody comes"),
            (
                chosen("field", _("Field"), "dates"),
                one_of("yearly", _("How often"), (("yes", _("every year")), ("no", _("once")))),
                HOUR,
            ),
        ),
        Part(
            "day",
            _("A day comes"),
            (day("day", _("Day")), HOUR, chosen("segment", _("For those in"), "segments")),
        ),
    )
}


def steps() -> dict[str, Part]:
    """The steps there are; a mail has words in each language of the movement."""
    yes_no = (_("If so"), _("If not"))
    every = (
        Part("wait", _("Wait"), (whole("number", _("How long"), 1, 365, 1), one_of("unit", _("Hours or days"), UNITS))),
        Part("until", _("Wait for a day and hour"), (one_of("weekday", _("Day"), WEEKDAYS), HOUR)),
        Part("mail", _("Send a mail"), (one_of("purpose", _("To those who agree to"), lists.purposes()), *_said())),
        Part(
            "ask",
            _("Ask a human"),
            (
                chosen("who", _("Whom"), "helpers"),
                words("words", _("To do what"), 300),
                whole("hours", _("Hours they have"), 1, 14 * 24, 12),
            ),
            (_("If they did it"), _("If nobody did")),
        ),
        Part("if", _("Look who it is"), (chosen("segment", _("In the segment"), "segments"),), yes_no),
        Part("end", _("End here")),
    )
    return {part.name: part for part in every}


UNITS = (("hours", _("hours")), ("days", _("days")))


def _said() -> list[Field]:
    names = dict(settings.LANGUAGES)
    return [
        field
        for code in movement().languages
        for field in (
            words(f"subject_{code}", _spoken(_("Subject, %(language)s"), names[code]), SUBJECT_LIMIT),
            Field(f"body_{code}", _spoken(_("Mail, %(language)s"), names[code]), _body, "long"),
        )
    ]


def _spoken(label: Text, language: Text) -> str:
    return str(label) % {"language": language}


def _body(written: object) -> str:
    text = written.replace("\r\n", "\n").strip() if isinstance(written, str) else ""
    if not text:
        raise BadValue(gettext("Please fill this in."))
    if len(text) > BODY_LIMIT or "\0" in text:
        raise BadValue(gettext("This is too long: at most %(limit)s characters.") % {"limit": BODY_LIMIT})
    return text


def read(data: Mapping[str, Any]) -> dict[str, Any]:
    """A definition, cleaned. Raises BadJourney."""
    trigger = data.get("trigger", {})
    part = BEGINNINGS.get(trigger.get("is", ""))
    if part is None:
        raise BadJourney("t", gettext("Choose how it begins."))
    read_steps = _read(data.get("steps", []), "s", 0)
    if not read_steps:
        raise BadJourney("s", gettext("Add a step: as it is nothing would happen."))
    if sum(1 for _step in rules.walked(read_steps)) > rules.MOST_STEPS:
        raise BadJourney("s", gettext("These are too many steps: at most %(most)s.") % {"most": rules.MOST_STEPS})
    return {"trigger": {"is": part.name, **_clean(part, trigger, "t")}, "steps": read_steps}


def _read(data: Sequence[Mapping[str, Any]], path: str, depth: int) -> list[dict[str, Any]]:
    if depth > rules.DEEPEST:
        raise BadJourney(path, gettext("Forks are nested too deep: at most %(most)s.") % {"most": rules.DEEPEST})
    known, found = steps(), []
    for place, one in enumerate(data):
        here = f"{path}.{place}"
        part = known.get(one.get("is", ""))
        if part is None:
            raise BadJourney(here, gettext("There is no such step."))
        step: dict[str, Any] = {"is": part.name, **_clean(part, one, here)}
        if part.name == "mail":
            _check_mail(step, here)
        for branch in rules.BRANCHES if part.branches else ():
            step[branch] = _read(one.get(branch, []), f"{here}.{branch}", depth + 1)
        found.append(step)
    return found


def _clean(part: Part, written: Mapping[str, Any], path: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in part.fields:
        try:
            values[field.name] = field.clean(written.get(field.name, field.initial))
        except (BadValue, BadField) as error:
            raise BadJourney(path, f"{field.label}: {error}", field.name) from None
        listed = {value for value, _label in lists_of(field)}
        if isinstance(field.options, str) and values[field.name] not in listed:
            raise BadJourney(path, f"{field.label}: {gettext('Choose one of the list.')}", field.name)
    return values


def segments(definition: Mapping[str, Any]) -> set[str]:
    """The segments that it names."""
    parts = [definition["trigger"], *(step for _path, step in rules.walked(definition["steps"]))]
    return {part["segment"] for part in parts if part.get("segment")}


def lists_of(field: Field) -> Sequence[tuple[str, Text]]:
    """What a field offers to choose from."""
    return hooks.lists[field.options]() if isinstance(field.options, str) else field.options or ()


def _check_mail(step: Mapping[str, Any], path: str) -> None:
    for code in movement().languages:
        for field in ("subject", "body"):
            said = {"subject": "x", "body": "x", field: step[f"{field}_{code}"]}
            try:
                compiled(said["subject"], "", said["body"], code)
            except ValueError as error:  # BadText and BadField are
                raise BadJourney(path, str(error), f"{field}_{code}") from None


# --- in sentences --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """One step in a sentence; `depth`: in how many forks; `branch`: what must hold for it to come."""

    path: str
    sentence: str
    depth: int = 0
    branch: str = ""


def beginning(trigger: Mapping[str, Any]) -> str:
    """ "Whoever came to an event sets out." """
    match trigger["is"]:
        case "deed":
            did = lists.label("deeds", trigger["kind"])
            if trigger.get("on"):
                return gettext("Whoever did this sets out: %(did)s, at %(what)s.") % {
                    "did": did,
                    "what": lists.label("subjects", trigger["on"]),
                }
            return gettext("Whoever did this sets out: %(did)s.") % {"did": did}
        case "segment":
            return gettext("Whoever comes into the segment “%(name)s” sets out.") % {"name": _segment(trigger)}
        case "field":
            said = (
                gettext("On the day of “%(field)s”, every year, people set out at %(hour)s:00.")
                if trigger["yearly"] == "yes"
                else gettext("On the day of “%(field)s” people set out at %(hour)s:00.")
            )
            return said % {"field": lists.label("fields", trigger["field"]), "hour": trigger["hour"]}
    return gettext("On %(day)s at %(hour)s:00 everybody in the segment “%(name)s” sets out.") % {
        "day": date_format(date.fromisoformat(trigger["day"]), "DATE_FORMAT"),
        "hour": trigger["hour"],
        "name": _segment(trigger),
    }


def told(definition: Mapping[str, Any]) -> list[Told]:
    """Every step in a sentence, in order."""
    return list(_told(definition["steps"], "", 0))


def _told(read_steps: rules.Steps, above: str, depth: int) -> list[Told]:
    found, known = [], steps()
    for place, step in enumerate(read_steps):
        path = f"{above}{place}"
        found.append(Told(path, _sentence(step), depth))
        for branch, label in zip(rules.BRANCHES, known[step["is"]].branches, strict=False):
            if inner := _told(step[branch], f"{path}.{branch}.", depth + 1):
                head = inner[0]
                found += [Told(head.path, head.sentence, head.depth, str(label)), *inner[1:]]
    return found


def _sentence(step: rules.Step) -> str:
    match step["is"]:
        case "wait" if step["unit"] == "hours":
            return ngettext("Wait %(n)d hour.", "Wait %(n)d hours.", step["number"]) % {"n": step["number"]}
        case "wait":
            return ngettext("Wait %(n)d day.", "Wait %(n)d days.", step["number"]) % {"n": step["number"]}
        case "until" if step["weekday"] == "any":
            return gettext("Wait until it is %(hour)s:00 where they live.") % step
        case "until":
            return gettext("Wait until it is %(day)s, %(hour)s:00, where they live.") % {
                "day": dict(WEEKDAYS)[step["weekday"]],
                "hour": step["hour"],
            }
        case "mail":
            return gettext("Send the mail “%(subject)s” to those who agree to %(purpose)s.") % {
                "subject": step[f"subject_{movement().languages[0]}"],
                "purpose": lists.label("purposes", step["purpose"]),
            }
        case "ask":
            said = ngettext(
                "Ask %(who)s: “%(words)s” They have %(n)d hour.",
                "Ask %(who)s: “%(words)s” They have %(n)d hours.",
                step["hours"],
            )
            return said % {"who": lists.label("helpers", step["who"]), "words": step["words"], "n": step["hours"]}
        case "if":
            return gettext("Look whether they are in the segment “%(name)s”.") % {"name": _segment(step)}
    return gettext("End here.")


def _segment(values: Mapping[str, Any]) -> str:
    return lists.label("segments", values["segment"])
