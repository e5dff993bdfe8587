"""What all pages of a running event begin with: whose it is, who acts, and what stands around each of them."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from groundswell.events import selectors
from groundswell.events.forms.hosting import CoHostForm
from groundswell.events.models import Event
from groundswell.events.services import merging
from groundswell.events.services.hosting import leads, reviewed_again
from groundswell.ledger.rules import user_actor
from groundswell.people.selectors import NotFound
from groundswell.powers import viewer


def mine(request: HttpRequest, event_id: UUID) -> Event:
    """The event, for its hosts and whoever may change it. Raises NotFound."""
    return selectors.access_event(viewer.of(request), event_id)


def runs(request: HttpRequest, event_id: UUID) -> bool:
    """Whether it is theirs to change."""
    try:
        return bool(mine(request, event_id))
    except NotFound:
        return False


def actor_of(request: HttpRequest) -> str:
    """Whoever is signed in, as the ledger names them."""
    assert request.user.is_authenticated
    return user_actor(request.user.pk)


def running(request: HttpRequest, event: Event, tab: str) -> dict[str, Any]:
    """What `events/running.html` shows around a tab."""
    hosts = list(selectors.hosts_of(event))
    asked = next((host for host in hosts if host.asked_at), None)
    return {
        "leads": leads(event, actor_of(request)),
        "tab": tab,
        "runs": True,  # `fill` alone is shown to others, too
        "event": selectors.shown(event, exact=True),
        "row": event,
        "again": reviewed_again(event),
        "hosts": hosts,
        "asked_lead": asked,
        "my_turn": bool(asked and asked.person.user_id == request.user.pk),
        "invited": event.invitations.filter(accepted_at=None).order_by("at", "pk"),
        "cohost": CoHostForm(),
        "proposed": merging.asked_of(event),
        "into": selectors.loaded([event.merged_into_id]).get(event.merged_into_id) if event.merged_into_id else None,
    }
