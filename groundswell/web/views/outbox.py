"""The mail of the demo: nothing leaves the house, so its visitors read it here. Not there outside the demo."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groundswell.web import outbox

PAGE = 50


@require_safe
@never_cache
def mails(request: HttpRequest) -> HttpResponse:
    """Kept mails, newest first; `?before=NAME` goes on."""
    _only_in_demo()
    found = outbox.newest(PAGE + 1, request.GET.get("before", ""))
    older = found[PAGE - 1].name if len(found) > PAGE else ""
    return render(request, "web/outbox.html", {"mails": found[:PAGE], "older": older})


@require_safe
@never_cache
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail."""
    _only_in_demo()
    found = outbox.find(name)
    if found is None:
        raise Http404
    return render(request, "web/mail.html", {"mail": found})


def _only_in_demo() -> None:
    if not settings.DEMO:
        raise Http404
