"""Filling an event and where places or people are short: for its hosts, and for headquarters."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from groundswell.events import attendance, forecasting, links, nearby, programme, selectors, verbs
from groundswell.events.forms.routing import OverbookForm
from groundswell.events.models import Event
from groundswell.events.programme import Standing
from groundswell.events.rules import Invalid, Refused
from groundswell.events.services import merging, routing
from groundswell.events.views.answers import by_link
from groundswell.events.views.mine import actor_of, mine, running, runs
from groundswell.kit import tables
from groundswell.ledger.rules import person_actor
from groundswell.people import selectors as people_read
from groundswell.people.selectors import NotFound
from groundswell.powers import selectors as powers
from groundswell.powers import viewer
from groundswell.powers.gates import signed_in
from groundswell.powers.public import public_action
from groundswell.powers.rules import covers

SHOWN = 50
CSV = ("list", "id", "title", "city", "state", "starts_at", "places", "taken", "waiting", "expected")


# --- one event -----------------------------------------------------------------------------------------------------
@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def fill(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Who will come, whom to invite, and how many places to offer."""
    event = mine(request, event_id) if request.method == "POST" else _reached(request, event_id)
    forecasts = attendance.forecasts(event)
    offers, chosen = _offers(forecasts), {"percent": event.overbook}
    form = OverbookForm(offers, initial=chosen)
    if request.method == "POST":
        form = OverbookForm(offers, request.POST, initial=chosen)
        try:
            if request.POST.get("act") == "invite":
                routing.invite(event, actor_of(request))
                messages.success(request, _("Invitations are on their way."))
                return redirect("events:fill", event.pk)
            if form.is_valid():
                routing.overbook(event, form.cleaned_data["percent"], actor_of(request))
                messages.success(request, _("Saved."))
                return redirect("events:fill", event.pk)
        except Invalid as invalid:
            form.show_problems(invalid.problems.items())
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("events:fill", event.pk)
    thin, known, own = routing.is_thin(event), attendance.rates().known, runs(request, event.pk)
    context = {
        "forecasts": forecasts,
        "known": known,
        "offers": known and (event.overbook or any(more for _percent, more in offers)),
        "most": routing.BOUNDS[-1],
        "limited": any(one.shift.capacity for one in forecasts),
        "thin": thin,
        "neighbors": merging.neighbors(event)[: nearby.OFFERED] if thin else [],
        "runs": own,
        "why": "" if own else _why(request, event.scope),
        "closed": routing.closed(event),
        "invitable": routing.invitable(event),
        "most_invited": routing.MOST_INVITED,
        "reach": routing.REACH_M,
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "events/fill.html", running(request, event, "fill") | context, status=status)


def _offers(forecasts: Iterable[attendance.Forecast]) -> list[tuple[int, int]]:
    """For each chance that more come than fit: how many places more it would offer in all."""
    rates = attendance.rates()
    limited = [(one.shift.capacity, one.share) for one in forecasts if one.shift.capacity]
    return [
        (percent, sum(forecasting.beyond(room, share, rates.strength, percent / 100) for room, share in limited))
        for percent in routing.BOUNDS[1:]
    ]


def _why(request: HttpRequest, scope: str) -> str:
    """Why they only look at events there, and who can let them do more."""
    assert request.user.is_authenticated
    return powers.why(request.user, verbs.CHANGE, scope)


def _reached(request: HttpRequest, event_id: UUID) -> Event:
    """To look at, for its hosts, and for whoever may change or review events there. Raises NotFound."""
    who = viewer.of(request)
    try:
        return selectors.access_event(who, event_id)
    except NotFound:
        return selectors.access_event(who, event_id, verbs.REVIEW)


@csrf_exempt  # a mail program comes from no page of ours; the token is what vouches for it
@cache_control(private=True, no_store=True)
def no_more(request: HttpRequest, token: str) -> HttpResponse:
    """The last link in an invitation, and the one in its header: there a mail program posts at once (RFC 8058), and
    follows no redirect."""
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        person = links.no_more_from(token)
        routing.stop(person, person_actor(person.pk))
        return HttpResponse(_("You get no more of these"), content_type="text/plain; charset=utf-8")
    return _no_more(request, token)


@public_action("events.no_more", per_hour=60, burst=30)
def _no_more(request: HttpRequest, token: str) -> HttpResponse:
    """On the page, the button ends them."""
    person = links.no_more_from(token)
    agrees = people_read.agrees(person, "events", "email")
    return by_link(
        request, lambda: routing.stop(person, person_actor(person.pk)), "events/no_more.html", {"agrees": agrees}
    )


# --- the programme -------------------------------------------------------------------------------------------------
@never_cache
@signed_in
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """Where places are short and where people are, of the next two weeks; `?state=VT`, and `?format=csv`."""
    who = viewer.of(request)
    scopes = [*who.scopes(verbs.CHANGE), *who.scopes(verbs.REVIEW)]
    if not scopes:
        raise Http404
    region = request.GET.get("state", "")[:60]
    found = programme.programme(scopes, region)
    if request.GET.get("format") == "csv":
        return _csv(found)
    shown = found.short_of_people[:SHOWN]
    changes = who.scopes(verbs.CHANGE)
    context: dict[str, Any] = {
        "region": region,
        "states": [state for state in found.states if state.full],
        "names": sorted({state.region for state in found.states} | ({region} if region else set())),
        "short_of_places": found.short_of_places[:SHOWN],
        "short_of_people": shown,
        "places_total": len(found.short_of_places),
        "people_total": len(found.short_of_people),
        "changeable": {one.id for one in shown if any(covers(scope, one.scope) for scope in changes)},
        "whys": [_why(request, scope) for scope in scopes if not any(covers(outer, scope) for outer in changes)],
    }
    return render(request, "events/programme.html", context)


def _csv(found: programme.Programme) -> HttpResponse:
    reply = HttpResponse(content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = 'attachment; filename="events.csv"'
    rows = [*_lines("short of places", found.short_of_places), *_lines("short of people", found.short_of_people)]
    tables.write(reply, CSV, rows)
    return reply


def _lines(name: str, listed: list[Standing]) -> list[tuple[object, ...]]:
    return [
        (
            *(name, one.id, one.title, one.city, one.region, one.starts_at.isoformat()),
            *(one.places, one.filled, one.waiting, one.expected),
        )
        for one in listed
    ]
