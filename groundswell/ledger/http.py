"""Idempotency keys for views: from the `Idempotency-Key` header, or from a form's hidden `idempotency_key` field."""

import json
import time
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from groundswell.ledger.services import KeyInFlight, KeyReused, Reply, idempotent

P = ParamSpec("P")

FIELD = "idempotency_key"
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
PATIENCE = 3.0  # seconds a person's second click waits for the first; a program gets its 409 at once


def idempotent_view(
    refused: Callable[[HttpRequest, int], HttpResponse] | None = None,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Run a POST once per key and give its reply again to the same request with the same key.

    Another request with the key: 422. The first one still running: 409 with Retry-After. Without a key: as ever.
    Replies of 400 and above change nothing and are not kept.

    Args:
        refused: the form again, as it was filled in, for a person whose key came in it; gets the request and 422 or
            409. None, or a key in the header: a line of text.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def once(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            header = request.headers.get("Idempotency-Key", "")
            key = header or (request.POST.get(FIELD, "") if request.content_type in FORMS else "")
            if request.method != "POST" or not key:
                return view(request, *args, **kwargs)
            if len(key) > 255:
                return _plain(400, _("The idempotency key is longer than 255 characters."))
            user = getattr(request, "user", None)
            scope = f"{request.path} {getattr(user, 'pk', None)}"
            patience = time.monotonic() + (0 if header else PATIENCE)
            made: list[HttpResponse] = []

            def run() -> Reply:
                made.append(view(request, *args, **kwargs))
                return _reply(made[0])

            while True:
                try:
                    reply = idempotent(scope, key, _asked(request), run)
                    return made[0] if made else HttpResponse(reply.body, status=reply.status, headers=reply.headers)
                except KeyReused:
                    sentence = _("This idempotency key was used before for another request.")
                    return _plain(422, sentence) if header or refused is None else refused(request, 422)
                except KeyInFlight as wait:
                    if time.monotonic() >= patience:
                        sentence = _("The first request with this idempotency key is still being answered.")
                        busy = _plain(409, sentence) if header or refused is None else refused(request, 409)
                        busy["Retry-After"] = str(wait.retry_after)
                        return busy
                    time.sleep(0.1)

        return once

    return decorate


def _asked(request: HttpRequest) -> bytes:
    """What was asked: the body, or for a form its fields and files, whose bytes differ from one sending to the next."""
    if request.content_type not in FORMS:
        return request.body
    fields: list[Any] = [
        (name, values) for name, values in sorted(request.POST.lists()) if name != "csrfmiddlewaretoken"
    ]
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            fields.append((name, file.name, sha256(file.read()).hexdigest()))
            file.seek(0)
    return json.dumps(fields).encode()


def _reply(response: HttpResponse) -> Reply:
    if callable(render := getattr(response, "render", None)):
        render()
    headers = {name: value for name, value in response.items() if name.lower() != "set-cookie"}
    return Reply(response.status_code, headers, response.content)


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
