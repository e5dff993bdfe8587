"""Email addresses and phone numbers in the one spelling by which they are compared. Nothing is looked up outside."""

import unicodedata

from django.utils.translation import gettext as _

from groundswell.kit.text import clean_line


class BadContact(ValueError):
    """Not an address or a number; the message is for the person who wrote it."""


def email(text: str) -> str:
    """The address without case and stray spaces, a domain of any script in its own letters. Raises BadContact.

    Dots and +tags before the @ stay: whether they matter is the provider's business.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        # NFKC: full-width letters and signs, as some keyboards write them.
        parts = validate_email(unicodedata.normalize("NFKC", clean_line(text)), check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise BadContact(
            _("“%(text)s” is not an email address. It should look like name@example.org.") % {"text": text[:80]}
        ) from None
    return parts.normalized.lower()


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
