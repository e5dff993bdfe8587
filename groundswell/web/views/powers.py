"""Powers: who holds what, what I hold, handing it on and taking it back."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from groundswell.powers import hooks, viewer
from groundswell.powers import services as powers
from groundswell.powers.gates import ask_second_factor, may, signed_in
from groundswell.web import selectors, services, verbs
from groundswell.web.forms import PowerForm


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(verbs.HQ)
def everybodys(request: HttpRequest) -> HttpResponse:
    """Who holds what in the whole movement; and giving a power out of one's own."""
    assert request.user.is_authenticated
    grants = selectors.to_hand_on(request.user)
    form = PowerForm(grants=grants)
    if request.method == "POST" and grants:
        form = PowerForm(request.POST, grants=grants)
        if form.is_valid() and (answer := _given(request, form, "web:powers")):
            return answer
    context = {"held": selectors.power_map(request.user), "form": form, "grants": grants}
    return render(request, "web/powers.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def mine(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """A power I hold: why, who has it from me, and handing it on."""
    assert request.user.is_authenticated
    held = selectors.own_grant(request.user, grant_id)
    if held is None:
        raise Http404
    form = PowerForm(grants=[held.grant], initial={"verb": held.grant.verb, "scope": held.grant.scope})
    if request.method == "POST":
        form = PowerForm(request.POST, grants=[held.grant])
        if form.is_valid() and (answer := _given(request, form, request.path)):
            return answer
    return render(request, "web/power.html", {"held": held, "form": form}, status=422 if form.errors else 200)


def _given(request: HttpRequest, form: PowerForm, then: str) -> HttpResponse | None:
    """Give what a valid form asks; None where it is refused, which the form then says."""
    who = viewer.of(request)
    assert who.user is not None
    if who.lacks_second_factor(form.cleaned_data["verb"]):
        return ask_second_factor(request, who.user)
    try:
        grant = services.give(who.user, form)
    except powers.Refused as refused:
        form.add_error(None, str(refused))
        return None
    except services.HeldAlready as held:
        form.held_already = held.grant
        form.add_error(None, _("They hold this already."))
        return None
    messages.success(request, _("%(who)s holds this power now.") % {"who": hooks.display_name(grant.holder)})
    return redirect(then)


@require_POST
@never_cache
@signed_in
def take_back(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Take a power back, or lay down one's own; everything handed on from it ends with it."""
    who = viewer.of(request)
    assert who.user is not None
    grant = selectors.grant_to_take(who.user, grant_id)
    if grant is None:
        raise Http404
    if grant.holder != who.user and who.lacks_second_factor(grant.verb):
        return ask_second_factor(request, who.user)
    try:
        powers.revoke(grant, who.user)
    except powers.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The power is taken back, with everything handed on from it."))
    return redirect("web:powers" if request.POST.get("then") == "hq" else "web:me")


@require_POST
@never_cache
@signed_in
def ask(request: HttpRequest) -> HttpResponse:
    """Ask those who can give a power for it."""
    assert request.user.is_authenticated
    verb = request.POST.get("verb", "")
    if verb not in hooks.verbs:
        raise Http404
    asked = services.ask_for(request.user, verb)
    if asked:
        messages.success(request, _("We asked %(who)s for you.") % {"who": ", ".join(asked)})
    else:
        messages.warning(request, _("You asked for this a short while ago. Give them a day."))
    return redirect("web:me")
