"""What of a person may stand in a mail, and its value for each."""

from groundswell.kit import geo
from groundswell.messaging.fields import Values
from groundswell.people.models import Person
from groundswell.powers.movement import movement

KNOWN = ("first_name", "last_name", "full_name", "city", "state", "zip", "movement")


def values_of(person: Person) -> Values:
    """The fields of `KNOWN` as we know them of this person; empty where we do not."""
    place = geo.find_zip(person.postal_code) if person.postal_code else None
    return {
        "first_name": person.given_name,
        "last_name": person.family_name,
        "full_name": person.name,
        "city": place.city if place else "",
        "state": place.region if place else "",
        "zip": place.postal_code if place else person.postal_code,
        "movement": movement().name,
    }
