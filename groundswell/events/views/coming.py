"""For those who said they come: thanks, and by the link in the mail the way to change or take it back.

Anybody can write anybody's address into the form. So the page after it knows nothing of that person: it says what
everybody may know of the event. The exact place, the link to join, changing and cancelling take the link that was
mailed.
"""

import io

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from groundswell.events import calendar, links, nearby, selectors, services, words
from groundswell.events.forms.coming import GuestsForm, NeedsForm
from groundswell.events.models import RSVP
from groundswell.events.rules import Invalid, NoRoom, Refused
from groundswell.events.services import desk
from groundswell.kit.open_pages import open_page
from groundswell.people.models import Person
from groundswell.powers.public import public_action
from groundswell.sources import carry
from groundswell.sources.models import Source

private = cache_control(private=True, no_store=True)


@open_page
@require_safe
@private
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """The form was filled in: what comes by mail, when and where, calendar, sharing."""
    row, room = links.thanks_from(token)
    event = selectors.public_event(row.event_id)
    url = settings.BASE_URL + reverse("events:event", args=[event.id])
    shift = next(shift for shift in event.shifts if shift.id == row.pk)
    context = {
        "event": event,
        "shift": shift,
        "elsewhere": nearby.with_room(event, [shift]) if event.open and not room else None,
        "room": room,
        "token": token,
        "shared": url,
        "share": words.share_links(event, url),
    }
    return render(request, "events/thanks.html", context)


@open_page
@require_safe
@private
def thanks_ics(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar file of their shift, as everybody may see it."""
    row, _room = links.thanks_from(token)
    event = selectors.public_event(row.event_id)
    reply = HttpResponse(calendar.file(event, shifts=[row.pk]), content_type="text/calendar; charset=utf-8")
    reply["Content-Disposition"] = 'attachment; filename="event.ics"'
    return reply


@open_page
@require_safe
@cache_control(private=True, max_age=86_400)
def check_in_code(request: HttpRequest, token: str) -> HttpResponse:
    """What a guest shows at the door: the address at which a host checks them in, as a QR code."""
    event_id = links.check_in_from(token).shift.event_id
    image = io.BytesIO()
    url = settings.BASE_URL + reverse("events:desk_check_in", args=[event_id, token])
    segno.make(url, error="m").save(image, kind="png", scale=5, border=4)
    return HttpResponse(image.getvalue(), content_type="image/png")


@private
@public_action("events.rsvp_manage", per_hour=120, burst=60)
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail: change how many come, or cancel."""
    rsvp = links.rsvp_from(token)
    form, needs = GuestsForm(initial={"guests": rsvp.guests}), NeedsForm(initial={"needs": rsvp.needs})
    problem = ""
    if request.method == "POST":
        services.prove(rsvp)
        try:
            if request.POST.get("act") == "confirm":
                return redirect("events:rsvp_manage", token)
            if request.POST.get("act") == "stay":
                services.stay(rsvp)
                return redirect("events:rsvp_manage", token)
            if request.POST.get("act") == "cancel":
                services.cancel_rsvp(rsvp)
                return redirect("events:rsvp_manage", token)
            if request.POST.get("act") == "needs":
                needs = NeedsForm(request.POST)
                desk.tell_needs(rsvp, request.POST.get("needs", ""))
                return redirect(reverse("events:rsvp_manage", args=[token]) + "?changed=1")
            form = GuestsForm(request.POST)
            if form.is_valid():
                services.change_rsvp(rsvp, form.cleaned_data["guests"])
                return redirect(reverse("events:rsvp_manage", args=[token]) + "?changed=1")
        except Invalid as invalid:
            problem = invalid.problems.pop("words", "")
            form.show_problems(invalid.problems.items())
        except NoRoom as full:
            form.add_error("guests", str(full))
        except Refused as refused:
            problem = str(refused)
    context = {"token": token, "form": form, "needs": needs, "problem": problem, "changed": "changed" in request.GET}
    return _show(request, rsvp, context, 422 if form.errors or problem else 200)


def _show(request: HttpRequest, rsvp: RSVP, more: dict[str, object], status: int) -> HttpResponse:
    event = selectors.guest_event(rsvp)
    shift = next(shift for shift in event.shifts if shift.id == rsvp.shift_id)
    url = settings.BASE_URL + reverse("events:event", args=[event.id])
    shared = carry.with_code(url, _code_of(rsvp.person))
    context = {
        "event": event,
        "shift": shift,
        "rsvp": rsvp,
        "going": rsvp.state == RSVP.State.GOING,
        "waiting": rsvp.state == RSVP.State.WAITING,
        "moved": rsvp.moved_from if event.open else None,
        "proven": services.proven(rsvp),
        "shared": shared,
        "share": words.share_links(event, shared),
        "directions": words.directions(event),
        "check_in": links.check_in_token(rsvp),
        **more,
    }
    reply = render(request, "events/manage.html", context, status=status)
    reply["Referrer-Policy"] = "no-referrer"
    return reply


def _code_of(person: Person) -> str:
    """The person's sharer code, where one is kept; reading makes none."""
    code = person.sources.filter(kind=Source.Kind.SHARER).values_list("code", flat=True).first()
    return code or ""
