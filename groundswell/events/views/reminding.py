"""Reminders of an event, for its hosts; and the end of a host's morning mail."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from groundswell.events import links
from groundswell.events.forms.reminding import RemindersForm
from groundswell.events.rules import Refused
from groundswell.events.services import mornings, reminding
from groundswell.events.views.answers import by_link
from groundswell.events.views.mine import actor_of, mine, running
from groundswell.powers.gates import signed_in
from groundswell.powers.public import public_action


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """When those who come are reminded."""
    event = mine(request, event_id)
    form = RemindersForm(request.POST or None, initial={"reminders": [str(hours) for hours in event.reminders]})
    if request.method == "POST":
        form = RemindersForm(request.POST)
        if form.is_valid():
            try:
                reminding.set_reminders(event, [int(one) for one in form.cleaned_data["reminders"]], actor_of(request))
            except Refused as refused:
                messages.error(request, str(refused))
            else:
                messages.success(request, _("Saved."))
            return redirect("events:reminders", event.pk)
    status = 422 if form.errors else 200
    return render(request, "events/reminders.html", running(request, event, "desk") | {"form": form}, status=status)


@csrf_exempt  # a mail program comes from no page of ours; the token is what vouches for it
@cache_control(private=True, no_store=True)
def no_morning(request: HttpRequest, token: str) -> HttpResponse:
    """The last link in the morning mail, and the one in its header, to which a mail program posts (RFC 8058)."""
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        mornings.stop(links.morning_from(token))
        return HttpResponse(_("You get no more of these"), content_type="text/plain; charset=utf-8")
    return _no_morning(request, token)


@public_action("events.no_morning", per_hour=60, burst=30)
def _no_morning(request: HttpRequest, token: str) -> HttpResponse:
    """On the page, the button ends them, or lets them come again."""
    person = links.morning_from(token)
    off = mornings.stopped(person)
    return by_link(request, lambda: mornings.stop(person, off=not off), "events/no_morning.html", {"off": off})
