"""Pages for everybody: no session, no sign-in, nothing of the reader. They take a short way through the middleware,
which on a night of two thousand requests a second is half of what a page costs."""

from collections.abc import Callable
from functools import cache, lru_cache
from io import BytesIO
from typing import Any

from csp.middleware import CSPMiddleware
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, ResolverMatch, URLResolver, get_resolver
from django.utils.translation import get_language

View = Callable[..., HttpResponse]


_open: set[View] = set()


def open_page(view: View) -> View:
    """A view that asks nothing of sessions, users and messages, and needs no CSRF token: it goes the short way."""
    _open.add(view)
    return view


class ShortWay:
    """Middleware, right after the language: an open page gets its view and the security headers, nothing else."""

    def __init__(self, get_response: View) -> None:
        self.long_way = get_response
        self.short_way = convert_exception_to_response(_call)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = _open_match(get_resolver(), request.path_info, get_language())
        if match is None:
            return self.long_way(request)
        request.resolver_match = match
        response = self.short_way(request)
        assert isinstance(response, HttpResponse)
        for name, value in _security_headers(request.is_secure()):
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


@lru_cache(maxsize=8192)
def _open_match(urls: URLResolver, path: str, _language: str | None) -> ResolverMatch | None:
    """The open page at this path. On the night the same paths are asked for again and again."""
    try:
        match = urls.resolve(path)
    except Resolver404:
        return None
    return match if match.func in _open else None


def _call(request: HttpRequest) -> HttpResponse:
    match = request.resolver_match
    assert match
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response


@cache
def _security_headers(secure: bool) -> list[tuple[str, str]]:
    """What the middleware of other pages says; it says the same of every page."""
    asked = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "https" if secure else "http", "wsgi.input": BytesIO()}
    said: Any = SecurityMiddleware(CSPMiddleware(lambda request: HttpResponse()))(WSGIRequest(asked))
    return [(name, value) for name, value in said.headers.items() if name != "Content-Type"]
