"""Headquarters: what people answered to a mailing, and writing back to them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groundswell.kit.ids import new_id
from groundswell.messaging.selectors.answers import threads
from groundswell.messaging.selectors.mailings import access_mailing
from groundswell.messaging.services.answering import BadAnswer, about_mailing, write_back
from groundswell.messaging.verbs import WRITE
from groundswell.people.selectors import access_people
from groundswell.powers import viewer
from groundswell.powers.gates import may


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(WRITE)
def answers(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """The conversations with people within the viewer's reach, whoever made the mailing."""
    assert request.user.is_authenticated
    who = viewer.of(request)
    mailing = access_mailing(who, mailing_id)
    about = about_mailing(mailing.pk)
    found = threads(about, access_people(who))
    context = {"mailing": mailing, "threads": found, "press": new_id()}
    if request.method == "POST":
        to, text = request.POST.get("to", ""), request.POST.get("text", "")
        reached = {str(thread.last.id) for thread in found if thread.last}
        try:
            write_back(about, to if to in reached else "", text, request.user, request.POST.get("press", ""))
        except BadAnswer as bad:
            context |= {"wrong": to, "problem": str(bad), "text": text}
            return render(request, "messaging/answers.html", context, status=422)
        messages.success(request, _("Your answer is on its way."))
        return redirect("messaging:answers", mailing.pk)
    return render(request, "messaging/answers.html", context)
