"""What a segment can ask of a person: a closed list. Each condition has fields, a clause for the sentence, and SQL.

The SQL is fixed text; what people wrote goes into parameters only. It speaks of the row of `people_person`. Floors
above add conditions of their own by `hooks.register_condition`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from groundswell.kit import geo, text
from groundswell.kit.fields import LABEL
from groundswell.people import hooks
from groundswell.people.rules import LANGUAGE

Value = str | int
Values = Mapping[str, Value]
Label = Callable[[str, str], str]  # (list, value) to how people call it; itself where nobody knows
Text = str | Promise

METRES = {"mi": 1609.344, "km": 1000.0}
YEARS = (1900, 2100)
UUID_IN = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class BadValue(ValueError):
    """A field of a condition cannot be kept. The message is for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where it is asked: days are those of the movement."""

    now: datetime
    zone: ZoneInfo

    def midnight(self, day: str, later: int = 0) -> datetime:
        """The first moment of a day, or of one so many days later."""
        return datetime.combine(date.fromisoformat(day) + timedelta(days=later), time(), self.zone)


@dataclass(frozen=True, slots=True, eq=False)
class Sql:
    """A condition in SQL: fixed text with one %s for each parameter, and `{fence}` where `segments.compile` may keep
    the planner from asking it of everybody at once."""

    text: str
    params: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in.

    Attributes:
        clean: what is kept of what was written. Raises BadValue.
        options: what there is to choose from, or the name of a list in `hooks.lists`; None: it is written.
        asked_if: (field, values): it has a meaning only where that field has one of these values.
        kind: number, date, text or choice: how it is shown.
    """

    name: str
    label: Text
    clean: Callable[[object], Value]
    kind: str = "text"
    options: Sequence[tuple[str, Text]] | str | None = None
    asked_if: tuple[str, frozenset[str]] | None = None
    initial: Value = ""
    hint: Text = ""

    def asked(self, values: Mapping[str, object]) -> bool:
        return self.asked_if is None or values.get(self.asked_if[0]) in self.asked_if[1]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing a segment can ask.

    Attributes:
        label: in the list to choose from.
        clause: completes "People who ..."; its second argument: whether it is denied.
        compile: the SQL, of values that were cleaned.
    """

    name: str
    label: Text
    fields: tuple[Field, ...]
    clause: Callable[[Values, bool, Label], str]
    compile: Callable[[Values, Moment], Sql]

    def clean(self, written: Mapping[str, object]) -> dict[str, Value]:
        """What is kept. Raises BadField."""
        values: dict[str, Value] = {}
        for field in self.fields:
            if not field.asked(values):
                continue
            try:
                values[field.name] = field.clean(written.get(field.name, field.initial))
            except BadValue as error:
                raise BadField(field, str(error)) from None
        return values


class BadField(BadValue):
    """Which field cannot be kept."""

    def __init__(self, field: Field, message: str) -> None:
        super().__init__(message)
        self.field = field


# --- kinds of fields -----------------------------------------------------------------------------------------------
def one_of(name: str, label: Text, options: Sequence[tuple[str, Text]], **more: Any) -> Field:
    """One of a closed list."""
    known = {value for value, _label in options}

    def clean(written: object) -> str:
        if isinstance(written, str) and written in known:
            return written
        raise BadValue(gettext("Choose one of the list."))

    return Field(name, label, clean, "choice", options, initial=options[0][0], **more)


def chosen(name: str, label: Text, listed: str, fits: Callable[[str], object] = bool, limit: int = 100) -> Field:
    """One of a list that grows, by its name in `hooks.lists`."""

    def clean(written: object) -> str:
        line = _line(written, limit)
        if not line or not fits(line):
            raise BadValue(gettext("Choose one of the list."))
        return line

    return Field(name, label, clean, "choice", listed)


def words(name: str, label: Text, limit: int = 200, **more: Any) -> Field:
    """A line of text that is not empty."""

    def clean(written: object) -> str:
        if line := _line(written, limit):
            return line
        raise BadValue(gettext("Please fill this in."))

    return Field(name, label, clean, **more)


def whole(name: str, label: Text, least: int, most: int, initial: int, **more: Any) -> Field:
    """A whole number."""

    def clean(written: object) -> int:
        try:
            number = int(written) if isinstance(written, str | int) and len(str(written)) <= 10 else None
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            raise BadValue(gettext("Write a whole number from %(least)s to %(most)s.") % {"least": least, "most": most})
        return number

    return Field(name, label, clean, "number", initial=initial, **more)


def day(name: str, label: Text, **more: Any) -> Field:
    """A date, kept as ISO text."""
    return Field(name, label, _day, "date", **more)


def subject(name: str, label: Text, **more: Any) -> Field:
    """What something was done to, by its id or the address of its page; empty: anything."""

    def clean(written: object) -> str:
        line = _line(written, 500).lower()
        if not line:
            return ""
        if found := UUID_IN.search(line):
            return found[0]
        raise BadValue(gettext("Paste the address of its page."))

    return Field(name, label, clean, **more)


def _line(written: object, limit: int) -> str:
    if not isinstance(written, str):
        return ""
    line = text.clean_line(written)
    if len(line) > limit:
        raise BadValue(gettext("This is too long: at most %(limit)s characters.") % {"limit": limit})
    return line


def _day(written: object) -> str:
    try:
        found = date.fromisoformat(written if isinstance(written, str) else "")
    except ValueError:
        found = date.min
    if not YEARS[0] <= found.year < YEARS[1]:
        raise BadValue(gettext("Write a date, like 2026-02-27."))
    return found.isoformat()


def _shown(value: Value) -> str:
    return date_format(date.fromisoformat(str(value)), "DATE_FORMAT")


def _channel(value: Value) -> str:
    return str(dict(CHANNELS)[str(value)])


def either(denied: bool, yes: str, no: str) -> str:
    """The clause, or the one that denies it."""
    return no if denied else yes


# --- agreements and addresses --------------------------------------------------------------------------------------
CHANNELS = (("email", _("email")), ("phone", _("phone")))


def _consent_clause(values: Values, denied: bool, label: Label) -> str:
    what = {"purpose": label("purposes", str(values["purpose"])), "channel": _channel(values["channel"])}
    match values["state"]:
        case "given":
            clause = either(
                denied,
                gettext("agree to %(purpose)s by %(channel)s"),
                gettext("do not agree to %(purpose)s by %(channel)s"),
            )
        case "withdrawn":
            clause = either(
                denied,
                gettext("said no to %(purpose)s by %(channel)s"),
                gettext("never said no to %(purpose)s by %(channel)s"),
            )
        case _:
            clause = either(
                denied,
                gettext("said neither yes nor no to %(purpose)s by %(channel)s"),
                gettext("said yes or no to %(purpose)s by %(channel)s"),
            )
    return clause % what


# The newest word, as `selectors.agrees` reads it.
_IN_FORCE = """(SELECT word.given FROM people_consent word
    WHERE word.person_id = people_person.id AND word.purpose = %s AND word.channel = %s
    ORDER BY word.at DESC, word.id DESC LIMIT 1)"""
_CONSENT = {"given": f"{_IN_FORCE} IS TRUE", "withdrawn": f"{_IN_FORCE} IS FALSE", "open": f"{_IN_FORCE} IS NULL"}

CONSENT = Condition(
    "consent",
    _("Agreement"),
    (
        one_of(
            "state",
            _("Their word"),
            (("given", _("agree")), ("open", _("were not asked")), ("withdrawn", _("said no"))),
        ),
        chosen("purpose", _("To what"), "purposes", re.compile(r"[a-z_]{1,40}\Z").match, 40),
        one_of("channel", _("By"), CHANNELS),
    ),
    _consent_clause,
    lambda values, moment: Sql(_CONSENT[str(values["state"])], (values["purpose"], values["channel"])),
)

_CONTACT = """EXISTS (SELECT FROM people_contactpoint point
    WHERE point.person_id = people_person.id AND point.channel = %s AND point.status = ANY (%s) {fence})"""
_STATUSES = {"works": ["works", "unverified"], "confirmed": ["works"]}


def _contact_clause(values: Values, denied: bool, label: Label) -> str:
    clauses = {
        ("email", "works"): (gettext("have an email address that works"), gettext("have no email address that works")),
        ("email", "confirmed"): (gettext("confirmed an email address"), gettext("never confirmed an email address")),
        ("phone", "works"): (gettext("have a phone that works"), gettext("have no phone that works")),
        ("phone", "confirmed"): (gettext("confirmed a phone"), gettext("never confirmed a phone")),
    }
    return clauses[str(values["channel"]), str(values["how"])][denied]


CONTACT = Condition(
    "contact",
    _("Way to reach them"),
    (
        one_of("channel", _("By"), CHANNELS),
        one_of("how", _("Which"), (("works", _("works, as far as we know")), ("confirmed", _("is confirmed")))),
    ),
    _contact_clause,
    lambda values, moment: Sql(_CONTACT, (values["channel"], _STATUSES[str(values["how"])])),
)


# --- places --------------------------------------------------------------------------------------------------------
def _place(written: object) -> str:
    line = _line(written, 100)
    if line and geo.find_place(line):
        return line
    raise BadValue(gettext("We do not know this place. Write a ZIP, or a city with its state: “Barre, VT”."))


@lru_cache(maxsize=256)
def _zips(place: str, metres: float) -> list[str]:
    middle = geo.find_place(place)
    return [code for code, _far in geo.zips_near(middle.latitude, middle.longitude, metres)] if middle else []


def _near_clause(values: Values, denied: bool, label: Label) -> str:
    number = int(values["within"])
    far = (ngettext("%(n)s mile", "%(n)s miles", number) if values["unit"] == "mi" else gettext("%(n)s km")) % {
        "n": number
    }
    clause = either(
        denied, gettext("live within %(far)s of %(place)s"), gettext("do not live within %(far)s of %(place)s")
    )
    return clause % {"far": far, "place": values["place"]}


NEAR = Condition(
    "near",
    _("Near a place"),
    (
        whole("within", _("Within"), 1, 500, 25),
        one_of("unit", _("Unit"), (("mi", _("miles")), ("km", "km"))),
        Field("place", _("Of"), _place),
    ),
    _near_clause,
    lambda values, moment: Sql(
        "(left(people_person.postal_code, 5) = ANY (%s))",
        (_zips(str(values["place"]), int(values["within"]) * METRES[str(values["unit"])]),),
    ),
)


def _is_scope(written: str) -> bool:
    return all(LABEL.match(part) for part in written.split("."))


def _area_clause(values: Values, denied: bool, label: Label) -> str:
    clause = either(denied, gettext("live in %(place)s"), gettext("do not live in %(place)s"))
    return clause % {"place": label("scopes", str(values["scope"]))}


AREA = Condition(
    "area",
    _("State or country"),
    (chosen("scope", _("In"), "scopes", _is_scope, 200),),
    _area_clause,
    lambda values, moment: Sql("(people_person.scope <@ %s::ltree)", (values["scope"],)),
)


# --- what is kept of a person --------------------------------------------------------------------------------------
def _tag_clause(values: Values, denied: bool, label: Label) -> str:
    clause = either(denied, gettext("are tagged “%(tag)s”"), gettext("are not tagged “%(tag)s”"))
    return clause % {"tag": values["tag"]}


TAG = Condition(
    "tag",
    _("Tag"),
    (chosen("tag", _("Tag"), "tags", limit=60),),
    _tag_clause,
    lambda values, moment: Sql(
        """EXISTS (SELECT FROM people_tagon worn WHERE worn.person_id = people_person.id
    AND worn.tag_id = (SELECT tag.id FROM people_tag tag WHERE lower(tag.name) = lower(%s)) {fence})""",
        (values["tag"],),
    ),
)

_KEPT = """EXISTS (SELECT FROM people_fieldvalue kept WHERE kept.person_id = people_person.id
    AND kept.field_id = (SELECT field.id FROM people_field field WHERE field.name = %s) """
_FIELD = {
    "is_set": _KEPT + "{fence})",
    "equals": _KEPT + "AND kept.value = ANY (%s::jsonb[]) {fence})",
    "at_least": _KEPT + "AND jsonb_typeof(kept.value) = 'number' AND kept.value >= to_jsonb(%s::numeric) {fence})",
    "at_most": _KEPT + "AND jsonb_typeof(kept.value) = 'number' AND kept.value <= to_jsonb(%s::numeric) {fence})",
    "before": _KEPT + """AND jsonb_typeof(kept.value) = 'string' AND (kept.value #>> '{}') COLLATE "C" < %s {fence})""",
    "after": _KEPT + """AND jsonb_typeof(kept.value) = 'string' AND (kept.value #>> '{}') COLLATE "C" > %s {fence})""",
}
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?\Z", re.ASCII)
YES_NO = {"yes": "true", "no": "false"}


def _number(written: object) -> str:
    line = _line(written, 30) if isinstance(written, str) else str(written)
    if NUMBER.match(line):
        return line
    raise BadValue(gettext("Write a number, like 12 or 3.5."))


def _equal_to(written: str) -> list[str]:
    """The JSON that a field may keep for what was written: its type decides which of them can be there."""
    found = [json.dumps(written, ensure_ascii=False)]
    if NUMBER.match(written):
        found.append(written)
    return [*found, YES_NO[written]] if written in YES_NO else found


def _field_sql(values: Values, moment: Moment) -> Sql:
    how = str(values["how"])
    value: tuple[object, ...] = ()
    match how:
        case "equals":
            value = (_equal_to(str(values["value"])),)
        case "at_least" | "at_most":
            value = (values["number"],)
        case "before" | "after":
            value = (values["day"],)
    return Sql(_FIELD[how], (values["field"], *value))


def _field_clause(values: Values, denied: bool, label: Label) -> str:
    told = {"field": label("fields", str(values["field"]))}
    match values["how"]:
        case "equals":
            told["value"] = str(values["value"])
            clause = either(
                denied, gettext("have “%(value)s” as “%(field)s”"), gettext("do not have “%(value)s” as “%(field)s”")
            )
        case "at_least":
            told["value"] = str(values["number"])
            clause = either(
                denied,
                gettext("have at least %(value)s as “%(field)s”"),
                gettext("do not have at least %(value)s as “%(field)s”"),
            )
        case "at_most":
            told["value"] = str(values["number"])
            clause = either(
                denied,
                gettext("have at most %(value)s as “%(field)s”"),
                gettext("do not have at most %(value)s as “%(field)s”"),
            )
        case "before":
            told["value"] = _shown(values["day"])
            clause = either(
                denied,
                gettext("have a day before %(value)s as “%(field)s”"),
                gettext("do not have a day before %(value)s as “%(field)s”"),
            )
        case "after":
            told["value"] = _shown(values["day"])
            clause = either(
                denied,
                gettext("have a day after %(value)s as “%(field)s”"),
                gettext("do not have a day after %(value)s as “%(field)s”"),
            )
        case _:
            clause = either(denied, gettext("have something as “%(field)s”"), gettext("have nothing as “%(field)s”"))
    return clause % told


FIELD = Condition(
    "field",
    _("What we keep about them"),
    (
        chosen("field", _("Field"), "fields", re.compile(r"[-\w]{1,40}\Z", re.ASCII).match, 40),
        one_of(
            "how",
            _("How"),
            (
                ("equals", _("is")),
                ("at_least", _("is at least")),
                ("at_most", _("is at most")),
                ("before", _("is before")),
                ("after", _("is after")),
                ("is_set", _("is filled in")),
            ),
        ),
        words("value", _("Value"), 2_000, asked_if=("how", frozenset({"equals"}))),
        Field("number", _("Number"), _number, asked_if=("how", frozenset({"at_least", "at_most"}))),
        day("day", _("Day"), asked_if=("how", frozenset({"before", "after"}))),
    ),
    _field_clause,
    _field_sql,
)


def _language_name(code: str) -> str:
    try:
        return gettext(str(get_language_info(code)["name"]))
    except KeyError:
        return code


def _language_clause(values: Values, denied: bool, label: Label) -> str:
    clause = either(denied, gettext("read %(language)s"), gettext("do not read %(language)s"))
    return clause % {"language": _language_name(str(values["language"]))}


TONGUE = Condition(
    "language",
    _("Language"),
    (chosen("language", _("Language"), "languages", LANGUAGE.match, 8),),
    _language_clause,
    lambda values, moment: Sql("(people_person.language = %s)", (values["language"],)),
)


def _known_clause(values: Values, denied: bool, label: Label) -> str:
    since = (values["how"] == "since") is not denied
    clause = gettext("came to us on %(day)s or later") if since else gettext("came to us before %(day)s")
    return clause % {"day": _shown(values["day"])}


KNOWN = Condition(
    "known",
    _("Known since"),
    (
        one_of("how", _("When"), (("since", _("on this day or later")), ("before", _("before this day")))),
        day("day", _("Day")),
    ),
    _known_clause,
    lambda values, moment: Sql(
        {"since": "(people_person.added_at >= %s)", "before": "(people_person.added_at < %s)"}[str(values["how"])],
        (moment.midnight(str(values["day"])),),
    ),
)


# --- deeds ---------------------------------------------------------------------------------------------------------
# How often: entries of the kind less those that took one back. `people_deed` counts each person's; where that does not
# settle it (a span in which not all of them need fall, a subject), the ledger is asked about that person.
_DEED = """EXISTS (SELECT FROM people_deed deed WHERE deed.person_id = people_person.id AND deed.kind = %s
    AND deed.done """
_EVER = "- deed.taken_back >= %s {fence})"
_IN_SPAN = ">= %s AND deed.last_at >= %s::timestamptz AND deed.first_at < %s::timestamptz"
_SPAN = """
    AND (deed.taken_back = 0 AND deed.first_at >= %s::timestamptz AND deed.last_at < %s::timestamptz
         OR deed.taken_back = 0 AND %s = 1 AND (deed.first_at >= %s::timestamptz OR deed.last_at < %s::timestamptz)
         OR (SELECT coalesce(sum(sign(entry.quantity)), 0) FROM ledger_entry entry
             WHERE entry.person_id = deed.person_id AND entry.kind = deed.kind
               AND entry.at >= %s::timestamptz AND entry.at < %s::timestamptz) >= %s) {fence})"""
_ON = """ {fence})
    AND EXISTS (SELECT FROM ledger_entry entry WHERE entry.on_id = %s::uuid AND entry.person_id = people_person.id
    AND entry.kind = %s AND entry.quantity > 0 AND entry.at >= %s::timestamptz AND entry.at < %s::timestamptz
    AND (SELECT sum(sign(other.quantity)) FROM ledger_entry other
         WHERE other.person_id = entry.person_id AND other.on_id = entry.on_id AND other.kind = entry.kind
           AND other.at >= %s::timestamptz AND other.at < %s::timestamptz) >= %s {fence}))"""
MOST_TIMES, MOST_DAYS = 1_000, 3_650


def _span(values: Values, moment: Moment) -> tuple[str, str]:
    match values["when"]:
        case "last":
            return (moment.now - timedelta(days=int(values["days"]))).isoformat(), "infinity"
        case "between":
            return (
                moment.midnight(str(values["since"])).isoformat(),
                moment.midnight(str(values["until"]), later=1).isoformat(),
            )
        case _:
            return "-infinity", "infinity"


def _deed_sql(values: Values, moment: Moment) -> Sql:
    times = int(values["times"])
    match values["how"]:
        case "at_least":
            return _as_often(values, times, moment)
        case "at_most":
            return _rarer(values, times + 1, moment)
    least, below = _as_often(values, times, moment), _rarer(values, times + 1, moment)
    return Sql(f"({least.text} AND {below.text})", least.params + below.params)


def _rarer(values: Values, times: int, moment: Moment) -> Sql:
    often = _as_often(values, times, moment)
    return Sql(f"(NOT {often.text})", often.params)


def _as_often(values: Values, times: int, moment: Moment) -> Sql:
    if times == 0:
        return Sql("TRUE")
    kind, span = values["kind"], _span(values, moment)
    if on := values["on"]:
        return Sql("(" + _DEED + _IN_SPAN + _ON, (kind, times, *span, on, kind, *span, *span, times))
    if values["when"] == "ever":
        return Sql(_DEED + _EVER, (kind, times))
    return Sql(_DEED + _IN_SPAN + _SPAN, (kind, times, *span, *span, times, *span, *span, times))


def _deed_clause(values: Values, denied: bool, label: Label) -> str:
    kind, times, how = str(values["kind"]), int(values["times"]), str(values["how"])
    if denied and how != "exactly":
        how, times = ("at_most", times - 1) if how == "at_least" else ("at_least", times + 1)
    never = (how != "at_least" and times == 0) is not (denied and how == "exactly")
    if kind in hooks.deeds:
        clause = (gettext("never %(did)s") if never else "%(did)s") % {"did": hooks.deeds[kind]}
    else:
        clause = (
            gettext("do not have “%(deed)s” on their record") if never else gettext("have “%(deed)s” on their record")
        )
        clause %= {"deed": label("deeds", kind)}
    if values["on"]:
        clause = f"{clause} (“{label('subjects', str(values['on']))}”)"
    if not never and (how, times) not in {("at_least", 1), ("exactly", 0)}:
        often = {
            "at_least": ngettext("at least %(n)s time", "at least %(n)s times", times),
            "at_most": ngettext("at most %(n)s time", "at most %(n)s times", times),
            "exactly": ngettext("exactly %(n)s time", "exactly %(n)s times", times)
            if not denied
            else ngettext("not exactly %(n)s time", "not exactly %(n)s times", times),
        }[how] % {"n": times}
        clause = f"{clause} {often}"
    match values["when"]:
        case "last":
            number = int(values["days"])
            days = ngettext("in the last %(n)s day", "in the last %(n)s days", number) % {"n": number}
            return f"{clause} {days}"
        case "between":
            span = {"since": _shown(values["since"]), "until": _shown(values["until"])}
            return f"{clause} " + gettext("from %(since)s to %(until)s") % span
    return clause


DEED = Condition(
    "deed",
    _("Something they did"),
    (
        chosen("kind", _("What"), "deeds", re.compile(r"[a-z_]+\.[a-z_]+\Z").match, 60),
        one_of(
            "how", _("How often"), (("at_least", _("at least")), ("at_most", _("at most")), ("exactly", _("exactly")))
        ),
        whole("times", _("Times"), 0, MOST_TIMES, 1),
        one_of(
            "when",
            _("When"),
            (("ever", _("ever")), ("last", _("in the last days")), ("between", _("between two days"))),
        ),
        whole("days", _("Days"), 1, MOST_DAYS, 60, asked_if=("when", frozenset({"last"}))),
        day("since", _("From"), asked_if=("when", frozenset({"between"}))),
        day("until", _("Until"), asked_if=("when", frozenset({"between"}))),
        subject("on", _("Only at"), hint=_("The address of its page. Empty: anything.")),
    ),
    _deed_clause,
    _deed_sql,
)

OWN = (DEED, NEAR, AREA, CONSENT, TAG, FIELD, TONGUE, KNOWN, CONTACT)  # in the order in which they are offered
