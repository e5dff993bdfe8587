"""The language of a page is in its path and nowhere else, so that every page has one cache entry; and it is one of
those that the movement chose."""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import LocalePrefixPattern, get_resolver
from django.utils import translation
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes

from groundswell.powers.movement import movement


class LanguageOfPath:
    """Middleware: speak the language that the path begins with, else the first one. Django's own also looks at the
    browser's wishes, and says so in `Vary`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        # What a form sends is taken in any language: a redirect would lose it.
        if request.method in {"GET", "HEAD"} and not _without_language(request.path_info):
            chosen = movement().languages
            if language not in chosen:
                return HttpResponseRedirect(_address(request, chosen[0]))
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


def _address(request: HttpRequest, language: str) -> str:
    """The same page in another language."""
    path = request.path_info
    if translation.get_language_from_path(path):
        path = "/" + path[1:].partition("/")[2]
    if language != settings.LANGUAGE_CODE:
        path = f"/{language}{path}"
    query = request.META.get("QUERY_STRING", "")
    return escape_leading_slashes(escape_uri_path(path)) + (f"?{query}" if query else "")


def _without_language(path: str) -> bool:
    """Whether this is an address for machines or in a mail, which has no language: one outside of `i18n_patterns`."""
    whole, beginnings = _outside()
    return path in whole or path.startswith(beginnings)


@cache
def _outside() -> tuple[frozenset[str], tuple[str, ...]]:
    """Those addresses, and how those begin in which something is named."""
    patterns = [
        f"/{one.pattern}" for one in get_resolver().url_patterns if not isinstance(one.pattern, LocalePrefixPattern)
    ]
    named = {pattern for pattern in patterns if "<" in pattern or pattern.endswith("/")}
    return frozenset(patterns) - named, tuple(sorted(pattern.partition("<")[0] for pattern in named))
