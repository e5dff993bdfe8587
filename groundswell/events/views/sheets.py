"""For hosts: the sign-in sheet to print, and typing it in afterwards."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groundswell.events import selectors, services, sheets
from groundswell.events.models import RSVP, Event
from groundswell.events.rules import Invalid, Refused, has_come
from groundswell.events.services import attending
from groundswell.events.views.mine import actor_of, mine, running
from groundswell.kit import clock
from groundswell.people import services as people
from groundswell.powers import viewer
from groundswell.powers.gates import signed_in


@never_cache
@signed_in
@require_safe
def sheet(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The sheet as a PDF; who is on it was looked at."""
    event = mine(request, event_id)
    guests, who = sheets.guests_of(event), viewer.of(request)
    for rsvp in guests:
        people.looked_at(who, rsvp.person)
    desk = settings.BASE_URL + reverse("events:desk", args=[event.pk])
    reply = HttpResponse(sheets.sheet(event, guests, desk), content_type="application/pdf")
    reply["Content-Disposition"] = 'inline; filename="sign-in-sheet.pdf"'
    return reply


@never_cache
@signed_in
def type_in(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Codes of the sheet, one after the other; each is answered with the name."""
    event = mine(request, event_id)
    answers: list[attending.Typed] = []
    problem, undone = "", None
    if request.method == "POST":
        try:
            if "rest" in request.POST:
                n = attending.rest_missed(event, actor_of(request))
                said = ngettext("Saved: %(n)d person did not come.", "Saved: %(n)d people did not come.", n)
                messages.success(request, said % {"n": n})
                return redirect("events:type_in", event.pk)
            if "undo" in request.POST:
                undone = _undo(request, event)
            else:
                answers = attending.type_in(event, request.POST.get("codes", ""), actor_of(request))
        except Invalid as invalid:
            problem = str(invalid)
        except Refused as refused:
            problem = str(refused)
    context = {"answers": answers, "undone": undone, "problem": problem, **_marked(event)}
    return render(
        request,
        "events/type_in.html",
        running(request, event, "desk") | context,
        status=422 if problem else 200,
    )


def _undo(request: HttpRequest, event: Event) -> RSVP:
    of_event = selectors.guest_list(event)
    rsvp = get_object_or_404(of_event, pk=_uuid(request.POST["undo"]))
    services.mark_attended(rsvp, None, actor_of(request))
    return rsvp


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _marked(event: Event) -> dict[str, Any]:
    listed, rest = selectors.guest_list(event), attending.open_rsvps(event)
    return {
        "day_has_come": has_come(event.starts_at, event.time_zone, clock.now()),
        "came": sum(rsvp.here for rsvp in listed),
        "rest": rest,
        "rest_places": sum(rsvp.places for rsvp in rest),
    }
