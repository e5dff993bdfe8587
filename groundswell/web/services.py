"""Writes of the front that join doors of several floors."""

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from groundswell.kit.clock import now
from groundswell.messaging.services import queue
from groundswell.powers import hooks, limits, words
from groundswell.powers import services as powers
from groundswell.powers.models import ROOT, Grant, User
from groundswell.powers.movement import movement
from groundswell.web import selectors
from groundswell.web.forms import PowerForm


class HeldAlready(Exception):
    """They hold from the same giver no less than what was asked."""

    def __init__(self, grant: Grant) -> None:
        super().__init__(grant)
        self.grant = grant


@transaction.atomic
def give(giver: User, form: PowerForm) -> Grant:
    """Give the power of a valid form to the holder of its address, who need not have signed in yet.

    Raises:
        powers.Refused: it would exceed what the giver holds.
        HeldAlready: it would add nothing; nothing is changed.
    """
    asked = form.cleaned_data
    # Locked, so that of two that are sent at once the second sees the first.
    holder = User.objects.select_for_update(no_key=True).get(pk=User.objects.at_address(asked["email"]).pk)
    given = powers.give(
        giver,
        holder,
        asked["verb"],
        asked["scope"],
        limit=asked["limit"],
        ends_at=form.ends_at,
        may_hand_on=asked["may_hand_on"],
    )
    if earlier := selectors.no_less_than(given):
        raise HeldAlready(earlier)
    return given


def ask_for(user: User, verb: str) -> list[str]:
    """Write to those who can give a power, that the user would like it; at most once a day for each verb.

    Returns:
        The names of those who were asked; none where it was asked already.
    """
    givers = selectors.givers(verb)
    if not givers or not limits.take(f"ask:{user.pk}:{verb}", per_hour=1 / 24, burst=1):
        return []
    what = words.power(hooks.verb(verb), ROOT)
    told = {"who": hooks.display_name(user), "email": user.email, "what": what, "movement": movement().name}
    for giver in givers:
        with transaction.atomic():
            queue(
                f"web.ask:{user.pk}:{verb}:{giver.pk}:{now():%Y-%m-%d}",
                person=selectors.person_of(giver),
                address=str(giver.email),
                subject=_("%(who)s asks you for a power") % told,
                text=_("%(who)s (%(email)s) would like to %(what)s in %(movement)s, and you can give them that power:")
                % told
                + f"\n\n{settings.BASE_URL}{reverse('web:me')}\n\n"
                + _("If you would rather not, you need not do anything."),
            )
    return [hooks.display_name(giver) for giver in givers]
