"""Who looks: the user of this request, and whether this session proved more than an email address."""

from dataclasses import dataclass

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from groundswell.powers import hooks, selectors
from groundswell.powers.models import ROOT, User


@dataclass(frozen=True)
class Viewer:
    """Whoever asks.

    Attributes:
        user: None when nobody is signed in.
        strong: this session was opened or confirmed by a second factor or passkey that the user still has.
    """

    user: User | None
    strong: bool = False

    def may(self, verb: str, scope: str = ROOT) -> bool:
        """Whether they may do it now, in this session."""
        return not self.lacks_second_factor(verb) and selectors.may(self.user, verb, scope)

    def scopes(self, verb: str) -> list[str]:
        """Where they may do it now, in this session."""
        return [] if self.lacks_second_factor(verb) else selectors.scopes(self.user, verb)

    def lacks_second_factor(self, verb: str) -> bool:
        """Whether the verb needs a stronger session than this one."""
        return hooks.verb(verb).strong and settings.SECOND_FACTOR_REQUIRED and not self.strong


def of(request: HttpRequest) -> Viewer:
    """The viewer of this request."""
    if not request.user.is_authenticated:
        return Viewer(None)
    user = request.user
    used = [record["id"] for record in get_authentication_records(request, user) if record["method"] == "mfa"]
    return Viewer(user, strong=bool(used) and Authenticator.objects.filter(user=user, pk__in=used).exists())
