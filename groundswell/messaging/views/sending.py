"""How mail goes out: the domains and their pace, and letting a held system go on."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groundswell.messaging import transports
from groundswell.messaging.forms.sending import DomainForm
from groundswell.messaging.selectors import pace
from groundswell.messaging.services import pacing
from groundswell.messaging.verbs import SEND
from groundswell.powers import selectors as powers
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.powers.viewer import Viewer


@require_safe
@never_cache
@may(SEND)
def sending(request: HttpRequest) -> HttpResponse:
    """Where it stands."""
    return _page(request, viewer.of(request), None)


@require_POST
@never_cache
@may(SEND)
def domain(request: HttpRequest) -> HttpResponse:
    """Set the pace of a domain; for those who send to the whole movement."""
    who = _of_all(request)
    form = DomainForm(request.POST)
    if not form.is_valid():
        return _page(request, who, form)
    if form.cleaned_data["name"] not in {one.domain.name for one in pace.domains()}:
        raise Http404
    pacing.save_domain(who, form.cleaned_data["name"], form.cleaned_data["warm_from"], form.per_hour())
    messages.success(request, _("Mail goes out at this pace from now on."))
    return redirect("messaging:sending")


@require_POST
@never_cache
@may(SEND)
def go_on(request: HttpRequest) -> HttpResponse:
    """Let a held system send again."""
    if pacing.let_go_on(_of_all(request)):
        messages.success(request, _("Mail goes out again."))
    return redirect("messaging:sending")


def _of_all(request: HttpRequest) -> Viewer:
    who = viewer.of(request)
    if not who.may(SEND):
        raise Http404
    return who


def _page(request: HttpRequest, who: Viewer, wrong: DomainForm | None) -> HttpResponse:
    assert who.user is not None
    found = [
        (one, wrong if wrong and wrong.data.get("name") == one.domain.name else DomainForm.of(one.domain))
        for one in pace.domains()
    ]
    context = {
        "domains": found,
        "held": pace.held(),
        "ways": transports.look(),
        "may_change": who.may(SEND),
        "why": powers.why(who.user, SEND),
    }
    return render(request, "messaging/sending.html", context, status=422 if wrong else 200)
