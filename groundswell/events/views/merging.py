"""For hosts: going together with a neighbor. Asking one, answering one, and where a viewer runs both, doing it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groundswell.events import nearby, selectors
from groundswell.events.models import Event, Merger
from groundswell.events.rules import Refused
from groundswell.events.selectors import FoundEvent, PublicEvent
from groundswell.events.services import merging
from groundswell.events.services.routing import is_thin
from groundswell.events.views.mine import actor_of, mine, running, runs
from groundswell.people.selectors import NotFound
from groundswell.powers.gates import signed_in

SHOWN = 5


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Proposals of this event and to it, and the neighbors with room for all its guests."""
    event = mine(request, event_id)
    chosen: FoundEvent | None = None
    near = merging.neighbors(event)
    if request.method == "POST":
        chosen = next((one for one in near if str(one.id) == request.POST.get("look")), None)
        if chosen is None:
            try:
                messages.success(request, _act(request, event))
            except Refused as refused:
                messages.error(request, str(refused))
            return redirect("events:merge", event.pk)
    context: dict[str, Any] = running(request, event, "fill") | {
        "thin": is_thin(event),
        "closed": merging.closed(event),
        "reach": nearby.NEAR_M,
        "asked": merging.asked_by(event),
        "asked_of": [(merger, *_guests(merger.event)) for merger in merging.asked_of(event)],
        "neighbors": [(one, runs(request, one.id)) for one in near[:SHOWN]],
        "chosen": chosen,
    }
    return render(request, "events/merge.html", context)


def _act(request: HttpRequest, event: Event) -> str:
    """Do what was pressed. Returns what is said then. Raises Refused, NotFound."""
    sent, actor = request.POST, actor_of(request)
    joins = sent.get("joins") == "on"
    if "propose" in sent:
        merging.propose(event, _other(sent["propose"]), actor, joins=joins)
        return _("Asked. You hear by mail what they say.")
    if "merge" in sent:
        merging.merge(event, mine(request, _other(sent["merge"]).pk), actor, joins=joins)
        return _("Done: all guests have a place there and are told.")
    if "withdraw" in sent:
        merging.withdraw(_named(sent["withdraw"], merging.asked_by(event)), actor)
        return _("Taken back.")
    merger = _named(sent.get("agree") or sent.get("decline", ""), *merging.asked_of(event))
    if "agree" in sent:
        merging.agree(merger, actor, together=joins)
        return _("Done: their guests have a place at your event and are told.")
    merging.decline(merger, actor)
    return _("You said no; they are told.")


def _guests(event: Event) -> tuple[PublicEvent, int]:
    """The event, and the places its guests would need."""
    shown = selectors.shown(event)
    return shown, sum(shift.taken + shift.waiting for shift in shown.shifts)


def _other(event_id: str) -> Event:
    """Another event, of anybody. Raises NotFound."""
    try:
        return selectors.loaded([UUID(event_id)])[UUID(event_id)]
    except (ValueError, KeyError):
        raise NotFound from None


def _named(merger_id: str, *mergers: Merger | None) -> Merger:
    """The proposal that was answered, of those there are. Raises Refused, as another may have been quicker."""
    found = next((merger for merger in mergers if merger and str(merger.pk) == merger_id), None)
    if found is None:
        raise Refused(_("This proposal is answered already, or one of the events was changed since."))
    return found
