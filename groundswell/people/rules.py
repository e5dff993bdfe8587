"""Pure decisions of this floor: values in, a value or an error out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groundswell.kit import contacts, text

NAME_LIMIT = 100  # characters, of the first and of the last name
POSTAL_LIMIT = 12
SYSTEM_LIMIT = 60
TAG_LIMIT = 60
TEXT_LIMIT = 2_000  # of a custom field's text
FIRST, LAST, POSTAL = gettext_lazy("first name"), gettext_lazy("last name"), gettext_lazy("ZIP or postal code")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?\Z")
PHONE_SIGNS = re.compile(r"[\d\s()+./-]+\Z")


class BadDetails(contacts.BadContact):
    """Something somebody wrote cannot be kept. `field` names it as in `NewPerson`; the message is for them."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What somebody wrote about themselves, or a system about them; not cleaned yet."""

    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    postal_code: str = ""
    language: str = ""
    country: str = "US"  # of a phone number written without its country
    external: tuple[str, str] | None = None  # (system, id)


@dataclass(frozen=True, slots=True)
class Point:
    """A contact point, normalised, and as it was written."""

    channel: str
    system: str
    value: str
    written: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.channel, self.system, self.value


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A NewPerson that can be kept."""

    given_name: str
    family_name: str
    postal_code: str
    language: str
    points: tuple[Point, ...]  # email, external id, phone: in the order in which they name a person

    @property
    def search_text(self) -> str:
        return searched(self.given_name, self.family_name, *(p.value for p in self.points if p.channel != "external"))


def searched(*parts: str) -> str:
    """What search looks in: the parts folded, one a line, so that no word runs over two of them."""
    return "\n".join(text.fold(part) for part in parts if part)


def words_of(query: str) -> list[str]:
    """The words of a search, folded as `searched` folds; of a phone number only its digits."""
    folded = []
    for word in text.clean_line(query)[:200].split():
        digits = re.sub(r"\D", "", word) if PHONE_SIGNS.match(word) else ""
        folded.append(digits or text.fold(word))
    return [word for word in folded if word]


def phone_shown(number: str) -> str:
    """A kept number as people read it: `+1 802-555-0123`."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def line(field: str, written: str, limit: int, label: str | Promise) -> str:
    """One clean line of at most `limit` characters. Raises BadDetails."""
    clean = text.clean_line(written)
    if len(clean) > limit:
        raise BadDetails(
            field, _("The %(what)s is too long: at most %(limit)s characters.") % {"what": label, "limit": limit}
        )
    return clean


def clean(details: NewPerson) -> Cleaned:
    """Normalise. Raises BadDetails where something cannot be kept, or where there is no way to reach the person."""
    given_name = line("given_name", details.given_name, NAME_LIMIT, FIRST)
    family_name = line("family_name", details.family_name, NAME_LIMIT, LAST)
    postal_code = line("postal_code", details.postal_code, POSTAL_LIMIT, POSTAL).upper()
    points = []
    if details.email.strip():
        try:
            points.append(Point("email", "", contacts.email(details.email), text.clean_line(details.email)))
        except contacts.BadContact as error:
            raise BadDetails("email", str(error)) from None
    if details.external:
        system, number = (text.clean_line(part) for part in details.external)
        if not system or not number or len(system) > SYSTEM_LIMIT or len(number) > 200:
            raise BadDetails("external", _("An id in another system needs the system's name and the id."))
        points.append(Point("external", system, number, number))
    if details.phone.strip():
        try:
            phone = contacts.phone(details.phone, details.country)
        except contacts.BadContact as error:
            raise BadDetails("phone", str(error)) from None
        points.append(Point("phone", "", phone, text.clean_line(details.phone)))
    if not points:
        raise BadDetails("email", _("Please give an email address or a phone number."))
    language = details.language if LANGUAGE.match(details.language) else ""
    return Cleaned(given_name, family_name, postal_code, language, tuple(points))


def same_given_name(one: str, other: str) -> bool:
    """Whether two people who share a phone may be one: both say a first name, and it is the same."""
    return bool(one) and text.fold(one) == text.fold(other)


def wording_id(words: str) -> tuple[UUID, bytes]:
    """The id of exact words, and their sha256 of which it is made."""
    digest = sha256(words.encode()).digest()
    return UUID(bytes=digest[:16]), digest


class BadValue(ValueError):
    """A value does not fit its field. The message is for whoever wrote it."""


def field_value(kind: str, choices: Sequence[str], label: str, written: str) -> str | bool | int | float:
    """What a custom field keeps, as JSON of its type.

    Args:
        kind: text, number, date, yes_no or choice.
        choices: of a choice, its words.
        label: the field's label, for the message.
        written: what stood in the form; not empty.

    Raises:
        BadValue: with what was expected.
    """
    written = text.clean_line(written)
    match kind:
        case "number":
            try:
                number = Decimal(written)
            except InvalidOperation:
                number = Decimal("NaN")
            if not number.is_finite() or abs(number) >= 10**15:
                raise BadValue(_("%(field)s: please write a number, like 12 or 3.5.") % {"field": label})
            return int(number) if number == number.to_integral_value() else float(number)
        case "date":
            try:
                return date.fromisoformat(written).isoformat()
            except ValueError:
                raise BadValue(_("%(field)s: please write a date, like 2026-02-27.") % {"field": label}) from None
        case "yes_no":
            if written not in {"yes", "no"}:
                raise BadValue(_("%(field)s: please choose yes or no.") % {"field": label})
            return written == "yes"
        case "choice":
            if written not in choices:
                message = _("%(field)s: please choose one of %(choices)s.")
                raise BadValue(message % {"field": label, "choices": ", ".join(choices)})
            return written
        case _:
            if len(written) > TEXT_LIMIT:
                message = _("%(field)s is too long: at most %(limit)s characters.")
                raise BadValue(message % {"field": label, "limit": TEXT_LIMIT})
            return written
