"""The links and the picture in a copy. Whoever asks, person or machine, gets them; that they asked is noted apart from
everything else, and nothing else changes."""

from base64 import b64decode
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groundswell.kit import clock
from groundswell.kit.open_pages import open_page
from groundswell.messaging import copies, machines, selectors, tokens
from groundswell.messaging.models import Signal
from groundswell.messaging.selectors import Copy
from groundswell.messaging.services import signals
from groundswell.sources import carry

OF_MAILS = "default-src 'none'; img-src * data:; style-src 'unsafe-inline'; sandbox allow-popups allow-top-navigation"
TRAP = 0  # the link that stands in copies where no person sees it
PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@open_page
@require_safe
@never_cache
def click(request: HttpRequest, link_id: int, token: str) -> HttpResponse:
    """To where a link of this copy leads, which is written in no address: nobody makes it lead elsewhere."""
    delivery_id = _copy_of(token)
    if link_id == TRAP:
        if (copy := selectors.copy_of(delivery_id)) is None:
            raise Http404
        signals.note(copy.id, copy.mailing_id, Signal.Kind.CLICKED, machine=True)
        return _to("/")
    if (found := selectors.followed(link_id, delivery_id)) is None:
        raise Http404
    url, copy = found
    machine = machines.clicked(request.method or "", _agent(request), _since(copy))
    signals.note(copy.id, copy.mailing_id, Signal.Kind.CLICKED, link_id=link_id, machine=machine)
    return _to(_with_source(url, copy.mailing_id))


@open_page
@require_safe
@never_cache
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """A picture of one clear dot."""
    if (copy := selectors.copy_of(_copy_of(token))) is None:
        raise Http404
    machine = machines.opened(request.method or "", _agent(request), _since(copy))
    signals.note(copy.id, copy.mailing_id, Signal.Kind.OPENED, machine=machine)
    return HttpResponse(PICTURE, content_type="image/gif")


@open_page
@require_safe
@never_cache
def whole(request: HttpRequest, token: str) -> HttpResponse:
    """The copy as a page, for mail programs that show it badly. Its look is a mail's, in itself, and nothing in it may
    act."""
    held = selectors.held(_copy_of(token))
    if held is None or (copy := copies.sent(*held)) is None:
        raise Http404
    reply = HttpResponse(copy.page())
    reply["Content-Security-Policy"] = OF_MAILS
    reply["X-Robots-Tag"] = "noindex"
    reply["Referrer-Policy"] = "no-referrer"
    return reply


def _copy_of(token: str) -> UUID:
    if (found := tokens.delivery_of(token)) is None:
        raise Http404
    return found


def _agent(request: HttpRequest) -> str:
    return request.headers.get("User-Agent", "")


def _since(copy: Copy) -> timedelta | None:
    return clock.now() - copy.sent_at if copy.sent_at else None


def _to(url: str) -> HttpResponse:
    reply = HttpResponseRedirect(url)
    reply["X-Robots-Tag"] = "noindex"
    reply["Referrer-Policy"] = "no-referrer"
    return reply


def _with_source(url: str, mailing_id: UUID | None) -> str:
    """On a link to a page of ours the mailing's source code, unless its writer put another there."""
    parts, own = urlsplit(url), urlsplit(settings.BASE_URL)
    ours = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    if mailing_id is None or not ours or parse_qs(parts.query).keys() & set(carry.NAMES):
        return url
    return carry.with_code(url, selectors.source_code(mailing_id))
