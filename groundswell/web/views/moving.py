"""Parts of boards that renew themselves while somebody looks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def moving(request: HttpRequest, template: str, shown: dict[str, object]) -> HttpResponse:
    """The part, or 204 where it looks as the reader has `seen` it, so that nothing is redrawn.

    Args:
        shown: what the template shows, and as `tag` a word for how it looks.
    """
    if request.GET.get("seen") == shown["tag"]:
        return HttpResponse(status=204)
    return render(request, template, shown)
