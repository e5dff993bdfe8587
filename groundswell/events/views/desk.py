"""The hosts' desk: one page to run an event from a phone. Who comes, calls, checking in, walking in, who did not come.

Every button is a plain form that works alone; with HTMX only the row of the guest changes, and the count. Until the
event is over the list asks for what others pressed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groundswell.events import links, rules, selectors, services, words
from groundswell.events.forms.desk import WalkInForm
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.rules import Invalid, Refused
from groundswell.events.services import desk as deeds
from groundswell.events.views.mine import actor_of, mine, running
from groundswell.kit import clock
from groundswell.kit.text import fold
from groundswell.people import selectors as people_read
from groundswell.people import services as people
from groundswell.people.rules import phone_shown
from groundswell.people.selectors import NotFound
from groundswell.powers import viewer
from groundswell.powers.gates import signed_in

GOING, WAITING, CANCELLED, WALK_IN = RSVP.State.GOING, RSVP.State.WAITING, RSVP.State.CANCELLED, RSVP.State.WALK_IN
ASK_NO_MORE = 286  # HTMX ends its polling


# --- what the page shows -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Slot:
    """A shift as the desk sees it now.

    Attributes:
        today: it is its day or later, and one may be checked in.
        doors: it is about to begin, or later: checking in comes first, calling second.
        calls: it is not over, and guests may be reached.
        off: its event is called off, and only who came by then is shown.
        here: places of those who are there; of `expected`, which counts them, too.
    """

    shift: Shift
    today: bool
    doors: bool
    over: bool
    calls: bool
    off: bool
    here: int
    expected: int
    open: bool = True
    missed: int = 0  # people of whom it is noted
    unmarked: int = 0  # people who had a place and of whom nothing is noted


@dataclass(frozen=True, slots=True)
class Guest:
    """One line of the desk. `email` and `phone` are empty once hosts see no contacts any more."""

    rsvp: RSVP
    slot: Slot
    name: str
    email: str
    phone: str
    called: str  # the last result, since they said that they come
    caller: str = ""  # whose it is, as they are called
    needs: str = ""  # what they wrote to the hosts
    note: str = ""  # what a host wrote about them

    @property
    def tag(self) -> str:
        """Another one as soon as their line looks different."""
        return _tag(*_columns(self.rsvp), *_marks(self.slot), self.name, self.email, self.phone, self.caller)

    @property
    def here(self) -> bool:
        return self.rsvp.attended is True

    @property
    def phone_shown(self) -> str:
        return phone_shown(self.phone)

    @property
    def party(self) -> range:
        """How many of them may have come; empty where it is one person."""
        return range(1, 1 + self.rsvp.places) if self.rsvp.guests else range(0)

    @property
    def settled(self) -> bool:
        """Whether they need no call (any more)."""
        return self.rsvp.state == WAITING or self.called in (RSVP.Call.WILL_COME, RSVP.Call.WRONG_NUMBER)


@dataclass(frozen=True)
class Group:
    """A shift and who is on its list."""

    slot: Slot
    guests: Sequence[Guest]
    walk_in: WalkInForm


def _slot(shift: Shift, event: Event, words_: Sequence[RSVP]) -> Slot:
    now = clock.now()
    off = event.state == Event.State.CANCELLED
    listed = [rsvp for rsvp in words_ if rsvp.shift_id == shift.pk]
    going = [rsvp for rsvp in listed if rsvp.state == GOING]
    over = shift.ends_at <= now
    return Slot(
        shift=shift,
        today=not off and rules.has_come(shift.starts_at, event.time_zone, now),
        doors=not off and now >= shift.starts_at - rules.DOORS_OPEN,
        over=over,
        calls=not off and not over,
        off=off,
        here=sum(rsvp.here for rsvp in listed),
        expected=shift.filled + sum(rsvp.here for rsvp in listed if rsvp.state != GOING),
        missed=sum(rsvp.places for rsvp in going if rsvp.attended is False),
        unmarked=sum(rsvp.places for rsvp in going if rsvp.attended is None),
    )


def _columns(row: RSVP | Shift) -> list[object]:
    return [getattr(row, field.attname) for field in row._meta.concrete_fields]


def _marks(slot: Slot) -> list[object]:
    return [slot.today, slot.doors, slot.over, slot.calls, slot.off]


def _tag(*looks: object) -> str:
    return sha256(repr((get_language(), *looks)).encode()).hexdigest()[:16]


def _guests(event: Event, listed: Sequence[RSVP], slots: dict[UUID, Slot]) -> Iterator[Guest]:
    shown = rules.contacts_shown(event.ends_at, clock.now())
    reached = people_read.reached_by(rsvp.person for rsvp in listed if rsvp.state != WALK_IN) if shown else {}
    callers = selectors.callers(event) if any(rsvp.called for rsvp in listed) else {}
    for rsvp in listed:
        if rsvp.state == WALK_IN and not rsvp.attended:
            continue  # taken back
        own = rsvp.state in (GOING, WAITING)
        reach = reached.get(rsvp.person_id, {}) if own else {}
        called = rsvp.called if rsvp.called_at and rsvp.called_at >= rsvp.at else ""
        yield Guest(
            rsvp=rsvp,
            slot=slots[rsvp.shift_id],
            name=_name(rsvp),
            email=reach.get("email", ""),
            phone=reach.get("phone", ""),
            called=called,
            caller=callers.get(rsvp.pk, "") if called else "",
            needs=rsvp.needs if own and shown else "",
            note=rsvp.note if shown else "",
        )


def _name(rsvp: RSVP) -> str:
    """As the list has them: of who walked in only what a host wrote."""
    return (rsvp.written_as if rsvp.state == WALK_IN else rsvp.person.name) or _("Somebody")


_CALLED = ["", RSVP.Call.NO_ANSWER, RSVP.Call.WRONG_NUMBER, RSVP.Call.WILL_COME]


def _order(guest: Guest) -> tuple[object, ...]:
    """Before the doors open: who was not called comes first, in order of joining. Then: who is not there, by name. Once
    it is called off: who had come, by name."""
    if guest.slot.doors:
        return guest.rsvp.attended is not None, fold(guest.name), guest.rsvp.pk
    calls = _CALLED.index(guest.called) if guest.called in _CALLED else len(_CALLED)
    if guest.slot.off:
        return not guest.here, fold(guest.name), guest.rsvp.pk
    return guest.rsvp.state != GOING, calls, guest.rsvp.at, guest.rsvp.pk


def _slots(event: Event, listed: Sequence[RSVP]) -> dict[UUID, Slot]:
    return {shift.pk: _slot(shift, event, listed) for shift in event.shifts.order_by("starts_at", "pk")}


@dataclass(frozen=True)
class List:
    """Who is on the desk's list, shift by shift, and how it looks.

    Attributes:
        gone: who cancelled.
        live: it changes under one's eyes, as it is the day and not over.
        calls: hosts may still call, on the days before, too: what one of them hears the others see soon.
        tag: another one as soon as anything looks different.
    """

    slots: dict[UUID, Slot]
    guests: Sequence[Guest]
    gone: Sequence[Guest]
    live: bool
    calls: bool
    tag: str


def _list(event: Event) -> List:
    listed = list(selectors.guest_list(event))
    slots = _slots(event, listed)
    guests = list(_guests(event, listed, slots))
    looks = [(*_columns(slot.shift), *_marks(slot), slot.here, slot.missed, slot.unmarked) for slot in slots.values()]
    return List(
        slots=slots,
        guests=guests,
        gone=[guest for guest in guests if guest.rsvp.state == CANCELLED and not guest.here],
        live=any(slot.today and not slot.over for slot in slots.values()),
        calls=any(slot.calls for slot in slots.values()),
        tag=_tag(looks, [guest.tag for guest in guests]),
    )


def _drawn(request: HttpRequest, event: Event, list_: List, forms: Mapping[UUID, WalkInForm]) -> dict[str, object]:
    """What `events/desk_list.html` shows; whoever is on it was looked at."""
    who = viewer.of(request)
    for guest in list_.guests:
        if guest.rsvp.state != WALK_IN:  # of whom it shows nothing that we know
            people.looked_at(who, guest.rsvp.person)
    coming = sorted((guest for guest in list_.guests if guest.rsvp.state != CANCELLED or guest.here), key=_order)
    groups = [
        Group(
            slot,
            [guest for guest in coming if guest.slot is slot],
            forms.get(pk) or WalkInForm(prefix=_prefix(slot.shift)),
        )
        for pk, slot in list_.slots.items()
    ]
    return {
        "groups": groups,
        "now_at": next((group for group in groups if not group.slot.over), groups[-1]),
        "gone": list_.gone,
        "contacts": rules.contacts_shown(event.ends_at, clock.now()),
    }


def _show(
    request: HttpRequest, event: Event, refused: tuple[UUID, WalkInForm] | None = None, status: int = 200
) -> HttpResponse:
    list_ = _list(event)
    context = running(request, event, "desk") | _drawn(request, event, list_, dict([refused] if refused else []))
    url = settings.BASE_URL + reverse("events:event", args=[event.pk])
    context |= {
        "list": list_,
        "empty": not list_.guests and not event.opening_rsvps,
        "door": any(slot.doors and not slot.over for slot in list_.slots.values()),
        "live": list_.live,
        "shared": url,
        "share": words.share_links(context["event"], url),
    }
    return render(request, "events/desk.html", context, status=status)


@never_cache
@signed_in
@require_safe
def desk(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Who comes, and all a host does about it."""
    return _show(request, mine(request, event_id))


@never_cache
@signed_in
@require_safe
def guests(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Where the list of guests was before there was a desk."""
    return redirect("events:desk", mine(request, event_id).pk)


@never_cache
@signed_in
@require_safe
def list_(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The list as it is now, for a page that is open and says by its tag what it shows: 304 while that still holds.
    Once the event is over, 286: the page asks no more."""
    event = mine(request, event_id)
    now = _list(event)
    etag = f'"{now.tag}"'
    reply: HttpResponse = HttpResponseNotModified()
    if now.calls and request.headers.get("If-None-Match") == etag:
        return reply
    context = {"event": selectors.shown(event, exact=True), "list": now, **_drawn(request, event, now, {})}
    reply = render(request, "events/desk_list.html", context, status=200 if now.calls else ASK_NO_MORE)
    reply["ETag"] = etag
    return reply


# --- what one does to a guest --------------------------------------------------------------------------------------
@never_cache
@signed_in
@require_POST
def guest(request: HttpRequest, event_id: UUID, rsvp_id: UUID) -> HttpResponse:
    """One press: `act` is here, undo, note, or the result of a call. After `wrong_number` stands the number, after
    `here` may stand how many of them came."""
    event = mine(request, event_id)
    rsvp = get_object_or_404(selectors.guest_list(event), pk=rsvp_id)
    problem = ""
    try:
        if request.POST.get("act") == "note":
            deeds.note(rsvp, request.POST.get(f"note-{rsvp.pk}", ""), actor_of(request))
        else:
            _act(rsvp, request.POST.get("act", ""), actor_of(request))
    except (Refused, Invalid) as refused:
        problem = str(refused)
    if "HX-Request" not in request.headers:
        if problem:
            messages.error(request, problem)
        return redirect(reverse("events:desk", args=[event.pk]) + f"#g-{rsvp.pk}")
    listed = list(selectors.guest_list(event))
    slots = _slots(event, listed)
    line = next(_guests(event, [one for one in listed if one.pk == rsvp.pk], slots), None)
    context = {
        "g": line,
        "slots": [slots[rsvp.shift_id]],
        "problem": problem,
        "event": event,
        "contacts": rules.contacts_shown(event.ends_at, clock.now()),
    }
    reply = render(request, "events/desk_pressed.html", context)
    if request.POST.get("act") in _MOVES:
        reply["HX-Trigger"] = "renew"  # the list: places went to and fro, so that others may look different, too
    return reply


_MOVES = {RSVP.Call.WILL_COME, RSVP.Call.WILL_NOT_COME}
_PARTY = {str(n) for n in range(1, 2 + rules.MOST_GUESTS)}


def _act(rsvp: RSVP, act: str, actor: str) -> None:
    act, _space, number = act.partition(" ")
    if act in RSVP.Call.values:
        deeds.call(rsvp, act, actor, number=number)
    elif act == "here":
        services.mark_attended(rsvp, True, actor, of_them=int(number) if number in _PARTY else None)
    elif act == "undo":
        services.mark_attended(rsvp, None, actor)


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def walk_in(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Somebody came who is on no list: a name and a way to reach them."""
    event = mine(request, event_id)
    if request.method != "POST":  # the other language, or a reload, of a form that could not stand
        return redirect("events:desk", event.pk)
    shift = _shift(event, request)
    form = WalkInForm(request.POST, prefix=_prefix(shift))
    if form.is_valid():
        answers = form.answers()
        try:
            came = deeds.walk_in(shift, answers.person, actor_of(request), consents=answers.agreed, page=request.path)
        except Invalid as invalid:
            form.show_problems(invalid.problems.items())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%(name)s is here.") % {"name": _name(came)})
            return redirect(reverse("events:desk", args=[event.pk]) + f"#s-{came.shift_id}")
    return _show(request, event, (shift.pk, form), status=422)


@never_cache
@signed_in
@require_POST
def missed(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Afterwards: all others did not come; or that taken back."""
    event = mine(request, event_id)
    shift = _shift(event, request)
    try:
        if request.POST.get("act") == "undo":
            deeds.unmark_missed(shift, actor_of(request))
        else:
            n = deeds.mark_missed(shift, actor_of(request))
            said = ngettext("Saved: %(n)d person did not come.", "Saved: %(n)d people did not come.", n)
            messages.success(request, said % {"n": n})
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(reverse("events:desk", args=[event.pk]) + f"#s-{shift.pk}")


def _prefix(shift: Shift) -> str:
    return f"walk-in-{shift.pk.hex}"


def _shift(event: Event, request: HttpRequest) -> Shift:
    try:
        return get_object_or_404(event.shifts, pk=UUID(request.POST.get("shift", "")))
    except ValueError:
        raise NotFound from None


# --- by QR code ----------------------------------------------------------------------------------------------------
@never_cache
@signed_in
def check_in(request: HttpRequest, event_id: UUID, token: str) -> HttpResponse:
    """What the phone of a host shows that read a guest's QR code: who it is, and one button."""
    event = mine(request, event_id)
    rsvp = links.check_in_from(token)
    if rsvp.shift.event_id != event.pk:
        raise NotFound
    if request.method == "POST":
        try:
            _act(rsvp, "undo" if request.POST.get("act") == "undo" else "here", actor_of(request))
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect(request.path)
    people.looked_at(viewer.of(request), rsvp.person)
    slot = _slots(event, list(selectors.guest_list(event)))[rsvp.shift_id]
    context = {"event": event, "rsvp": rsvp, "slot": slot, "name": _name(rsvp)}
    return render(request, "events/desk_check_in.html", context)
