"""What of a person may stand in a mail, and its value for each."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from groundswell.kit import geo
from groundswell.messaging.fields import Values
from groundswell.people.models import Person
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


def values_of(person: Person) -> Values:
    """The fields as we know them of this person; empty where we do not."""
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
