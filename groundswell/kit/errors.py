"""What an error of ours becomes. The pages need no database: while it is away they say when to come back."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

RETRY_AFTER = 30  # seconds


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
