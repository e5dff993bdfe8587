"""What the steps of a journey choose from."""

from django.utils.translation import gettext as _

from groundswell.people import hooks
from groundswell.people.lists import Options, deeds
from groundswell.people.models import Field, Segment
from groundswell.people.verbs import SEE
from groundswell.powers import hooks as powers
from groundswell.powers.models import ROOT
from groundswell.powers.selectors import holders_around

# What people do themselves, or somebody does to one of them. Entries of other kinds name nobody, or are the system's.
OFFERED = (
    "consent.given",
    "consent.withdrawn",
    "event.handed_over",
    "event.host_added",
    "event.left_waiting",
    "event.waiting",
    "mail.clicked",
    "mail.replied",
    "person.added",
    "person.contact_verified",
    "person.tagged",
)


def beginnings() -> Options:
    """The deeds that let somebody in: what floors offer first, then the others."""
    return [(kind, did) for kind, did in deeds() if kind in hooks.deeds or kind in OFFERED]


def segments() -> Options:
    """Those that are asked anew each time: neither frozen nor a sample."""
    living = Segment.objects.filter(frozen_at=None, sample=Segment.Sample.ALL)
    return [(str(one.pk), one.name) for one in living]


def dates() -> Options:
    """The fields that hold a day."""
    return [(one.name, one.label) for one in Field.objects.filter(type=Field.Type.DATE).order_by("label")]


def helpers() -> Options:
    """Whoever holds a power where the person is, or somebody who sees people."""
    verbs = [
        (f"verb:{verb.name}", _("whoever may there: %(do)s") % {"do": verb.sentence})
        for verb in powers.verbs.values()
        if verb.strong and not verb.everyone
    ]
    verbs.sort(key=lambda one: (one[0] != f"verb:{SEE}", one[1]))
    return [*verbs, *((f"user:{user.pk}", powers.display_name(user)) for user in holders_around(SEE, [ROOT]))]


OWN = {"beginnings": beginnings, "segments": segments, "dates": dates, "helpers": helpers}
