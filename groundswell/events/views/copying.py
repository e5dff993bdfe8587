"""For hosts: the same event again, once or every week."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from groundswell.events.forms.desk import CopyForm
from groundswell.events.models import Event
from groundswell.events.rules import Invalid, Refused
from groundswell.events.services import copying
from groundswell.events.views.hosting import STARTED
from groundswell.events.views.mine import actor_of, mine, running
from groundswell.powers import limits
from groundswell.powers.gates import signed_in


@never_cache
@signed_in
def copy(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Choose the days, press; the new events stand below."""
    event = mine(request, event_id)
    form = CopyForm(
        request.POST if request.method == "POST" else None, initial={"day": copying.next_day(event), "times": 1}
    )
    if request.method == "POST" and form.is_valid():
        try:
            n = _copied(request, event, form)
            said = ngettext("%(n)d new event.", "%(n)d new events.", n) if n else _("These are there already.")
            messages.success(request, said % {"n": n})
            return redirect(reverse("events:copy", args=[event.pk]) + "#copies")
        except Invalid as invalid:
            form.show_problems(invalid.problems.items())
        except Refused as refused:
            form.add_error(None, str(refused))
    context = running(request, event, "desk") | {"form": form, "copies": copying.copies(event)}
    return render(request, "events/copy.html", context, status=422 if form.errors else 200)


def _copied(request: HttpRequest, event: Event, form: CopyForm) -> int:
    days = [form.cleaned_data["day"] + copying.WEEK * n for n in range(form.cleaned_data["times"])]
    with transaction.atomic():  # what cannot stand is not counted in the limit either
        if not all(limits.take(f"events.copy:{actor_of(request)}", **STARTED) for _day in days):
            raise Refused(_("You made a great many events just now. Wait a while, then go on."))
        return len(copying.copy(event, days, actor_of(request)))
