"""For hosts: handing the event over, and answering who asks one to lead it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groundswell.events import selectors
from groundswell.events.models import Event
from groundswell.events.rules import Refused
from groundswell.events.services import handing
from groundswell.events.views.mine import actor_of, mine, running
from groundswell.powers.gates import signed_in


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """What happens, whom to ask, and the answer of who was asked."""
    event = mine(request, event_id)
    if request.method == "POST":
        try:
            if said := _act(request, event):
                messages.success(request, said)
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("events:hand_over", event.pk)
    context = running(request, event, "edit")
    others = [host for host in context["hosts"] if not host.lead]
    return render(request, "events/hand_over.html", context | {"others": others})


def _act(request: HttpRequest, event: Event) -> str:
    """Do what was pressed. Returns what is said then. Raises Refused."""
    actor = actor_of(request)
    match request.POST.get("act"):
        case "ask":
            found = {str(host.person_id): host.person for host in selectors.hosts_of(event)}
            if person := found.get(request.POST.get("person", "")):
                handing.ask(event, person, actor)
                return _("Asked. You lead the event until they say yes.")
            raise Refused(_("Choose who takes it over."))
        case "take_back":
            handing.take_back(event, actor)
            return _("Taken back.")
        case "accept":
            handing.accept(event, actor)
            return _("You lead the event now.")
        case "decline":
            handing.decline(event, actor)
            return _("You said no; they are told.")
    return ""
