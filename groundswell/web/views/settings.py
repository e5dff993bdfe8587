"""The movement's settings."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groundswell.kit import look
from groundswell.powers import selectors as powers
from groundswell.powers import services
from groundswell.powers.gates import may
from groundswell.powers.movement import movement
from groundswell.web import verbs
from groundswell.web.forms import SettingsForm


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(verbs.SETTINGS)
def settings(request: HttpRequest) -> HttpResponse:
    """Name, look and rules of the movement."""
    assert request.user.is_authenticated
    form = SettingsForm.of(movement())
    if request.method == "POST":
        form = SettingsForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                services.change_movement(request.user, **form.changes())
            except ValidationError as problems:
                form.add_error(None, problems)
            else:
                messages.success(request, _("The movement has its new settings."))
                return redirect("web:settings")
    context = {"form": form, "why": powers.why(request.user, verbs.SETTINGS), "ground": look.PAPER}
    return render(request, "web/settings.html", context, status=422 if form.errors else 200)
