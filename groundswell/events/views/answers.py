"""Ways to answer that several pages share."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from groundswell.events.rules import Refused


def by_link(
    request: HttpRequest, act: Callable[[], object], template: str, context: Mapping[str, object]
) -> HttpResponse:
    """A link in a mail. Looking changes nothing, as mail scanners look too: the button acts."""
    problem = ""
    if request.method == "POST":
        try:
            act()
            return see_other(request.path)
        except Refused as refused:
            problem = str(refused)
    reply = render(request, template, {**context, "problem": problem}, status=409 if problem else 200)
    reply["Referrer-Policy"] = "no-referrer"
    return reply


def see_other(url: str) -> HttpResponse:
    """Go there and read, whatever this was."""
    return HttpResponseRedirect(url, status=303)
