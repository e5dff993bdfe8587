"""Pages for everybody: no session, no sign-in, nothing of the reader. They take a short way through the middleware,
which on a night of two thousand requests a second is half of what a page costs."""

from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, resolve

View = Callable[..., HttpResponse]


def open_page(view: View) -> View:
    """A view that asks nothing of sessions, users and messages, and needs no CSRF token: it goes the short way."""
    view.is_open_page = True  # type: ignore[attr-defined]
    return view


class ShortWay:
    """Middleware, right after the language: an open page gets its view and the security headers, nothing else."""

    def __init__(self, get_response: View) -> None:
        self.long_way = get_response
        self.short_way: Any = SecurityMiddleware(CSPMiddleware(convert_exception_to_response(_call)))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.long_way(request)
        if not getattr(match.func, "is_open_page", False):
            return self.long_way(request)
        request.resolver_match = match
        response: HttpResponse = self.short_way(request)
        return response


def _call(request: HttpRequest) -> HttpResponse:
    match = request.resolver_match
    assert match
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response
