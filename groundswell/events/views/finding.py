"""Finding an event: the list, the map and its points. For everybody, cacheable."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from groundswell.events import selectors
from groundswell.events.forms.finding import FindForm, in_miles
from groundswell.events.selectors import Bounds, FoundEvent
from groundswell.kit import maps
from groundswell.kit.open_pages import open_page
from groundswell.kit.templatetags.kit import shown_date
from groundswell.powers.movement import movement

PAGE = 20
LAST_PAGE = 200  # further down nobody reads, and only machines ask
AT_A_SPOT = 40  # events told of one spot of the map
KEPT_S = 300  # an event that is over may stand on a list for so long


@open_page
@require_safe
@gzip_page
@cache_control(public=True, no_cache=True)
@conditional_page
def find(request: HttpRequest) -> HttpResponse:
    """Events near a place, the nearest first; or all, the soonest first."""
    asked = request.GET.copy()
    asked.setdefault("within", "50")
    form = FindForm(asked)
    lost = not form.is_valid() and bool({"near", "at"} & set(form.errors))
    number = _page_number(request)
    found: list[FoundEvent] = []
    if not lost:
        found = selectors.find(form.query(limit=PAGE + 1, offset=(number - 1) * PAGE))
    page = _Page(number, more=len(found) > PAGE and number < LAST_PAGE)
    found = found[:PAGE]
    nearby = _nearby(form) if not found and not lost and number == 1 else []
    context: dict[str, Any] = {
        "form": form,
        "lost": lost,
        "found": found,
        "page": page,
        "as_map": request.GET.get("view") == "map",
        "tile_url": settings.TILE_URL,
        "nearby": nearby,
        **_map(form, found),
    }
    reply = render(request, "events/find.html", context)
    reply["Surrogate-Key"] = " ".join(_speaks_of(form, found, nearby))
    reply["Surrogate-Control"] = f"max-age={KEPT_S}"
    return reply


def _speaks_of(form: FindForm, found: list[FoundEvent], nearby: list[FoundEvent]) -> list[str]:
    """What changes the page. Of one with the whole map, or of places that come free anywhere, nothing tells; and where
    one browser stands, no other one asks."""
    place, radius_m = form.cleaned_data.get("near"), form.radius_m()
    if not place or form.cleaned_data.get("room"):
        return []
    joins = selectors.squares(place, radius_m) if radius_m and not nearby else selectors.LISTING
    return [*joins, *(str(event.id) for event in [*found, *nearby])]


def _nearby(form: FindForm) -> list[FoundEvent]:
    """What there is further away when nothing is near."""
    if form.place is None:
        return []
    return selectors.find(replace(form.query(limit=3, offset=0), radius_m=None, online=False))


def _map(form: FindForm, found: list[FoundEvent]) -> dict[str, Any]:
    """Near a place its surroundings, else the whole country."""
    if form.place is None:
        points = ((point.latitude, point.longitude) for point in selectors.map_points())
        return {"sketch": maps.sketch(points, movement().country)}
    spots = [
        (event.place.latitude, event.place.longitude, event.title, reverse("events:event", args=[event.id]))
        for event in found
        if event.place.latitude is not None and event.place.longitude is not None
    ]
    place, miles = form.place, in_miles()
    return {"vicinity": maps.vicinity(place.latitude, place.longitude, spots, form.radius_m(), miles=miles)}


class _Page:
    """A page of results that are not counted."""

    def __init__(self, number: int, *, more: bool) -> None:
        self.number, self.has_next, self.has_previous = number, more, number > 1
        self.next_page_number, self.previous_page_number = number + 1, number - 1


def _page_number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "")
    return min(max(int(asked), 1), LAST_PAGE) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


@open_page
@require_safe
@gzip_page
@cache_control(public=True, no_cache=True)
@conditional_page
def points(request: HttpRequest) -> HttpResponse:
    """Where events are: `[[latitude, longitude, 1 when it has room], ...]`.

    With `?box=south,west,north,east`: what is there, `{"events": [{title, url, when, room}], "more": n}`.
    """
    if "box" not in request.GET:
        every = [[round(p.latitude, 3), round(p.longitude, 3), int(p.room)] for p in selectors.map_points()]
        return JsonResponse(every, safe=False)
    try:
        south, west, north, east = map(float, request.GET["box"].split(","))
    except ValueError:
        return JsonResponse({"error": "box: four numbers with commas between: south, west, north, east."}, status=400)
    there = selectors.map_points(Bounds(south, west, north, east))
    events = [
        {
            "title": point.title,
            "url": reverse("events:event", args=[point.id]),
            "when": shown_date(point.starts_at, point.time_zone),
            "room": point.room,
        }
        for point in there[:AT_A_SPOT]
    ]
    return JsonResponse({"events": events, "more": max(0, len(there) - AT_A_SPOT)})
