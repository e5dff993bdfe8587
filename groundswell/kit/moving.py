"""Parts of boards that renew themselves while somebody looks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import quote_etag


def moving(request: HttpRequest, template: str, shown: dict[str, object]) -> HttpResponse:
    """The part, or 304 where it looks as the reader has it, so that nothing is drawn again.

    Args:
        shown: what the template shows, and as `tag` a word for how it looks.
    """
    tag = quote_etag(str(shown["tag"]))
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    reply = render(request, template, shown)
    reply["ETag"] = tag
    return reply
