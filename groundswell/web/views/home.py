"""The movement's front page, and what robots may read. The same for everybody: nothing here looks at who asks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from groundswell.events import selectors as events
from groundswell.kit import maps
from groundswell.kit.open_pages import open_page
from groundswell.powers.movement import movement
from groundswell.web import selectors

NEXT = 6


@open_page
@require_safe
@gzip_page
@cache_control(public=True, max_age=15)
@conditional_page
def home(request: HttpRequest) -> HttpResponse:
    """What the movement does, near you and next."""
    points, counts = events.map_points(), selectors.programme()
    reply = render(
        request,
        "web/home.html",
        {
            "counts": counts,
            "rsvps": counts.rsvps + counts.opening_rsvps,
            "taken": counts.taken + counts.opening_rsvps,
            "sketch": maps.sketch(((p.latitude, p.longitude) for p in points), movement().country),
            "on_map": len(points),
            "coming": events.find(events.FindQuery(limit=NEXT)),
        },
    )
    reply["Surrogate-Key"] = ""
    return reply


@require_safe
@cache_control(public=True, max_age=86_400)
def robots(request: HttpRequest) -> HttpResponse:
    """Public pages may be found; what is somebody's own may not."""
    closed = "/hq /me /account /rsvp /outbox /events/new".split()
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), *(f"Disallow: /es{path}" for path in closed)]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
