"""Journeys at headquarters: the list, one with its numbers, building it by clicking, trying it; and what is asked of
you."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groundswell.journeys import building, definitions, selectors, services, starters, trying
from groundswell.journeys.definitions import BadJourney
from groundswell.journeys.models import Journey
from groundswell.journeys.services.writing import NAME_LIMIT
from groundswell.kit.text import clean_line
from groundswell.messaging.verbs import WRITE
from groundswell.people.verbs import SEE
from groundswell.powers import viewer
from groundswell.powers.gates import may

CHANGES = {"add", "remove", "up", "down", "begin"}


@require_safe
@never_cache
@may(WRITE)
def journeys(request: HttpRequest) -> HttpResponse:
    """Every journey, and how many are on their way."""
    found = list(selectors.access_journeys(viewer.of(request)))
    inside = selectors.inside(found)
    listed = [(one, _told(one)[0], inside.get(one.pk, 0)) for one in found]
    return render(request, "journeys/journeys.html", {"journeys": listed})


@require_POST
@never_cache
@may(WRITE)
def new(request: HttpRequest) -> HttpResponse:
    """Begin one: empty, or as a newcomer's."""
    user = viewer.of(request).user
    assert user
    name, draft = (
        starters.newcomer() if request.POST.get("starter") == "newcomer" else (_("A new journey"), starters.BLANK)
    )
    return redirect("journeys:edit", services.make(name, draft, user).pk)


@require_safe
@never_cache
@may(WRITE)
def journey(request: HttpRequest, journey_id: UUID) -> HttpResponse:
    """One journey in sentences, with how many are where."""
    who = viewer.of(request)
    found = selectors.access_journey(who, journey_id)
    begins, told = _told(found)
    states, numbers = selectors.numbers(found)
    context = {
        "journey": found,
        "begins": begins,
        "steps": [(one, numbers.get(one.path, selectors.Numbers()), one.path.count(".")) for one in told],
        "states": states,
        "may_change": selectors.may_change(who, found),
        "may_publish": selectors.may_publish(who),
        "held": services.too_many(found.held_above) if found.held_above is not None else "",
    }
    return render(request, "journeys/journey.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(WRITE)
def edit(request: HttpRequest, journey_id: UUID) -> HttpResponse:
    """Build it by clicking; nothing that is written here happens before it is published."""
    who = viewer.of(request)
    found = selectors.access_journey(who, journey_id, change=True)
    do = request.POST.get("do", "save") if request.method == "POST" else ""
    data, name, wrong = found.draft, found.name, None
    if do:
        name = clean_line(request.POST.get("name", ""))
        data = building.changed(building.posted(request.POST), do, request.POST.get(f"{do.partition(':')[2]}:new", ""))
        wrong = None if do.partition(":")[0] in CHANGES else _wrong(name, data)
        if not (wrong and wrong.field == "name"):
            services.save_draft(found, name or found.name, data)
        if do == "publish" and not wrong:
            try:
                return _publish(request, found)
            except BadJourney as too_many:
                wrong = too_many
        if do == "try" and not wrong:
            return redirect("journeys:try", found.pk)
        if do == "save" and not wrong:
            messages.success(request, _("Saved. It happens as it is published, until you publish this."))
            return redirect("journeys:journey", found.pk)
    context: dict[str, Any] = {
        "journey": found,
        "name": name,
        "name_error": str(wrong) if wrong and wrong.field == "name" else "",
        "beginnings": definitions.BEGINNINGS.values(),
        "begins": building.beginning(data, wrong),
        "list": building.listed(data, wrong),
        "wrong": wrong,
        "may_publish": selectors.may_publish(who),
    }
    page = "journeys/builder.html" if request.headers.get("HX-Target") == "builder" else "journeys/edit.html"
    return render(request, page, context, status=422 if wrong else 200)


def _wrong(name: str, data: dict[str, Any]) -> BadJourney | None:
    if not name or len(name) > NAME_LIMIT:
        return BadJourney("", _("Please write a name of up to %(most)d characters.") % {"most": NAME_LIMIT}, "name")
    try:
        definitions.read(data)
    except BadJourney as wrong:
        return wrong
    return None


def _publish(request: HttpRequest, found: Journey) -> HttpResponse:
    who = viewer.of(request)
    if not selectors.may_publish(who) or who.user is None:
        raise Http404
    found.refresh_from_db()
    version = services.publish(found, who.user)
    messages.success(
        request, _("Version %(number)d is published: whoever sets out now takes it.") % {"number": version.number}
    )
    return redirect("journeys:journey", found.pk)


@require_POST
@never_cache
@may(WRITE)
def turn(request: HttpRequest, journey_id: UUID) -> HttpResponse:
    """Pause it, or let it go on."""
    who = viewer.of(request)
    found = selectors.access_journey(who, journey_id, change=True)
    assert who.user
    if request.POST.get("do") == "pause":
        services.pause(found, who.user)
        messages.success(request, _("Paused. Nobody sets out, and nobody goes on."))
    elif request.POST.get("do") == "resume" and selectors.may_publish(who):
        services.resume(found, who.user)
        messages.success(request, _("It goes on."))
    return redirect("journeys:journey", found.pk)


@require_safe
@never_cache
@may(WRITE)
def dry_run(request: HttpRequest, journey_id: UUID) -> HttpResponse:
    """What the draft would have done in the last month. Nothing is written."""
    who = viewer.of(request)
    found = selectors.access_journey(who, journey_id)
    context: dict[str, Any] = {"journey": found, "trigger": found.draft["trigger"].get("is")}
    try:
        context["tried"] = trying.dry_run(who, found)
    except BadJourney as wrong:
        context["wrong"] = wrong
    return render(request, "journeys/try.html", context)


@require_safe
@never_cache
@may(SEE)
def asks(request: HttpRequest) -> HttpResponse:
    """What you are asked to do for people near you."""
    return render(request, "journeys/asks.html", {"asks": selectors.asks(viewer.of(request))})


@require_POST
@never_cache
@may(SEE)
def answer(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """It is done, or somebody else should."""
    who = viewer.of(request)
    ask = selectors.access_ask(who, ask_id)
    assert who.user
    done = request.POST.get("do") == "done"
    if services.answer(ask, who.user, done=done):
        messages.success(request, _("Thank you. It is noted.") if done else _("It goes on without you."))
    else:
        messages.info(request, _("Somebody answered that already, or its time is over."))
    return redirect("journeys:asks")


def _told(found: Journey) -> tuple[str, list[definitions.Told]]:
    """How it begins and each step: as it is published, else as it is written, as far as that can be told."""
    try:
        definition = found.version.definition if found.version else definitions.read(found.draft)
        return definitions.beginning(definition["trigger"]), definitions.told(definition)
    except (BadJourney, KeyError):
        return _("It is not complete yet."), []
