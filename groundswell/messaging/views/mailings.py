"""Mailings at headquarters: the list, one from its first draft to its results, and the copies behind each number."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groundswell.kit import clock
from groundswell.kit.moving import moving
from groundswell.messaging import steps, words
from groundswell.messaging.forms.mailings import CopiesForm, MailingForm, SettleForm, initial
from groundswell.messaging.models import Mailing
from groundswell.messaging.rules import Act, Refused
from groundswell.messaging.selectors import mailings as selectors
from groundswell.messaging.selectors import results
from groundswell.messaging.services import steering
from groundswell.messaging.services.mailings import remove_mailing, save_mailing
from groundswell.messaging.services.settling import settle as settle_copy
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.people import lists
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

State = Mailing.State
LISTED = 100
COMPARED_BY = ("clicked", "opened", "replied", "unsubscribed", "complained", "bounced")
looks = may(WRITE, SEND)


@require_safe
@never_cache
@looks
def mailings(request: HttpRequest) -> HttpResponse:
    """Every mailing, those that go or wait for somebody first."""
    who = viewer.of(request)
    found = list(selectors.listed(who)[:LISTED])
    context = {
        "mailings": [(one, words.TONES[one.state], results.kept(one)) for one in found],
        "may_write": bool(who.scopes(WRITE)),
    }
    return render(request, "messaging/mailings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(WRITE)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a mailing."""
    return _edit(request, viewer.of(request), None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(WRITE)
def edit(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """Change what it is called, to whom it goes, for what and when; a draft only."""
    who = viewer.of(request)
    return _edit(request, who, selectors.access_mailing(who, mailing_id, change=True))


def _edit(request: HttpRequest, who: Viewer, kept: Mailing | None) -> HttpResponse:
    form = MailingForm(request.POST or None, viewer=who, initial=initial(kept) if kept else None)
    if request.method == "POST":
        form = MailingForm(request.POST, viewer=who)
        if form.is_valid():
            try:
                saved = save_mailing(who, form.details(), kept)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
                return redirect("messaging:mailing", saved.pk)
    context = {"form": form, "kept": kept, "zone": movement().time_zone}
    return render(request, "messaging/edit.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@may(WRITE)
def remove(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """Remove a draft."""
    who = viewer.of(request)
    kept = selectors.access_mailing(who, mailing_id, change=True)
    try:
        remove_mailing(kept)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("messaging:mailing", kept.pk)
    messages.success(request, _("“%(name)s” is removed.") % {"name": kept.name})
    return redirect("messaging:mailings")


@require_safe
@never_cache
@looks
def mailing(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """One mailing: the steps before it goes, how it goes, how it did."""
    who = viewer.of(request)
    kept = selectors.access_mailing(who, mailing_id)
    context: dict[str, Any] = {
        "mailing": kept,
        "may_change": kept.state == State.DRAFT and selectors.may_change(who, kept),
        "going": steps.going(who, kept),
        "tone": words.TONES[kept.state],
        "purpose": dict(lists.purposes()).get(kept.purpose, kept.purpose),
        **_progress(kept),
    }
    if kept.begun:
        context |= {
            "results": results.results(kept),
            "came_back": list(words.SIGNALS.items()),
            "compared_by": [(name, words.SIGNALS[name]) for name in COMPARED_BY],
        }
    else:
        context |= {"who": steps.who(who, kept), "drafts": steps.drafts(kept), "checked": steps.checked(who, kept)}
    return render(request, "messaging/mailing.html", context)


@require_safe
@never_cache
@looks
def progress(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """The moving part of its page; the whole page is drawn anew when it came into another state."""
    kept = selectors.access_mailing(viewer.of(request), mailing_id)
    shown = _progress(kept) | {"mailing": kept}
    reply = moving(request, "messaging/progress.html", shown)
    if request.GET.get("state") != kept.state:
        reply["HX-Refresh"] = "true"
    return reply


def _progress(mailing: Mailing) -> dict[str, object]:
    found = results.progress(mailing) if mailing.begun else None
    left = max((mailing.starts_at - clock.now()).total_seconds(), 0) if mailing.starts_at else 0
    shown: dict[str, object] = {
        "progress": found,
        "states": found and [(state, words.STATES[state], number) for state, number in found.states.items() if number],
        "left_out": found and [(why, words.why_left_out(why), number) for why, number in found.left_out.items()],
        "minutes_to_start": -int(-left // 60),
        "why_paused": words.why_paused(mailing.problem),
    }
    return shown | {"tag": sha256(repr((mailing.state, shown)).encode()).hexdigest()[:12]}


@require_POST
@never_cache
@looks
def steer(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """Ask, agree, launch, call back, pause, go on, stop: `do` says which."""
    who = viewer.of(request)
    kept = selectors.access_mailing(who, mailing_id)
    note = request.POST.get("note", "")
    try:
        match request.POST.get("do", ""):
            case Act.ASK:
                steering.ask(who, kept)
                told = _("They are asked, by mail. Nothing goes before somebody agreed.")
            case Act.AGREE:
                steering.agree(who, kept)
                told = _("You agreed. It can still be called back before it begins.")
            case Act.REFUSE:
                steering.refuse(who, kept, note)
                told = _("It is a draft again, and whoever asked is told.")
            case Act.LAUNCH:
                steering.launch(who, kept)
                told = _("It is launched. You can call it back before it begins.")
            case Act.CALL_BACK:
                steering.call_back(who, kept)
                told = _("It is a draft again. Nobody got anything.")
            case Act.PAUSE:
                steering.pause(kept, note=note, by=who)
                told = _("It is paused. Copies that were on their way still arrive.")
            case Act.RESUME:
                steering.resume(who, kept)
                told = _("It goes on.")
            case Act.STOP:
                steering.stop(who, kept)
                told = _("It is stopped for good. Who did not get it does not get it any more.")
            case _:
                raise Http404
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, told)
    return redirect("messaging:mailing", kept.pk)


@require_safe
@never_cache
@looks
def copies(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """The copies behind a number, of people within reach."""
    who = viewer.of(request)
    kept = selectors.access_mailing(who, mailing_id)
    form = CopiesForm(request.GET)
    if not form.is_valid():
        raise Http404
    asked = form.cleaned_data
    found = results.behind(who, kept, asked, asked["after"])
    context = {
        "mailing": kept,
        "asked": words.asked(asked),
        "copies": [(row, words.STATES[row.state], words.why_left_out(row.problem)) for row in found[: results.SHOWN]],
        "after": found[results.SHOWN - 1].pk if len(found) > results.SHOWN else None,
        "may_settle": bool(who.scopes(SEND)),
    }
    return render(request, "messaging/copies.html", context)


@require_POST
@never_cache
@may(SEND)
def settle(request: HttpRequest, mailing_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Say whether a copy arrived."""
    who = viewer.of(request)
    kept = selectors.access_mailing(who, mailing_id)
    form = SettleForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        settle_copy(who, kept, delivery_id, form.cleaned_data["state"], form.cleaned_data["note"])
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Noted. It is not sent again, whatever you said."))
    return redirect(f"{reverse('messaging:copies', args=[kept.pk])}?state=unknown")
