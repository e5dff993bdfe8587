"""Where people come from: source codes with what came through them, and making one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groundswell.ledger.rules import user_actor
from groundswell.powers.gates import may
from groundswell.sources import selectors, services
from groundswell.sources.carry import with_code
from groundswell.sources.verbs import LINKS
from groundswell.web.forms_people import LinkForm


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(LINKS)
def links(request: HttpRequest) -> HttpResponse:
    """The codes through which most came, and a form for a new one."""
    assert request.user.is_authenticated
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_link(
                form.cleaned_data["label"], form.cleaned_data["code"], actor=user_actor(request.user.pk)
            )
        except services.BadLink as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("The code %(code)s is ready.") % {"code": made.code})
            return redirect("web:sources")
    front = reverse("web:home")
    arrivals = [(row, with_code(front, row.source.code)) for row in selectors.busiest()]
    context = {"arrivals": arrivals, "shared": selectors.shared(), "form": form}
    return render(request, "web/sources.html", context, status=422 if form.errors else 200)
