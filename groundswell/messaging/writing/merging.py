"""What of a person may stand in a mail, and its value for each."""

from functools import lru_cache
from typing import Protocol

from groundswell.kit import geo
from groundswell.messaging.fields import Values
from groundswell.powers.movement import movement

KNOWN = ("first_name", "last_name", "full_name", "city", "state", "zip", "movement")


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
