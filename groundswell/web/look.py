"""The movement's look as files: the stylesheet with its colours, its logo, and the ground of its maps. They need no
session and no language."""

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from groundswell.kit import look, maps
from groundswell.powers.models import Movement
from groundswell.powers.movement import movement

YEAR = 31_536_000


@require_safe
@gzip_page
def stylesheet(request: HttpRequest) -> HttpResponse:
    """The sheet; with the default colours while the database is away, so that the error page has a face."""
    try:
        brand, accent, kept = movement().colour, movement().accent, True
    except DatabaseError:
        brand, accent, kept = Movement._meta.get_field("colour").default, "#e8a317", False
    reply = HttpResponse(look.stylesheet(brand, accent), content_type="text/css; charset=utf-8")
    fresh = kept and request.GET.get("v") == look.version(brand, accent)
    reply["Cache-Control"] = f"public, max-age={YEAR}, immutable" if fresh else "no-cache"
    return reply


@require_safe
@cache_control(public=True, max_age=YEAR, immutable=True)
def logo(request: HttpRequest) -> HttpResponse:
    """The logo, inert: an SVG in it could run nothing."""
    image = movement()
    if not image.logo or not image.logo_type:
        raise Http404
    reply = HttpResponse(bytes(image.logo), content_type=image.logo_type)
    reply["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return reply


@require_safe
@gzip_page
@cache_control(public=True, max_age=86_400)
@conditional_page
def ground(request: HttpRequest) -> HttpResponse:
    """The land and the towns under maps, as JSON."""
    return JsonResponse(maps.ground(movement().country))
