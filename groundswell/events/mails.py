"""What we write to guests and hosts: one function a letter. Text and simple HTML, in the reader's language.

A letter that anybody can cause by writing an address into a form repeats nothing they wrote: neither a title nor a
name that looks like an advertisement reaches a stranger that way.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groundswell.events import calendar, links
from groundswell.events.models import RSVP, Event
from groundswell.events.selectors import FoundEvent, PublicEvent, PublicShift
from groundswell.kit import clock, geo
from groundswell.kit.templatetags.kit import shown_span
from groundswell.messaging.fields import Values
from groundswell.messaging.services import Message
from groundswell.messaging.worded import said
from groundswell.people.models import Person
from groundswell.powers.movement import movement

if TYPE_CHECKING:
    from groundswell.events.services.mornings import News

Attachment = tuple[str, str, str]


@dataclass(frozen=True)
class Letter:
    """What a mail says.

    Attributes:
        facts: when and where, of this shift; None: all shifts of `event`.
        invite: the calendar file; empty: none.
        why: they get it; empty: their address was written into a form.
        reply_to: where answers go; empty: nowhere.
        code: the address of the picture to show at the door; empty: none.
        gone: the calendar file of what does not happen; empty: none.
        unsubscribe, purpose: as in `Message`.
    """

    subject: str
    paragraphs: Sequence[str]
    links: Sequence[tuple[str, str]] = ()
    event: PublicEvent | None = None
    shift: PublicShift | None = None
    invite: str = ""
    notice: bool = False
    why: str = ""
    reply_to: str = ""
    code: str = ""
    gone: str = ""
    unsubscribe: str = ""
    purpose: str = ""


def message(
    key: str, person: Person, address: str, letter_of: Callable[[], Letter], *, not_after: datetime | None = None
) -> Message:
    """A letter as mail, in the language of who reads it. `not_after` as in `Message`."""
    with _language_of(person) as language:
        letter = letter_of()
        context = _context(person, letter, language)
        return Message(
            key=key,
            person=person,
            address=address,
            subject=" ".join(letter.subject.split()),
            text=render_to_string("events/mails/letter.txt", context),
            html=render_to_string("events/mails/letter.html", context),
            attachments=[*_attached(letter.invite, address), *_attached(letter.gone, address)],
            notice=letter.notice,
            reply_to=letter.reply_to,
            unsubscribe=letter.unsubscribe,
            purpose=letter.purpose,
            not_after=not_after,
        )


def preview(person: Person, letter_of: Callable[[], Letter]) -> dict[str, Any]:
    """What `message` puts into its templates, in the language of who reads it."""
    with _language_of(person) as language:
        return _context(person, letter_of(), language)


def _context(person: Person, letter: Letter, language: str) -> dict[str, Any]:
    return {
        "letter": letter,
        "greeting": _greeting(person),
        "facts": list(_facts(letter.event, letter.shift)) if letter.event else [],
        "movement": movement(),
        "language": language,
    }


# --- to guests -----------------------------------------------------------------------------------------------------
def going(rsvp: RSVP, event: PublicEvent, share_url: str) -> Letter:
    """They come."""
    return _said(
        "going",
        {"title": event.title, "come": _come(rsvp)},
        links=[(_("Change or cancel"), manage_url(rsvp)), (_("Bring a friend with this link"), share_url)],
        event=event,
        shift=_shift_of(rsvp, event),
        invite=_invite(rsvp, event),
        code=_code(rsvp, event),
    )


def waiting(rsvp: RSVP, event: PublicEvent) -> Letter:
    """They wait for a place."""
    return _said(
        "waiting",
        {"title": event.title},
        links=[(_("Change or cancel"), manage_url(rsvp))],
        event=event,
        shift=_shift_of(rsvp, event),
    )


def promoted(rsvp: RSVP, event: PublicEvent, share_url: str) -> Letter:
    """They have a place after all."""
    return _said(
        "promoted",
        {"title": event.title, "come": _come(rsvp)},
        links=[(_("Change or cancel"), manage_url(rsvp)), (_("Bring a friend with this link"), share_url)],
        event=event,
        shift=_shift_of(rsvp, event),
        invite=_invite(rsvp, event),
        notice=True,
        code=_code(rsvp, event),
    )


def not_coming(rsvp: RSVP, event: PublicEvent) -> Letter:
    """They took it back."""
    return _said(
        "not_coming",
        {"title": event.title},
        links=[(_("The event’s page"), event_url(event.id))],
        event=event,
        shift=_shift_of(rsvp, event),
        invite=calendar.file(event, shifts=[rsvp.shift_id], gone=True),
    )


def called_off(rsvp: RSVP, event: PublicEvent, words: str, near: Sequence[FoundEvent]) -> Letter:
    """The event does not happen: what its host says to that in their own `words`, and where there is room instead."""
    room = [
        _("There is room: %(title)s, %(when)s")
        % {"title": one.title, "when": shown_span(one.starts_at, one.ends_at, one.time_zone)}
        for one in near
    ]
    return _said(
        "called_off",
        {"title": event.title},
        *([_("Your host writes:"), *filter(None, map(str.strip, words.split("\n\n")))] if words else []),
        links=[
            *zip(room, (event_url(one.id) for one in near), strict=True),
            (_("Find another event"), _find_url(event)),
        ],
        event=event,
        shift=_shift_of(rsvp, event),
        invite=_invite(rsvp, event),
        notice=True,
    )


def reminder(rsvp: RSVP, event: PublicEvent) -> Letter:
    """It is soon."""
    shift = next(shift for shift in event.shifts if shift.id == rsvp.shift_id)
    return _said(
        "reminder",
        {
            "title": event.title,
            "come": _come(rsvp),
            "soon": _soon(shift, event.time_zone),
            "when": shown_span(shift.starts_at, shift.ends_at, event.time_zone),
        },
        links=[(_("Change or cancel"), manage_url(rsvp))],
        event=event,
        shift=shift,
        notice=True,
        why=_said_so(event),
        code=_code(rsvp, event),
    )


def changed(rsvp: RSVP, event: PublicEvent) -> Letter:
    """Time or place are others now."""
    return _said(
        "changed",
        {"title": event.title},
        links=[(_("Change or cancel"), manage_url(rsvp))],
        event=event,
        shift=_shift_of(rsvp, event),
        invite=_invite(rsvp, event),
        notice=True,
    )


def from_host(
    rsvp: RSVP, event: PublicEvent, *, to: str, subject: str, text: str, by: str, reply_to: str, leave: str
) -> Letter:
    """What a host wrote, in their own words; while the event is ahead also when, where and how to cancel."""
    shift = _shift_of(rsvp, event)
    ahead = to in ("going", "waiting") and shift is not None and not shift.past
    if to == "waiting":
        about = {"title": event.title, "name": movement().name}
        why = _("You get this because you are on the waiting list of “%(title)s” with %(name)s.") % about
    else:
        why = _said_so(event)
    writes = _("%(host)s, who hosts this event, writes:") % {"host": by} if by else _("Your host writes:")
    return Letter(
        subject,
        [writes, *filter(None, map(str.strip, text.split("\n\n")))],
        [
            *([(_("Change or cancel"), manage_url(rsvp))] if ahead else []),
            *([(_("No more messages from this host"), leave)] if leave else []),
        ],
        event if ahead else None,
        shift,
        notice=True,
        why=why,
        reply_to=reply_to,
    )


def moved(rsvp: RSVP, event: PublicEvent, before: PublicEvent, shift_id: UUID) -> Letter:
    """What they said they would come to goes together with another event: `before` is called off, its shift too."""
    shift = next(shift for shift in before.shifts if shift.id == shift_id)
    hosts = get_text_list(event.hosts, _("and"))
    return _said(
        "moved",
        {
            "old": before.title,
            "new": event.title,
            "hosts_there": _("%(hosts)s will be there for you.") % {"hosts": hosts} if hosts else "",
            "when": shown_span(shift.starts_at, shift.ends_at, before.time_zone),
            "where": _("online") if before.online else calendar.address(before.place),
        },
        links=[(_("I come"), manage_url(rsvp)), (_("I can’t come"), manage_url(rsvp) + "#cannot")],
        event=event,
        shift=_shift_of(rsvp, event),
        invite=_invite(rsvp, event),
        notice=True,
        why=_said_so(before),
        code=_code(rsvp, event),
        gone=calendar.file(before, shifts=[shift_id], gone=True),
    )


def merged_where_known(rsvp: RSVP, event: PublicEvent, before: PublicEvent, *, coming: bool) -> Letter:
    """What they said they would come to goes together with an event of which they said something before."""
    if coming:
        then = _("You said before that you come to the other one, too, so you need not do anything.")
    else:
        then = _("You said before that you cannot come to the other one. If you can after all, say so on its page.")
    return _said(
        "merged_where_known",
        {"old": before.title, "new": event.title, "then": then},
        links=[(_("The event’s page"), event_url(event.id))],
        notice=True,
        why=_said_so(before),
        gone=calendar.file(before, shifts=[rsvp.shift_id], gone=True),
    )


# --- to hosts ------------------------------------------------------------------------------------------------------
def confirm(event: Event) -> Letter:
    """They made an event; is the address theirs?"""
    url = settings.BASE_URL + reverse("events:confirm", args=[links.confirm_token(event)])
    return _said("confirm", {"name": movement().name}, links=[(_("Confirm my event"), url)])


def submitted(event: PublicEvent) -> Letter:
    """It waits for review."""
    return _said("submitted", {"title": event.title}, links=[(_("Change the event"), edit_url(event))], event=event)


def published(event: PublicEvent, share_url: str) -> Letter:
    """It is on the map."""
    return _said(
        "published",
        {"title": event.title},
        links=[(_("Your link to share"), share_url), (_("Change the event, see who comes"), edit_url(event))],
        event=event,
        invite=calendar.file(event),
        notice=True,
    )


def copied(events: Sequence[PublicEvent]) -> Letter:
    """They are to happen again, on these days."""
    first, n = events[0], len(events)
    on_the_map = all(event.state == Event.State.PUBLISHED for event in events)
    return _said(
        "copied",
        {
            "events": ngettext("%(n)d new event: %(title)s", "%(n)d new events: %(title)s", n)
            % {"n": n, "title": first.title},
            "next": _("They are on the map. Press a date to change that one, or to see who comes.")
            if on_the_map
            else _("Somebody reads them before they are listed. We write to you when that is done."),
        },
        links=[(shown_span(one.starts_at, one.ends_at, one.time_zone), edit_url(one)) for one in events],
        notice=True,
        why=_("You get this because you host this event with %(name)s.") % {"name": movement().name},
    )


def sent_back(event: PublicEvent, note: str) -> Letter:
    """The reviewer wants something changed."""
    return _said(
        "sent_back",
        {"title": event.title},
        note,
        links=[(_("Change the event"), edit_url(event))],
        event=event,
        notice=True,
    )


def called_off_to_host(event: PublicEvent) -> Letter:
    """Somebody else cancelled it."""
    return _said(
        "called_off_to_host",
        {"title": event.title},
        links=[(_("The event’s page"), event_url(event.id))],
        event=event,
        invite=calendar.file(event),
        notice=True,
    )


def lead_asked(event: PublicEvent, _name: str) -> Letter:
    """Who leads it would hand it over to them."""
    url = settings.BASE_URL + reverse("events:hand_over", args=[event.id])
    return _said("lead_asked", {"title": event.title}, links=[(_("See and answer"), url)], event=event, notice=True)


def lead_taken(event: PublicEvent, name: str) -> Letter:
    """Another one leads it now."""
    return _said(
        "lead_taken",
        {"host": name, "title": event.title},
        links=[(_("Change the event, see who comes"), edit_url(event))],
        event=event,
        notice=True,
    )


def lead_declined(event: PublicEvent, name: str) -> Letter:
    """They would rather not lead it."""
    return _said(
        "lead_declined",
        {"host": name, "title": event.title},
        links=[(_("The event’s hosts"), edit_url(event) + "#hosts")],
        notice=True,
    )


def taken_off(event: Event) -> Letter:
    """They do not run it any more: of when and where it says nothing."""
    return _said("taken_off", {"title": event.title}, notice=True)


def merge_proposed(event: PublicEvent, into: PublicEvent, places: int, *, joins: bool) -> Letter:
    """The hosts of a neighbor would bring their guests."""
    ask = _("The host of “%(title)s” expects few people and asks whether they may come to yours.")
    bring = ngettext(
        "The host of “%(title)s” expects few people and asks whether yours may take in %(n)d person.",
        "The host of “%(title)s” expects few people and asks whether yours may take in %(n)d people.",
        places,
    )
    return _said(
        "merge_proposed",
        {
            "new": into.title,
            "old": event.title,
            "ask": (bring if places else ask) % {"title": event.title, "n": places},
            "joins": _("They would like to run it with you.") if joins else "",
        },
        links=[(_("See and answer"), merge_url(into)), (_("Their event"), event_url(event.id))],
        event=event,
        notice=True,
    )


def merge_declined(event: PublicEvent, into: PublicEvent) -> Letter:
    """They would rather not."""
    return _said(
        "merge_declined",
        {"old": event.title, "new": into.title},
        links=[(_("See what you can do"), fill_url(event))],
        notice=True,
    )


def took_in(event: PublicEvent, into: PublicEvent, places: int) -> Letter:
    """More people come, from a neighbor."""
    more = ngettext(
        "%(n)d person of “%(title)s” has a place at your event from now on, and was told by mail.",
        "%(n)d people of “%(title)s” have a place at your event from now on, and were told by mail.",
        places,
    )
    return _said(
        "took_in",
        {"new": into.title, "more": more % {"n": places, "title": event.title}},
        links=[(_("See who comes"), desk_url(into))],
        event=into,
        notice=True,
    )


def merged_away(event: PublicEvent, into: PublicEvent, places: int, *, runs: bool) -> Letter:
    """Their guests have a place elsewhere; with `runs` whoever led it runs that, too."""
    about = {"new": into.title, "old": event.title}
    moved = _("Your guests have a place at “%(new)s” and were told by mail. “%(old)s” is called off.")
    empty = _("“%(old)s” is called off. Whoever finds its page is led to “%(new)s”.")
    return _said(
        "merged_away",
        about
        | {
            "became": (moved if places else empty) % about,
            "runs": _("Whoever led it runs the other one, too, from now on.") if runs else "",
        },
        links=[(_("The event’s page"), event_url(into.id))],
        event=into,
        notice=True,
    )


def thin(event: PublicEvent) -> Letter:
    """Few will come."""
    return _said(
        "thin",
        {"title": event.title},
        links=[(_("See what you can do"), fill_url(event))],
        event=event,
        notice=True,
    )


def morning(person: Person, news: Sequence["News"]) -> Letter:
    """What is new about the events they run."""
    off = settings.BASE_URL + reverse("events:no_morning", args=[links.morning_token(person)])
    return _said(
        "morning",
        {"news": _in_short(news)},
        *(f"{one.event.title} ({_day(one.event)}): {_told(one)}" for one in news),
        links=[*((one.event.title, desk_url(one.event)) for one in news), (_("No more of these"), off)],
        notice=True,
        why=_("You get this because you host events with %(name)s. The last link ends these mails.")
        % {"name": movement().name},
        unsubscribe=off,
    )


# --- to people nearby ----------------------------------------------------------------------------------------------
def invited(person: Person, event: PublicEvent) -> Letter:
    """There is an event near them with room."""
    url = settings.BASE_URL + reverse("events:no_more", args=[links.no_more_token(person)])
    return _said(
        "invited",
        {"title": event.title},
        links=[(_("See the event"), event_url(event.id)), (_("No more of these"), url)],
        event=event,
        why=_("You get this because you agreed to hear of events near you from %(name)s. The last link ends that.")
        % {"name": movement().name},
        unsubscribe=url,
        purpose="events",
    )


# --- parts ---------------------------------------------------------------------------------------------------------
def _said(name: str, values: Values, *more: str, **rest: Any) -> Letter:
    """A letter in its words, the movement's or ours; `more` paragraphs say what somebody wrote in this case."""
    words = said(f"event.{name}", values)
    return Letter(words.subject, [*words.paragraphs, *more], **rest)


def manage_url(rsvp: RSVP) -> str:
    return settings.BASE_URL + reverse("events:rsvp_manage", args=[links.rsvp_token(rsvp)])


def _find_url(event: PublicEvent) -> str:
    """Where others are listed, the nearest first if it is known where that is."""
    at = event.place
    near = next((text for text in (at.postal_code, f"{at.city}, {at.region}") if geo.find_place(text)), "")
    return settings.BASE_URL + reverse("events:find") + (f"?{urlencode({'near': near})}" if near else "")


def event_url(event_id: Any) -> str:
    return settings.BASE_URL + reverse("events:event", args=[event_id])


def edit_url(event: PublicEvent) -> str:
    return settings.BASE_URL + reverse("events:edit", args=[event.id])


def desk_url(event: PublicEvent) -> str:
    return settings.BASE_URL + reverse("events:desk", args=[event.id])


def fill_url(event: PublicEvent) -> str:
    return settings.BASE_URL + reverse("events:fill", args=[event.id])


def merge_url(event: PublicEvent) -> str:
    return settings.BASE_URL + reverse("events:merge", args=[event.id])


def _come(rsvp: RSVP) -> str:
    if not rsvp.guests:
        return _("We look forward to seeing you.")
    return ngettext(
        "We look forward to seeing you and your %(n)d guest.",
        "We look forward to seeing you and your %(n)d guests.",
        rsvp.guests,
    ) % {"n": rsvp.guests}


def _soon(shift: PublicShift, time_zone: str) -> str:
    """How soon it begins, by the clock of its place."""
    now, zone = clock.now(), ZoneInfo(time_zone)
    hours = max(1, round((shift.starts_at - now) / timedelta(hours=1)))
    days = (shift.starts_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if hours <= 6:
        return ngettext("In %(n)d hour", "In %(n)d hours", hours) % {"n": hours}
    if days <= 1:
        return _("Tomorrow") if days else _("Today")
    return ngettext("In %(n)d day", "In %(n)d days", days) % {"n": days}


def _day(event: PublicEvent) -> str:
    """Of the next of its shifts."""
    coming = next((shift for shift in event.shifts if not shift.past), event.shifts[-1])
    return shown_span(coming.starts_at, coming.ends_at, event.time_zone)


def _in_short(news: Sequence["News"]) -> str:
    """The news of all of them in a few words."""
    came, queued = sum(one.came for one in news), sum(one.queued for one in news)
    if came:
        return ngettext("%(n)d new RSVP", "%(n)d new RSVPs", came) % {"n": came}
    if queued:
        return ngettext("%(n)d person waits", "%(n)d people wait", queued) % {"n": queued}
    return news[0].event.title


def _told(news: "News") -> str:
    """What is new about one event, and what needs its hosts."""
    sentences = [
        (news.came, ngettext("%(n)d new RSVP.", "%(n)d new RSVPs.", news.came)),
        (news.gone, ngettext("%(n)d took it back.", "%(n)d took it back.", news.gone)),
        (news.waiting, ngettext("%(n)d waits for a place.", "%(n)d wait for a place.", news.waiting)),
        (news.needs, ngettext("%(n)d wrote what they need.", "%(n)d wrote what they need.", news.needs)),
        (news.coming, ngettext("%(n)d comes in all.", "%(n)d come in all.", news.coming)),
        (news.proposed, _("Neighbors ask whether you go together: please answer.")),
        (news.asked, _("You are asked to lead it: please answer.")),
    ]
    return " ".join(said % {"n": number} if "%(n)d" in said else said for number, said in sentences if number)


def _said_so(event: PublicEvent) -> str:
    about = {"title": event.title, "name": movement().name}
    return _("You get this because you said you would come to “%(title)s” with %(name)s.") % about


def _shift_of(rsvp: RSVP, event: PublicEvent) -> PublicShift | None:
    return next((shift for shift in event.shifts if shift.id == rsvp.shift_id), None)


def _code(rsvp: RSVP, event: PublicEvent) -> str:
    """Online nobody stands at a door."""
    return (
        "" if event.online else settings.BASE_URL + reverse("events:check_in_code", args=[links.check_in_token(rsvp)])
    )


def _invite(rsvp: RSVP, event: PublicEvent) -> str:
    """Who waits has no place in it yet: what is changed does not go into their calendar."""
    if rsvp.state == RSVP.State.WAITING and event.state == Event.State.PUBLISHED:
        return ""
    return calendar.file(event, shifts=[rsvp.shift_id])


def _attached(invite: str, address: str) -> list[Attachment]:
    if not invite:
        return []
    invite, method = calendar.addressed(invite, address)
    return [("event.ics", invite, f"text/calendar; method={method}")]


def _facts(event: PublicEvent, only: PublicShift | None) -> Iterator[tuple[str, str]]:
    for shift in [only] if only else event.shifts:
        yield _("When"), shown_span(shift.starts_at, shift.ends_at, event.time_zone)
    if event.online:
        yield _("Where"), event.online_url or _("online; the link comes with your confirmation")
    else:
        yield _("Where"), calendar.address(event.place)
        if not event.place.exact:
            yield "", _("Those who come get the exact place.")
    if event.accessibility:
        yield _("Accessibility"), event.accessibility


def _greeting(person: Person) -> str:
    name = person.given_name
    if name and re.fullmatch(r"[^\W\d_][^\W\d_'’ -]*(?:['’ -][^\W\d_'’ -]+){0,2}", name) and len(name) <= 30:
        return _("Hello %(name)s,") % {"name": name}
    return _("Hello,")


@contextmanager
def _language_of(person: Person) -> Iterator[str]:
    chosen = movement().languages
    language = person.language if person.language in chosen else chosen[0]
    with translation.override(language):
        yield language
