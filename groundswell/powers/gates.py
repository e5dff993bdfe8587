"""Gates before views: signed in; holds a power; proved a second factor."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from groundswell.powers import selectors, viewer
from groundswell.powers.models import User

View = Callable[..., HttpResponse]

AFTER_SECOND_FACTOR = "after_second_factor"  # session key: the page they were on their way to


def signed_in(view: View) -> View:
    """Only for those who signed in; others do that first and come back."""

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return gated


def may(*verbs: str) -> Callable[[View], View]:
    """Only for those who may do one of these somewhere; for others there is no such page. What they may reach on it is
    for the `access_*` selectors. Whoever lacks only the second factor is asked for it."""

    def gate(view: View) -> View:
        @wraps(view)
        @signed_in
        def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            who = viewer.of(request)
            if not any(who.scopes(verb) for verb in verbs):
                user = who.user
                if user and any(who.lacks_second_factor(verb) and selectors.scopes(user, verb) for verb in verbs):
                    return ask_second_factor(request, user)
                raise Http404
            if request.session.get(AFTER_SECOND_FACTOR) == request.get_full_path():
                del request.session[AFTER_SECOND_FACTOR]
            return view(request, *args, **kwargs)

        return gated

    return gate


def ask_second_factor(request: HttpRequest, user: User) -> HttpResponse:
    """To where they prove their second factor, or set one up; then back."""
    path = request.get_full_path()
    if Authenticator.objects.filter(user=user).exists():
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': path})}")
    request.session[AFTER_SECOND_FACTOR] = path
    return redirect("mfa_index")
