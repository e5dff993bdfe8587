"""For hosts: starting an event, confirming it, changing it, co-hosts. Who comes is at their desk."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe

from groundswell.events import links, mails, rules, selectors, services
from groundswell.events.forms.desk import CallOffForm
from groundswell.events.forms.hosting import CoHostForm, EditForm, EventForm, NewEventForm
from groundswell.events.forms.shifts import BaseShiftForms, ShiftForms, show_invalid, show_shift_problems, shown_shift
from groundswell.events.models import RSVP, Event
from groundswell.events.rules import Invalid, Refused, ShiftDetails, Stale
from groundswell.events.selectors import PublicEvent
from groundswell.events.services import inviting, telling
from groundswell.events.views.answers import by_link, see_other
from groundswell.events.views.mine import actor_of, mine, running
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.http import idempotent_view
from groundswell.ledger.rules import person_actor, user_actor
from groundswell.people import selectors as people_read
from groundswell.people import services as people
from groundswell.people.models import Person
from groundswell.people.rules import BadDetails
from groundswell.people.selectors import NotFound
from groundswell.powers import limits, viewer
from groundswell.powers.gates import signed_in
from groundswell.powers.models import User
from groundswell.powers.movement import movement
from groundswell.powers.public import public_action
from groundswell.sources import carry


class Often(TypedDict):
    per_hour: float
    burst: int


STARTED: Often = {"per_hour": 120, "burst": 60}  # events from one address, which may be a whole hall's


class _TooMany(Exception):
    """More events were started from there than the limit lets through."""


# --- starting one --------------------------------------------------------------------------------------------------
def _again(request: HttpRequest, status: int) -> HttpResponse:
    """The form as it was filled in, with a sentence, for a second press that came too soon or too late."""
    user = viewer.of(request).user
    form = (EventForm if user else NewEventForm)(request.POST)
    if status == 409:
        form.add_error(None, _("Your first press is still being worked on. Wait a moment, then press once more."))
    else:
        form.add_error(
            None, _("This form was sent before with other answers. If you send it again, it makes one more event.")
        )
    return _new(request, form, ShiftForms(request.POST, prefix="shifts"), user, status=status)


@never_cache
@public_action("events.create", per_hour=None)
@idempotent_view(_again)
def create(request: HttpRequest) -> HttpResponse:
    """One page to host. Who is signed in is known; others say who they are and confirm it by mail."""
    user = viewer.of(request).user
    form_class = EventForm if user else NewEventForm
    if request.method != "POST":
        start = {"type": request.GET.get("type", "house_party"), "languages": [get_language() or "en"]}
        like = _like(request)
        more, rows = _filled_in(like) if like else ({}, [])
        return _new(request, form_class(initial=start | more), ShiftForms(prefix="shifts", initial=rows), user)
    form, shifts = form_class(request.POST), ShiftForms(request.POST, prefix="shifts")
    if "add_shift" in request.POST:
        return _new(request, form_class(initial=_typed(form)), _one_more(request), user)
    if form.is_valid() & shifts.is_valid():
        try:
            event = _create(request, form, shifts.details(), user)
        except Invalid as invalid:
            show_invalid(invalid, form, shifts)
        except BadDetails as bad:
            form.show_problems([(bad.field, str(bad))])
        except _TooMany:
            form.add_error(None, _("A great many events were started from where you are. Wait a minute, then send it."))
            reply = _new(request, form, shifts, user, status=429)
            reply["Retry-After"] = "60"
            return reply
        else:
            if user:
                messages.success(request, _said(event))
                return see_other(reverse("events:edit", args=[event.pk]))
            return see_other(reverse("events:mailed"))
    show_shift_problems(form, shifts)
    return _new(request, form, shifts, user, status=422)


def _new(
    request: HttpRequest,
    form: EventForm,
    shifts: BaseShiftForms,
    user: User | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "second": _like(request),
        "shifts": shifts,
        "known": people_read.display_name(user) if user else "",
        "user_email": user.email if user else "",
        "key": request.POST.get("idempotency_key") if status == 409 else new_id(),
        "reviewed": movement().review_first_events,
    }
    return render(request, "events/new.html", context, status=status)


def _like(request: HttpRequest) -> PublicEvent | None:
    """The event beside which a second one is started."""
    try:
        return selectors.public_event(UUID(request.GET.get("like", "")))
    except (ValueError, NotFound):
        return None


def _filled_in(event: PublicEvent) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The fields and times of a second event beside a full one: all it says but where exactly it is."""
    title = _("Second: %(title)s") % {"title": event.title}
    fields = {
        "title": title if len(title) <= rules.LENGTHS["title"] else event.title,
        "type": event.type,
        "description": rules.plain(event.description),
        "postal_code": event.place.postal_code,
        "city": event.place.city,
        "online": "yes" if event.online else "no",
        "time_zone": event.time_zone if event.online else "",
        "languages": event.languages,
    }
    zone, now = ZoneInfo(event.time_zone), clock.now()
    slots = [shift for shift in event.shifts if not shift.past]
    to_come = [shift for shift in slots if shift.starts_at > now]
    times = []
    for shift in to_come or slots:
        later = timedelta(days=0 if to_come else (now - shift.starts_at).days + 1)  # one that runs: the next day
        starts, ends = (at.astimezone(zone).replace(tzinfo=None) + later for at in (shift.starts_at, shift.ends_at))
        times.append(ShiftDetails(starts, ends, shift.capacity))
    return fields, [shown_shift(one) for one in times]


def _typed(form: EventForm) -> dict[str, Any]:
    """What was typed so far, for a form that is shown again without being judged."""
    return {name: form[name].value() for name in form.fields if name not in ("homepage", "shown_at")}


def _one_more(request: HttpRequest) -> BaseShiftForms:
    """The shifts as typed, and one more empty row. For those without scripts."""
    rows = ShiftForms(prefix="shifts", initial=_typed_rows(request))
    rows.extra = 1
    return rows


def _typed_rows(request: HttpRequest) -> list[dict[str, Any]]:
    return [{name: row[name].value() for name in row.fields} for row in ShiftForms(request.POST, prefix="shifts").forms]


def _create(request: HttpRequest, form: EventForm, shifts: Sequence[ShiftDetails], user: User | None) -> Event:
    """The person and the event, or neither: what cannot stand is not counted in the limit either."""
    with transaction.atomic():
        if not limits.take(f"events.create:{limits.client_key(request)}", **STARTED):
            raise _TooMany
        if user:
            person, actor = people.person_of_user(user), user_actor(user.pk)
        else:
            assert isinstance(form, NewEventForm)
            person = people.find_or_add(form.person(get_language() or ""), how="host").person
            actor = person_actor(person.pk)
        return services.create(person, form.details(shifts), actor=actor, source_code=carry.code_in(request))


def _said(event: Event) -> str:
    if event.state == Event.State.PUBLISHED:
        return _("Your event is published.")
    return _("Your event waits for review. We will write to you.")


@require_safe
@cache_control(public=True, max_age=300)
def mailed(request: HttpRequest) -> HttpResponse:
    """What happens next: confirm, review, on the map. The same for every address."""
    return render(request, "events/mailed.html", {"reviewed": movement().review_first_events})


@cache_control(private=True, no_store=True)
@public_action("events.confirm", per_hour=60, burst=30)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail to whoever made an event: the button confirms their address."""
    event = links.event_from(token)
    context = {"event": selectors.shown(event, exact=True), "confirmed": event.confirmed_at}
    return by_link(request, lambda: services.confirm(event), "events/confirm.html", context)


# --- running one ---------------------------------------------------------------------------------------------------
@never_cache
@signed_in
def edit(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Change what the event says."""
    event = mine(request, event_id)
    initial, rows = _stored(event)
    form, shifts = EditForm(initial=initial), ShiftForms(prefix="shifts", initial=rows)
    if request.method == "POST":
        if "add_shift" in request.POST:
            form = EditForm(initial=initial | _typed(EditForm(request.POST)))
            shifts = _one_more(request)
        else:
            form = EditForm(request.POST, initial=initial)
            shifts = ShiftForms(request.POST, prefix="shifts")
            if form.is_valid() & shifts.is_valid():
                try:
                    _change(request, event, form, shifts)
                    return redirect("events:edit", event.pk)
                except Invalid as invalid:
                    show_invalid(invalid, form, shifts)
                except Stale:
                    return _edit(request, event, **_read_again(request, event, shifts), status=409)
                except Refused as refused:
                    form.add_error(None, str(refused))
            show_shift_problems(form, shifts)
    status = 422 if form.errors or any(row.errors for row in shifts.forms) else 200
    return _edit(request, event, form, shifts, status=status)


def _edit(
    request: HttpRequest,
    event: Event,
    form: EditForm,
    shifts: BaseShiftForms,
    *,
    status: int,
    meanwhile: Mapping[str, object] | None = None,
) -> HttpResponse:
    context = running(request, event, "edit") | {"form": form, "shifts": shifts, "meanwhile": meanwhile}
    return render(request, "events/edit.html", context, status=status)


def _stored(event: Event) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The fields as they are kept, and a row for each shift."""
    kept = selectors.details_of(event)
    fields = {name: getattr(kept, name) for name in EventForm.base_fields if hasattr(kept, name)}
    more = {"country": event.country, "online": "yes" if event.online else "no", "version": event.version}
    return fields | more, [shown_shift(shift) for shift in kept.shifts]


class _ReadAgain(TypedDict):
    form: EditForm
    shifts: BaseShiftForms
    meanwhile: dict[str, object]


def _read_again(request: HttpRequest, event: Event, shifts: BaseShiftForms) -> _ReadAgain:
    """What was typed, with what somebody else saved meanwhile beside it. Saving again is on what is shown now: shifts
    they added are there, shifts they took out are gone."""
    event.refresh_from_db()
    initial, rows = _stored(event)
    form = EditForm(request.POST, initial=initial)
    there, typed = {str(row["id"]) for row in rows}, _typed_rows(request)
    both = [row for row in typed if not row["id"] or row["id"] in there]
    both += [row for row in rows if str(row["id"]) not in {row["id"] for row in typed}]
    return {
        "form": EditForm(initial=initial | _typed(form) | {"version": event.version}),
        "shifts": ShiftForms(prefix="shifts", initial=both),
        "meanwhile": {
            "by": selectors.changed_by(event),
            "fields": form.overwritten(),
            "shifts": [] if shifts.details() == selectors.details_of(event).shifts else event.shifts.all(),
        },
    }


def _change(request: HttpRequest, event: Event, form: EditForm, shifts: BaseShiftForms) -> None:
    details = form.details(shifts.details())
    names = [name for name in EventForm.base_fields if hasattr(details, name)]
    changed = {name: getattr(details, name) for name in names} | {"shifts": details.shifts}
    if not details.online:
        del changed["time_zone"]  # the event's own, unless it moves
    after = services.change(event, actor_of(request), version=form.cleaned_data["version"], **changed)
    if event.state == Event.State.PUBLISHED and after.state == Event.State.WAITING:
        messages.success(request, _("Saved. A person looks it over now, before everybody sees it again."))
    else:
        messages.success(request, _("Saved. People who come hear of a new time or place by mail."))


@never_cache
@signed_in
@require_POST
def submit(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Ask (again) for the event to be published."""
    event = mine(request, event_id)
    try:
        messages.success(request, _said(services.submit(event, actor=actor_of(request))))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("events:edit", event.pk)


@never_cache
@signed_in
def cancel(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Call the event off: what that does, the host's own words, the mail as a guest will get it, and the button."""
    event = mine(request, event_id)
    form = CallOffForm(request.POST if request.method == "POST" else None)
    preview = None
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["words"]
        try:
            if request.POST.get("sure") == "on":
                services.cancel(event, actor_of(request), words)
                messages.success(request, _("The event is called off. Everybody who was coming is told."))
                return redirect("events:cancel", event.pk)
            if "edit" in request.POST:
                form = CallOffForm(initial={"words": words})
            else:
                preview = _called_off(request, event, words)
        except Invalid as invalid:
            form.show_problems(invalid.problems.items())
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("events:cancel", event.pk)
    context = {
        "form": form,
        "preview": preview,
        "told": telling.all_told(event).count(),
        "near": any(telling.room_instead(event, shift.pk) for shift in event.shifts.all()),
        "here": sum(rsvp.here for rsvp in selectors.guest_list(event)),
    }
    return render(
        request, "events/cancel.html", running(request, event, "desk") | context, status=422 if form.errors else 200
    )


def _called_off(request: HttpRequest, event: Event, words: str) -> dict[str, Any] | None:
    """The mail as the first of them will get it; None: nobody comes."""
    words = rules.parting_words(words)
    first = telling.all_told(event).first()
    if first is None:
        return None
    people.looked_at(viewer.of(request), first.person)
    shown = selectors.shown(event, exact=first.state == RSVP.State.GOING)
    near = telling.room_instead(event, first.shift_id)
    return mails.preview(first.person, lambda: mails.called_off(first, shown, words, near))


@never_cache
@signed_in
@require_POST
def hosts(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Ask somebody to be a co-host, take that back, or take one off."""
    event = mine(request, event_id)
    actor = actor_of(request)
    if request.POST.get("act") == "remove":
        person = _host(event, request.POST.get("person", ""))
        try:
            if person:
                services.remove_host(event, person, actor)
                if selectors.is_actor(person, actor):
                    messages.success(request, _("You do not host this event any more."))
                    return redirect(settings.LOGIN_REDIRECT_URL)
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect(reverse("events:edit", args=[event.pk]) + "#hosts")
    if request.POST.get("act") == "take_back":
        inviting.take_back(event, request.POST.get("invitation", ""), actor)
        return redirect(reverse("events:edit", args=[event.pk]) + "#hosts")
    form = CoHostForm(request.POST)
    if form.is_valid():
        try:
            inviting.invite(event, form.cleaned_data["given_name"], form.cleaned_data["email"], actor)
            messages.success(request, _("Invited. They run the event with you as soon as they accept."))
        except Invalid as invalid:
            form.show_problems(invalid.problems.items())
        except Refused as refused:
            messages.error(request, str(refused))
    for problem in (str(sentence) for sentences in form.errors.values() for sentence in sentences):
        messages.error(request, problem)
    return redirect(reverse("events:edit", args=[event.pk]) + "#hosts")


@cache_control(private=True, no_store=True)
@public_action("events.invitation", per_hour=60, burst=30)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail to somebody who may become a co-host: the button accepts."""
    asked = links.invitation_from(token)
    context = {"event": selectors.shown(asked.event), "accepted": asked.accepted_at}
    return by_link(request, lambda: inviting.accept(asked), "events/invitation.html", context)


def _host(event: Event, person_id: str) -> Person | None:
    return next((host.person for host in selectors.hosts_of(event) if str(host.person_id) == person_id), None)
