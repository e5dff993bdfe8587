"""What providers report, each in its own form, signed or with the secret we gave it. Read by django-anymail, acted on
by a job: whoever reports gets an answer at once."""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from anymail import urls
from anymail.exceptions import AnymailConfigurationError, AnymailInsecureWebhookWarning
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from groundswell.messaging import incoming
from groundswell.messaging.incoming import Report
from groundswell.messaging.models import Signal
from groundswell.messaging.services.hearing import hear_later

Kind = Signal.Kind
KINDS = {  # openings and clicks come to addresses of our own
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.BOUNCED: Kind.BOUNCED,
    EventType.REJECTED: Kind.BOUNCED,
    EventType.FAILED: Kind.BOUNCED,
    EventType.DEFERRED: Kind.DEFERRED,
    EventType.COMPLAINED: Kind.COMPLAINED,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
}
STATUS = {  # what their reasons mean where the mail server's own words are missing
    RejectReason.INVALID: "5.1.3",
    RejectReason.BOUNCED: "5.1.1",
    RejectReason.TIMED_OUT: "4.4.7",
    RejectReason.BLOCKED: "5.7.1",
    RejectReason.SPAM: "5.7.1",
}


@csrf_exempt  # a provider comes from no page of ours; its signature or secret is what vouches for it
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, provider: str, what: str) -> HttpResponse:
    """A provider of the settings tells of copies (`tracking`), or passes on mail that came in (`inbound`).
    Some look first whether anybody is there."""
    hook = _hook(provider, what)
    if request.method == "POST":
        hook.run_validators(request)  # where it is forged: 400
        try:
            events = hook.parse_events(request)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadRequest(f"{provider} tells nothing that can be read: {error}") from error
        hear_later(told for event in events if (told := _report_of(event, hook.esp_name)))
    return HttpResponse()


def _hook(provider: str, what: str) -> Any:
    """Anymail's view that reads it. Raises Http404 where the settings name no such provider, or no secret of it."""
    secrets = _secrets().get(provider)
    names = {f"{provider}_{what}_webhook", f"{provider}_webhook"}
    found = next((one.callback for one in urls.urlpatterns if one.name in names), None)
    if not secrets or found is None:
        raise Http404
    with warnings.catch_warnings():
        warnings.simplefilter("error", AnymailInsecureWebhookWarning)
        try:
            return found.view_class(**secrets)
        except (AnymailInsecureWebhookWarning, AnymailConfigurationError, TypeError):
            raise Http404 from None


def _secrets() -> dict[str, dict[str, str]]:
    """The providers of the settings, each with what anymail is to know of it."""
    hooks = map(urlsplit, settings.MAIL_HOOKS.split())
    return {hook.scheme: dict(parse_qsl(hook.query)) for hook in hooks}


def _report_of(event: Any, esp: str) -> Report | None:
    if not isinstance(event, AnymailTrackingEvent):
        message = event.message
        return incoming.read(message, _key(esp, event), [message.envelope_recipient or ""]) if message else None
    if (kind := KINDS.get(event.event_type)) is None:
        return None
    if event.reject_reason == RejectReason.UNSUBSCRIBED:
        kind = Kind.UNSUBSCRIBED
    return Report(
        str(kind),
        _key(esp, event),
        copies=tuple(_ids(event)),
        their_id=event.message_id or "",
        address=(event.recipient or "").strip().lower(),
        status="" if event.mta_response else STATUS.get(event.reject_reason, ""),
        said=str(event.mta_response or event.description or "")[:500],
        at=(event.timestamp or datetime.now(UTC)).isoformat(),
        signed=True,
    )


def _ids(event: AnymailTrackingEvent) -> Iterator[str]:
    """Our ids of the copy that it tells of, as far as it says them."""
    for said in (str((event.metadata or {}).get("delivery", "")), f"<{(event.message_id or '').strip('<>')}"):
        yield from incoming.ids_in(said)


def _key(esp: str, event: Any) -> str:
    """What makes it one: the provider's id of it, or all that tells it from others."""
    if event.event_id:
        return f"{esp}:{event.event_type}:{event.event_id}"
    message = getattr(event, "message", None)
    told = (
        (message["Message-ID"], message["From"], message["Date"])
        if message is not None
        else (event.message_id, event.recipient, event.timestamp, event.mta_response)
    )
    return f"{esp}:{event.event_type}:{blake2b(repr(told).encode(errors='replace'), digest_size=16).hexdigest()}"
