"""The contact budget: who sent how much, what that costs the others, and who lost the week's last slot to whom."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groundswell.messaging import rules
from groundswell.messaging.selectors import budget as selectors
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.powers import viewer
from groundswell.powers.gates import may


@require_safe
@never_cache
@may(WRITE, SEND)
def budget(request: HttpRequest) -> HttpResponse:
    """The last weeks."""
    found = selectors.senders(viewer.of(request))
    context = {"budget": found, "lost": selectors.lost(), "prior": rules.PRIOR}
    return render(request, "messaging/budget.html", context)
