"""My page: my next step, what I said I would do, what I may do, and everything I can take back or take with me."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groundswell.events import links
from groundswell.events import selectors as events
from groundswell.events.forms.coming import agreed_to
from groundswell.events.models import RSVP, Event
from groundswell.events.services import Agreed, merging
from groundswell.kit import geo
from groundswell.kit.clock import now
from groundswell.ledger.rules import user_actor
from groundswell.people import selectors as people
from groundswell.people import services as people_services
from groundswell.people.models import Person
from groundswell.people.rules import POSTAL_LIMIT, NewPerson
from groundswell.powers import viewer
from groundswell.powers.gates import signed_in
from groundswell.powers.movement import movement
from groundswell.sources import selectors as sources
from groundswell.sources.carry import with_code
from groundswell.web import rules, selectors, verbs

TIMELINE = 20


@require_safe
@never_cache
@signed_in
def me(request: HttpRequest) -> HttpResponse:
    """Everything of mine on one page."""
    assert request.user.is_authenticated
    who, person = viewer.of(request), selectors.person_of(request.user)
    held = selectors.held_by(request.user)
    mine = _of(person, who) if person else {}
    context = {
        "person": person,
        "held": held,
        "wanted": selectors.not_held(request.user),
        "may_open_hq": who.may(verbs.HQ),
        "step": rules.next_step(_standing(mine, held) if person else rules.Standing()),
    }
    return render(request, "web/me.html", context | mine)


def _of(person: Person, who: viewer.Viewer) -> dict[str, Any]:
    rsvps = [(rsvp, reverse("events:rsvp_manage", args=[links.rsvp_token(rsvp)])) for rsvp in events.rsvps_of(person)]
    ends_at = now()
    return {
        "coming": [
            (rsvp, manage)
            for rsvp, manage in rsvps
            if rsvp.shift.ends_at > ends_at and rsvp.state != RSVP.State.CANCELLED
        ],
        "hosting": selectors.hosting(person),
        "to_lead": events.asked_to_lead(person),
        "proposals": list(merging.asked_of_host(person)),
        "consents": [consent for consent in people.consents(person) if consent.given],
        "not_agreed": None if people.agrees(person, "events", "email") else _events_by_email().words,
        "timeline": people.timeline(who, person, limit=TIMELINE),
        "share": with_code(reverse("web:home"), sources.sharer_code(person)),
        "brought": sources.brought_by(person),
    }


def _standing(context: dict[str, Any], held: list[selectors.Held]) -> rules.Standing:
    return rules.Standing(
        sent_back=sum(event.state == Event.State.DRAFT and bool(event.note) for event in context["hosting"]),
        asked=len(context["proposals"]),
        coming=len(context["coming"]),
        hosted=len(context["hosting"]),
        brought=context["brought"],
        to_hand_on=sum(one.grant.may_hand_on > 0 for one in held),
    )


@require_POST
@never_cache
@signed_in
def agree(request: HttpRequest) -> HttpResponse:
    """Be told of events near me, in the words beside the button. Where that is, is asked of whoever has not said it."""
    assert request.user.is_authenticated
    actor = user_actor(request.user.pk)
    code = request.POST.get("postal_code", "").strip()
    if code and movement().country == "US" and geo.find_zip(code) is None:
        messages.error(request, _("We do not know this ZIP. Check its five digits."))
        return redirect(reverse("web:me") + "#agreed")
    person = people_services.person_of_user(request.user)
    with transaction.atomic():
        if code:
            told = NewPerson(email=request.user.get_username(), postal_code=code[:POSTAL_LIMIT])
            people_services.find_or_add(told, actor=actor, how="me")
        if not people.agrees(person, "events", "email"):
            people_services.agree(person, *_events_by_email(), reverse("web:me"), actor=actor)
    messages.success(request, _("Thank you. We write when there is something near you."))
    return redirect("web:me")


def _events_by_email() -> Agreed:
    return agreed_to(["events_by_email"])[0]


@require_POST
@never_cache
@signed_in
def withdraw(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Take back one agreement."""
    assert request.user.is_authenticated
    person = selectors.person_of(request.user)
    consent = next((one for one in people.consents(person) if one.pk == consent_id), None) if person else None
    if person is None or consent is None:
        raise Http404
    if consent.given:
        people_services.withdraw(person, consent.purpose, consent.channel, actor=user_actor(request.user.pk))
    messages.success(request, _("Taken back. We stop at once."))
    return redirect("web:me")


@require_safe
@never_cache
@signed_in
def data(request: HttpRequest) -> JsonResponse:
    """Everything we keep about me, to take with me."""
    assert request.user.is_authenticated
    reply = JsonResponse(
        selectors.everything_about(request.user), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    reply["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return reply
