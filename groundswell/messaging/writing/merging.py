"""What of a person may stand in a mail, and its value for each."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from groundswell.kit import geo
from groundswell.messaging.fields import Values
from groundswell.powers.movement import movement


@dataclass(frozen=True, slots=True)
class Known:
    """A field as the editor offers it: `otherwise` is proposed for those of whom we do not know it."""

    label: str | Promise
    otherwise: str | Promise = ""


FIELDS = {
    "first_name": Known(_("first name"), _("friend")),
    "last_name": Known(_("last name")),
    "full_name": Known(_("full name"), _("friend")),
    "city": Known(_("town"), _("your town")),
    "state": Known(_("state"), _("your state")),
    "zip": Known(_("ZIP")),
    "movement": Known(_("name of the movement")),
}
KNOWN = tuple(FIELDS)


class Reader(Protocol):
    """Whoever reads it: a person, or what was read of one with their copy."""

    @property
    def given_name(self) -> str: ...

    @property
    def family_name(self) -> str: ...

    @property
    def postal_code(self) -> str: ...


def values_of(reader: Reader) -> Values:
    """The fields of `KNOWN` as we know them of this person; empty where we do not."""
    city, state, code = _place(reader.postal_code)
    return {
        "first_name": reader.given_name,
        "last_name": reader.family_name,
        "full_name": f"{reader.given_name} {reader.family_name}".strip(),
        "city": city,
        "state": state,
        "zip": code,
        "movement": movement().name,
    }


@lru_cache(maxsize=8_192)
def _place(postal_code: str) -> tuple[str, str, str]:
    place = geo.find_zip(postal_code) if postal_code else None
    return (place.city, place.region, place.postal_code) if place else ("", "", postal_code)
