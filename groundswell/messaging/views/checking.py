"""What is looked at before a mailing goes."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groundswell.messaging.models import Mailing
from groundswell.messaging.selectors.mailings import access_mailing, may_change
from groundswell.messaging.selectors.wording import probed
from groundswell.messaging.services import probing
from groundswell.messaging.services.checking import State
from groundswell.messaging.services.checking import checks as look
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.powers import viewer
from groundswell.powers.gates import may


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(WRITE, SEND)
def checks(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """Every check; a post has links, pictures and the domain looked at again."""
    who = viewer.of(request)
    mailing = access_mailing(who, mailing_id)
    if request.method == "POST":
        probing.ask(mailing, again=True)
        messages.info(request, _("They are being looked at."))
        return redirect("messaging:checks", mailing.pk)
    found = look(mailing, who)
    context = {
        "mailing": mailing,
        "checks": found,
        "stops": sum(one.state == State.STOP for one in found),
        "warns": sum(one.state == State.WARN for one in found),
        "probed": probed(mailing),
        "may_change": mailing.state == Mailing.State.DRAFT and may_change(who, mailing),
    }
    page = "messaging/checked.html" if request.headers.get("HX-Target") == "checked" else "messaging/checks.html"
    return render(request, page, context)
