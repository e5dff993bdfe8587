"""Email addresses and phone numbers in the one spelling by which they are compared. Nothing is looked up outside."""

import re
import unicodedata
from functools import lru_cache

from django.utils.translation import gettext as _

from groundswell.kit.text import clean_line

LONGEST = 254  # RFC 5321
PLAIN_NAME = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*\Z(?<!.{65})", re.ASCII)  # at most 64 characters


class BadContact(ValueError):
    """Not an address or a number; the message is for the person who wrote it."""


def email(text: str) -> str:
    """The address without case and stray spaces, a domain of any script in its own letters. Raises BadContact.

    Dots and +tags before the @ stay: whether they matter is the provider's business.
    """
    # NFKC: full-width letters and signs, as some keyboards write them.
    name, _at, domain = unicodedata.normalize("NFKC", clean_line(text)).lower().rpartition("@")
    # Most addresses are a plain name at one of few domains, and checking the domain costs most: remembered, it makes
    # an import several times faster.
    address = f"{name}@{_domain(domain)}" if PLAIN_NAME.match(name) else _checked(f"{name}@{domain}")
    if not address or address.endswith("@") or len(address) > LONGEST:
        raise BadContact(
            _("“%(text)s” is not an email address. It should look like name@example.org.") % {"text": text[:80]}
        )
    return address


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> str:
    """The domain in its own letters; empty where it is none."""
    return _checked(f"a@{domain}").removeprefix("a@")


def _checked(address: str) -> str:
    """The normalised address; empty where it is none."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError:
        return ""


def phone(text: str, country: str = "US") -> str:
    """The number as +18025550123 (E.164). A number without a country code is one of `country`. Raises BadContact."""
    import phonenumbers

    try:
        number = phonenumbers.parse(clean_line(text), country)
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        pass
    raise BadContact(
        _("“%(text)s” is not a phone number. Write it with its area code, or with + and the country code.")
        % {"text": text[:40]}
    )
