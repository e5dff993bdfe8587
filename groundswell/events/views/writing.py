"""For hosts: writing to the guests. First it is shown as a guest will get it, then it goes."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from groundswell.events import mails, nearby, selectors
from groundswell.events.forms.desk import MessageForm
from groundswell.events.models import Event
from groundswell.events.rules import Invalid, Refused, has_come
from groundswell.events.services import writing
from groundswell.events.views.mine import actor_of, mine, running
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.kit.templatetags.kit import shown_span
from groundswell.ledger.http import idempotent_view
from groundswell.messaging.selectors import answers as answering
from groundswell.people import services as people
from groundswell.people.models import Person
from groundswell.people.selectors import email_of
from groundswell.powers import viewer
from groundswell.powers.gates import signed_in
from groundswell.sources import carry
from groundswell.sources import selectors as sources_read
from groundswell.sources import services as sources


def _again(request: HttpRequest, status: int) -> HttpResponse:
    """The form as it was filled in, for a second press that came too soon or with other words."""
    assert request.resolver_match
    event = mine(request, request.resolver_match.kwargs["event_id"])
    form = _form(event, request.POST)
    form.add_error(None, _("Your first press is still being worked on. Look below before you send it again."))
    return _show(request, event, form, status=status)


@never_cache
@signed_in
@idempotent_view(_again)
def message(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Write, see it as a guest will, send."""
    event = mine(request, event_id)
    if request.method != "POST":
        return _show(request, event, _form(event, initial=_suggested(request, event)))
    form = _form(event, request.POST)
    if "edit" in request.POST:
        return _show(request, event, _form(event, initial=request.POST.dict()))
    if form.is_valid():
        try:
            if "send" in request.POST:
                n = _send(request, event, form.cleaned_data)
                said = ngettext("On its way to %(n)d person.", "On its way to %(n)d people.", n)
                messages.success(request, said % {"n": n})
                return redirect("events:message", event.pk)
            return _show(request, event, form, preview=_preview(request, event, form.cleaned_data))
        except Invalid as invalid:
            form.show_problems(invalid.problems.items())
        except Refused as refused:
            form.add_error(None, str(refused))
    return _show(request, event, form, status=422)


def _show(
    request: HttpRequest,
    event: Event,
    form: MessageForm,
    *,
    preview: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    refused = ""
    try:
        writing.check_may_write(event)
    except Refused as why:
        refused = str(why)
    context = running(request, event, "desk") | {
        "form": form,
        "preview": preview,
        "refused": refused,
        "written": [{"entry": entry, "to": _LABELS[entry.data["to"]]} for entry in writing.written(event)],
        "key": new_id(),
        "answered": answering.count(writing.about(event.pk)),
        "hides_address": bool(settings.REPLY_DOMAIN),
    }
    return render(request, "events/message.html", context, status=status)


def _form(event: Event, *args: Any, **kwargs: Any) -> MessageForm:
    """Only to whom somebody is there, and with how many they are."""
    form = MessageForm(*args, **kwargs)
    found = {to: len(writing.readers(event, to)) for to in writing.READERS}
    form.choose("to", [(to, f"{label} ({found[to]})") for to, label in _LABELS.items() if found[to]])
    if settings.REPLY_DOMAIN:
        form.fields["answers"].label = _("They can answer; you read it on the event’s page, and no address is shown")
    return form


_LABELS = {
    "going": gettext_lazy("All who said they come"),
    "waiting": gettext_lazy("All who wait for a place"),
    "came": gettext_lazy("All who came"),
    "missed": gettext_lazy("All who did not come"),
}


def _letter(request: HttpRequest, asked: dict[str, Any], person: Person | None) -> dict[str, str]:
    return {
        "subject": asked["subject"],
        "text": asked["text"],
        "by": person.given_name if person else "",
        "reply_to": email_of(person) if person and asked["answers"] else "",
    }


def _me(request: HttpRequest, event: Event) -> Person | None:
    """Who writes, if they host the event; staff write as the movement."""
    who = viewer.of(request).user
    return next((host.person for host in selectors.hosts_of(event) if who and host.person.user_id == who.pk), None)


def _preview(request: HttpRequest, event: Event, asked: dict[str, Any]) -> dict[str, Any]:
    """As the first of its readers will get it."""
    subject, text = writing.check(asked["subject"], asked["text"])
    letter = _letter(request, asked | {"subject": subject, "text": text}, _me(request, event))
    readers = writing.readers(event, asked["to"])
    people.looked_at(viewer.of(request), readers[0].person)
    made = writing.letter_to(readers[0], event, asked["to"], leave="#", **letter)
    return mails.preview(readers[0].person, made) | {"n": len(readers), "reply_to": letter["reply_to"]}


def _send(request: HttpRequest, event: Event, asked: dict[str, Any]) -> int:
    person = _me(request, event)
    if person:
        sources.sharer_code(person)  # so that the link in a suggested text leads back to them
    letter = _letter(request, asked, person)
    staff = None if person else viewer.of(request).user
    return writing.write(event, asked["to"], actor=actor_of(request), staff=staff, **letter)


# --- suggestions ---------------------------------------------------------------------------------------------------
def _suggested(request: HttpRequest, event: Event) -> dict[str, Any]:
    """A beginning, by the `text` of the address."""
    over = event.ends_at <= clock.now()
    title = {"title": event.title}
    match request.GET.get("text", ""):
        case "reminder":
            subject = _("Soon: %(title)s") % title
            text = _(
                "It is nearly time, and I look forward to seeing you. When and where stands below.\n\n"
                "Something came up? Please cancel with the link below, so that somebody else gets your place."
            )
        case "change":
            subject, text = _("A change of plan: %(title)s") % title, _("There is a change of plan:") + " "
        case "thanks":
            subject = _("Thank you: %(title)s") % title
            text = _("Thank you for coming! It was good to have you there.") + _next(request, event)
        case _:
            subject = text = ""
    marked = over and has_come(event.starts_at, event.time_zone, clock.now()) and writing.readers(event, "came")
    return {"to": "came" if marked else "going", "subject": subject, "text": text}


def _next(request: HttpRequest, event: Event) -> str:
    """The host's own next event with room, else the nearest one with room, with their link to share it."""
    person = _me(request, event)
    own = [other for other in selectors.hosted_by(person) if other.pk != event.pk] if person else []
    upcoming = sorted((selectors.shown(one) for one in own), key=lambda one: one.starts_at)
    listed = [one for one in upcoming if one.open and one.visibility == "public"]
    found = next((one for one in listed if any(shift.room and not shift.past for shift in one.shifts)), None)
    other = found or next(iter(nearby.with_room(selectors.shown(event)).events), None)
    if other is None:
        return ""
    url = mails.event_url(other.id)
    if person:
        url = carry.with_code(url, sources_read.sharer_code(person))
    asked = _("Will you come again? %(title)s, %(when)s:") % {
        "title": other.title,
        "when": shown_span(other.starts_at, other.ends_at, other.time_zone),
    }
    return f"\n\n{asked}\n{url}"
