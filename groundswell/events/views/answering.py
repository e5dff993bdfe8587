"""For hosts: what guests answered to a message, and writing back to them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groundswell.events.services import writing
from groundswell.events.views.mine import mine, running
from groundswell.kit.ids import new_id
from groundswell.messaging.selectors.answers import threads
from groundswell.messaging.services.answering import BadAnswer, write_back
from groundswell.powers.gates import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def answers(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Every conversation with a guest."""
    assert request.user.is_authenticated
    event = mine(request, event_id)
    about = writing.about(event.pk)
    context = running(request, event, "desk") | {"threads": threads(about), "press": new_id()}
    if request.method == "POST":
        to, text = request.POST.get("to", ""), request.POST.get("text", "")
        try:
            write_back(about, to, text, request.user, request.POST.get("press", ""))
        except BadAnswer as bad:
            context |= {"wrong": to, "problem": str(bad), "text": text}
            return render(request, "events/answers.html", context, status=422)
        messages.success(request, _("Your answer is on its way."))
        return redirect("events:answers", event.pk)
    return render(request, "events/answers.html", context)
