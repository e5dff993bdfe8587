"""One event for everybody: its page, calendar file and QR code, and saying that one comes."""

import io
from hashlib import sha256
from typing import Any
from uuid import UUID

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from groundswell.events import calendar, links, nearby, selectors, services, words
from groundswell.events.forms.coming import Answers, RSVPForm, plain_answers
from groundswell.events.rules import Invalid, Refused
from groundswell.events.selectors import PublicEvent
from groundswell.kit import look
from groundswell.kit.clock import now
from groundswell.kit.open_pages import open_page
from groundswell.people.selectors import NotFound
from groundswell.powers import limits
from groundswell.powers.movement import movement
from groundswell.powers.public import public_action
from groundswell.sources import carry

FULL_KEPT_S = 300  # a full event's page speaks of others, too
KEPT_S = 21_600


def _etag(request: HttpRequest, event: PublicEvent) -> str:
    """Changes with whatever the page says, and four times a day, so that the time stamp of its form is young."""
    kept = KEPT_S if event.open and any(shift.room for shift in event.shifts) else FULL_KEPT_S
    says = (event, get_language(), request.GET.urlencode(), movement().changed_at, now().timestamp() // kept)
    return f'"{sha256(f"{says}{look.version(movement().colour, movement().accent)}".encode()).hexdigest()[:20]}"'


@open_page
@require_safe
@gzip_page
@cache_control(public=True, no_cache=True)  # a browser asks each time: the answer comes from memory
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The event's page."""
    shown = selectors.public_event(event_id)
    etag = _etag(request, shown)
    if known := get_conditional_response(request, etag=etag):
        return known
    reply = _page(request, shown, RSVPForm(shown))
    reply["ETag"] = etag
    reply["Surrogate-Key"] = str(event_id)
    return reply


def _page(request: HttpRequest, event: PublicEvent, form: RSVPForm, status: int = 200) -> HttpResponse:
    url = settings.BASE_URL + reverse("events:event", args=[event.id])
    full = event.open and not any(shift.room for shift in form.open_shifts)
    into = _into(event)
    context: dict[str, Any] = {
        "event": event,
        "form": form,
        "url": url,
        "full": full,
        "into": into,
        "elsewhere": nearby.with_room(event, form.open_shifts) if full or not (event.open or into) else None,
        "share": words.share_links(event, url),
        "linked_data": words.linked_data(event, url),
        "plain_description": words.short(event),
    }
    return render(request, "events/event.html", context, status=status)


def _into(event: PublicEvent) -> PublicEvent | None:
    """The event it was merged into, while everybody may see that."""
    try:
        return selectors.public_event(event.merged_into) if event.merged_into else None
    except NotFound:
        return None


@open_page
@public_action("events.rsvp", per_hour=None)
@require_http_methods(["GET", "HEAD", "POST"])
def rsvp(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Somebody says that they come. The event and its form are only read where there is something to say."""
    if request.method != "POST":  # the other language, or a reload, of a form that could not stand
        return redirect("events:event", event_id)
    language = get_language() or ""
    bucket = limits.Bucket(f"events.rsvp:{limits.client_key(request)}", per_hour=120, burst=60)
    problem: Invalid | Refused | None = None
    if answers := plain_answers(request.POST, language):
        try:
            return _come(request, event_id, answers, bucket)
        except NotFound:
            pass  # the event, or only that shift
        except (Invalid, Refused) as why:
            problem = why
    elif not limits.take(**bucket._asdict()):
        raise limits.TooOften(bucket.wait_s)
    shown = selectors.public_event(event_id)
    form = RSVPForm(shown, request.POST)
    if form.is_valid() and problem is None:
        try:
            return _come(request, event_id, form.answers(language), None)
        except (Invalid, Refused) as why:
            problem = why
    if isinstance(problem, Invalid):
        form.show_problems(problem.problems.items())
    elif problem:
        form.add_error(None, str(problem))
    return _page(request, shown, form, status=422)


def _come(request: HttpRequest, event_id: UUID, answers: Answers, bucket: limits.Bucket | None) -> HttpResponse:
    word = services.rsvp(
        answers.shift,
        answers.person,
        event_id=event_id,
        guests=answers.guests,
        source_code=carry.code_in(request),
        consents=answers.agreed,
        page=request.path,
        bucket=bucket,
    )
    return _see_other(reverse("events:thanks", args=[links.thanks_token(word.shift_id, room=word.had_room)]))


def _see_other(url: str) -> HttpResponse:
    return HttpResponseRedirect(url, status=303)


@open_page
@require_safe
@cache_control(public=True, max_age=300)
@conditional_page
def ics(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The event as a calendar file."""
    shown = selectors.public_event(event_id)
    reply = HttpResponse(calendar.file(shown), content_type="text/calendar; charset=utf-8")
    reply["Content-Disposition"] = 'attachment; filename="event.ics"'
    return reply


@open_page
@require_safe
@cache_control(public=True, max_age=86_400)
@conditional_page
def qr(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """A QR code of the page's address, to print; `?source=` goes into it."""
    shown = selectors.public_event(event_id)
    url = settings.BASE_URL + reverse("events:event", args=[shown.id])
    image = io.BytesIO()
    segno.make(carry.with_code(url, carry.code_in(request)), error="m").save(
        image, kind="svg", scale=8, border=2, dark="#000", light="#fff", xmldecl=False, title=shown.title
    )
    return HttpResponse(image.getvalue(), content_type="image/svg+xml")
