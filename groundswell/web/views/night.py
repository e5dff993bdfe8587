"""The board of the night: everything that moves while thousands say they come, and the entries behind it."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groundswell.kit import charts
from groundswell.kit.moving import moving
from groundswell.kit.templatetags.kit import shown_clock
from groundswell.ledger import selectors as ledger
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.powers.movement import movement
from groundswell.web import night as counting
from groundswell.web import selectors, verbs

NEWEST = 7
NEWEST_OF = ("event.rsvp", "event.waiting", "event.promoted", "event.rsvp_cancelled", "event.attended")
LATE_S = 5  # entries wait longer for their block: say so


@require_safe
@never_cache
@may(verbs.HQ)
def night(request: HttpRequest) -> HttpResponse:
    """The night: numbers, a map that fills, where places are short, who will come."""
    return render(request, "web/night.html", _board(request))


@require_safe
@never_cache
@may(verbs.HQ)
def board(request: HttpRequest) -> HttpResponse:
    """The moving part."""
    return moving(request, "web/night_board.html", _board(request))


def _board(request: HttpRequest) -> dict[str, object]:
    found = counting.night()
    if found is None:
        return {"night": None, "tag": ""}
    deeds, late = found.deeds, int(found.deeds.late_s)
    begin, end = found.minutes[-2:]  # of the last whole minute
    arrived = any(kind == "event.attended" for kind, _minute in deeds.minutes)
    shown: dict[str, object] = {
        "totals": {kind.partition(".")[2]: count for kind, count in deeds.totals.items()},
        "last_minute": {
            kind.partition(".")[2]: {"count": found.in_minute(kind, begin), "url": _in_minute(kind, begin, end)}
            for kind in counting.DEEDS
        },
        "chart": _chart(found, "event.rsvp", lambda count: count.entries),
        "arrivals": _chart(found, "event.attended", lambda count: max(0, count.quantity)) if arrived else None,
        "made": urlencode({"kind": counting.MADE}, doseq=True),
        "newest": selectors.told(viewer.of(request), ledger.newest(NEWEST_OF, NEWEST)),
        "late": late if late >= LATE_S else 0,
        "began": found.places.events or deeds.totals["event.rsvp"].entries,
    }
    tag = sha256(repr((shown, found.places, found.forecast)).encode()).hexdigest()[:12]
    return shown | {"night": found, "tag": tag}


def _chart(found: counting.Night, kind: str, of: Callable[[ledger.Count], int]) -> charts.Chart:
    """The last hour on the movement's clock."""
    zone = movement().time_zone
    points = [(shown_clock(minute, zone), of(found.in_minute(kind, minute))) for minute in found.minutes]
    ends = [*found.minutes[1:], None]
    return charts.columns(points, [_in_minute(kind, *span) for span in zip(found.minutes, ends, strict=True)])


def _in_minute(kind: str, begin: datetime, end: datetime | None) -> str:
    """Where the entries of a minute are."""
    asked = {"kind": kind, "since": begin.isoformat()}
    if end:
        asked["until"] = end.isoformat()
    return f"{reverse('web:entries')}?{urlencode(asked)}"
