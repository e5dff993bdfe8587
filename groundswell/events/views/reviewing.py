"""The queue of events that wait for somebody to let them through."""

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groundswell.events import selectors, services, verbs
from groundswell.events.forms.reviewing import NoteForm
from groundswell.events.rules import Invalid, Refused
from groundswell.events.services.hosting import is_host
from groundswell.ledger.rules import user_actor
from groundswell.people.selectors import display_name
from groundswell.powers import selectors as powers
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.powers.rules import covers
from groundswell.powers.words import place

SHOWN = 25


@never_cache
@may(verbs.REVIEW)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Events as people will see them, the longest waiting first; and who else may decide."""
    assert request.user.is_authenticated
    who = viewer.of(request)
    waiting = selectors.review_queue(who)
    total = waiting.count()
    cards = [
        {
            "event": selectors.shown(event, exact=True),
            "row": event,
            "own": is_host(event, user_actor(request.user.pk)),
            "form": NoteForm(auto_id=f"note-{event.pk}-%s"),
        }
        for event in waiting[:SHOWN]
    ]
    return render(request, "events/review.html", {"cards": cards, "total": total, "others": _others(who)})


def _others(who: viewer.Viewer) -> list[str]:
    """Who else decides on events of this queue: "Dana"; "Alice (Vermont)" where it is only some of them."""
    mine = who.scopes(verbs.REVIEW)
    others = []
    for user, theirs in powers.holders_around(verbs.REVIEW, mine).items():
        name = display_name(user) or str(user.email)
        if not all(any(covers(outer, scope) for outer in theirs) for scope in mine):
            name += f" ({', '.join(map(place, theirs))})"
        if user != who.user:
            others.append(name)
    return others


@never_cache
@may(verbs.REVIEW)
@require_POST
def decide(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Let it through, or send it back with a note. Who was slower than a colleague is told."""
    event = selectors.access_event(viewer.of(request), event_id, verbs.REVIEW)
    assert request.user.is_authenticated
    actor = user_actor(request.user.pk)
    read = request.POST.get("version", "")
    version = int(read) if re.fullmatch(r"[0-9]{1,9}", read) else -1
    try:
        if request.POST.get("act") == "publish":
            services.publish(event, actor, version=version)
            messages.success(request, _("“%(title)s” is published.") % {"title": event.title})
        else:
            services.send_back(event, actor, request.POST.get("note", ""), version=version)
            messages.success(request, _("“%(title)s” went back to its host with your note.") % {"title": event.title})
    except Invalid as invalid:
        messages.error(request, " ".join(invalid.problems.values()))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("events:review")
