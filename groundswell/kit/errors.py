"""What an error becomes. The pages need no database: while it is away they say when to come back."""

import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

RETRY_AFTER = 30  # seconds


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """413 with the limit where more was sent than is read; else 400."""
    if isinstance(exception, RequestDataTooBig):
        most = {"most": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
        return HttpResponse(render_to_string("413.html", most), status=413)
    return HttpResponse(render_to_string("400.html"), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After where the database cannot be reached, so that everybody comes back; else 500.

    Called by Django while the error is being handled.
    """
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("500.html"), status=500)
    reply = HttpResponse(render_to_string("503.html"), status=503)
    reply["Retry-After"] = str(RETRY_AFTER)
    reply["Cache-Control"] = "no-store"
    return reply
