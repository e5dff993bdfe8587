"""What we write to guests and hosts: one function a letter. Text and simple HTML, in the reader's language.

A letter that anybody can cause by writing an address into a form repeats nothing they wrote: neither a title nor a
name that looks like an advertisement reaches a stranger that way.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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
from groundswell.kit import geo
from groundswell.kit.templatetags.kit import shown_span
from groundswell.messaging.services import Message
from groundswell.people.models import Person
from groundswell.powers.movement import movement

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


def message(key: str, person: Person, address: str, letter_of: Callable[[], Letter]) -> Message:
    """A letter as mail, in the language of who reads it."""
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
            attachments=[*_attached(letter.invite), *_attached(letter.gone)],
            notice=letter.notice,
            reply_to=letter.reply_to,
            unsubscribe=letter.unsubscribe,
            purpose=letter.purpose,
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
    return Letter(
        _("You’re coming: %(title)s") % {"title": event.title},
        [_come(rsvp), _("Something came up? Cancel with one press, so that somebody else gets the place.")],
        [(_("Change or cancel"), manage_url(rsvp)), (_("Bring a friend with this link"), share_url)],
        event,
        _shift_of(rsvp, event),
        _invite(rsvp, event),
        code=_code(rsvp, event),
    )


def waiting(rsvp: RSVP, event: PublicEvent) -> Letter:
    """They wait for a place."""
    return Letter(
        _("You’re on the waiting list: %(title)s") % {"title": event.title},
        [_("Every place is taken for now. As soon as one is free for you, you have it and we write to you.")],
        [(_("Change or cancel"), manage_url(rsvp))],
        event,
        _shift_of(rsvp, event),
    )


def promoted(rsvp: RSVP, event: PublicEvent, share_url: str) -> Letter:
    """They have a place after all."""
    return Letter(
        _("You have a place: %(title)s") % {"title": event.title},
        [_("A place is free, and it is yours."), _come(rsvp)],
        [(_("Change or cancel"), manage_url(rsvp)), (_("Bring a friend with this link"), share_url)],
        event,
        _shift_of(rsvp, event),
        _invite(rsvp, event),
        notice=True,
        code=_code(rsvp, event),
    )


def not_coming(rsvp: RSVP, event: PublicEvent) -> Letter:
    """They took it back."""
    return Letter(
        _("You’re not coming any more: %(title)s") % {"title": event.title},
        [_("The host’s list is up to date. If you can come after all, say so on the event’s page.")],
        [(_("The event’s page"), event_url(event.id))],
        event,
        _shift_of(rsvp, event),
        calendar.file(event, shifts=[rsvp.shift_id], gone=True),
    )


def called_off(rsvp: RSVP, event: PublicEvent, words: str, near: Sequence[FoundEvent]) -> Letter:
    """The event does not happen: what its host says to that in their own `words`, and where there is room instead."""
    room = [
        _("There is room: %(title)s, %(when)s")
        % {"title": one.title, "when": shown_span(one.starts_at, one.ends_at, one.time_zone)}
        for one in near
    ]
    return Letter(
        _("Called off: %(title)s") % {"title": event.title},
        [
            _("This event is called off. You need not do anything. We are sorry."),
            *([_("Your host writes:"), *filter(None, map(str.strip, words.split("\n\n")))] if words else []),
        ],
        [
            *zip(room, (event_url(one.id) for one in near), strict=True),
            (_("Find another event"), _find_url(event)),
        ],
        event,
        _shift_of(rsvp, event),
        _invite(rsvp, event),
        notice=True,
    )


def changed(rsvp: RSVP, event: PublicEvent) -> Letter:
    """Time or place are others now."""
    return Letter(
        _("Changed: %(title)s") % {"title": event.title},
        [_("The host changed when or where this event is. Below is what holds now.")],
        [(_("Change or cancel"), manage_url(rsvp))],
        event,
        _shift_of(rsvp, event),
        _invite(rsvp, event),
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
    about = {
        "old": before.title,
        "new": event.title,
        "hosts": get_text_list(event.hosts, _("and")),
        "when": shown_span(shift.starts_at, shift.ends_at, before.time_zone),
        "where": _("online") if before.online else calendar.address(before.place),
    }
    return Letter(
        _("Together with others: %(title)s") % {"title": event.title},
        [
            _("“%(old)s” and “%(new)s” become one event: few had said they come, and together you are more.") % about,
            _("You have a place there, too. Below is when and where it is."),
            *([_("%(hosts)s will be there for you.") % about] if event.hosts else []),
            _("It was to be %(when)s, %(where)s. Nobody will be there then.") % about,
            _("Does the new one suit you? One press says so, and another gives your place to somebody else."),
        ],
        [(_("I come"), manage_url(rsvp)), (_("I can’t come"), manage_url(rsvp) + "#cannot")],
        event,
        _shift_of(rsvp, event),
        _invite(rsvp, event),
        notice=True,
        why=_said_so(before),
        code=_code(rsvp, event),
        gone=calendar.file(before, shifts=[shift_id], gone=True),
    )


def merged_where_known(rsvp: RSVP, event: PublicEvent, before: PublicEvent, *, coming: bool) -> Letter:
    """What they said they would come to goes together with an event of which they said something before."""
    about = {"old": before.title, "new": event.title}
    if coming:
        then = _("You said before that you come to the other one, too, so you need not do anything.")
    else:
        then = _("You said before that you cannot come to the other one. If you can after all, say so on its page.")
    return Letter(
        _("Called off: %(title)s") % {"title": before.title},
        [_("“%(old)s” and “%(new)s” become one event: few had said they come.") % about, then],
        [(_("The event’s page"), event_url(event.id))],
        notice=True,
        why=_said_so(before),
        gone=calendar.file(before, shifts=[rsvp.shift_id], gone=True),
    )


# --- to hosts ------------------------------------------------------------------------------------------------------
def confirm(event: Event) -> Letter:
    """They made an event; is the address theirs?"""
    name = movement().name
    return Letter(
        _("Confirm your event with %(name)s") % {"name": name},
        [
            _("You started an event with %(name)s. One press, and it goes on its way.") % {"name": name},
            _("If it was not you, do nothing: without the press nothing happens."),
        ],
        [(_("Confirm my event"), settings.BASE_URL + reverse("events:confirm", args=[links.confirm_token(event)]))],
    )


def submitted(event: PublicEvent) -> Letter:
    """It waits for review."""
    return Letter(
        _("We have your event: %(title)s") % {"title": event.title},
        [_("Somebody reads each host’s first event before it is listed. We write to you when that is done.")],
        [(_("Change the event"), edit_url(event))],
        event,
    )


def published(event: PublicEvent, share_url: str) -> Letter:
    """It is on the map."""
    return Letter(
        _("Your event is on the map: %(title)s") % {"title": event.title},
        [_("Thank you for hosting. Now invite people: most come because somebody they know asked them.")],
        [(_("Your link to share"), share_url), (_("Change the event, see who comes"), edit_url(event))],
        event,
        invite=calendar.file(event),
        notice=True,
    )


def copied(events: Sequence[PublicEvent]) -> Letter:
    """They are to happen again, on these days."""
    first, n = events[0], len(events)
    said = ngettext("%(n)d new event: %(title)s", "%(n)d new events: %(title)s", n) % {"n": n, "title": first.title}
    on_the_map = all(event.state == Event.State.PUBLISHED for event in events)
    days = [(shown_span(one.starts_at, one.ends_at, one.time_zone), edit_url(one)) for one in events]
    return Letter(
        said,
        [
            _("They are on the map. Press a date to change that one, or to see who comes.")
            if on_the_map
            else _("Somebody reads them before they are listed. We write to you when that is done.")
        ],
        days,
        notice=True,
        why=_("You get this because you host this event with %(name)s.") % {"name": movement().name},
    )


def sent_back(event: PublicEvent, note: str) -> Letter:
    """The reviewer wants something changed."""
    return Letter(
        _("Please change something: %(title)s") % {"title": event.title},
        [_("Somebody read your event and asks you to change something before it is listed:"), note],
        [(_("Change the event"), edit_url(event))],
        event,
        notice=True,
    )


def called_off_to_host(event: PublicEvent) -> Letter:
    """Somebody else cancelled it."""
    return Letter(
        _("Called off: %(title)s") % {"title": event.title},
        [_("Your event was called off. Everybody who was coming is told.")],
        [(_("The event’s page"), event_url(event.id))],
        event,
        invite=calendar.file(event),
        notice=True,
    )


def lead_asked(event: PublicEvent, _name: str) -> Letter:
    """Who leads it would hand it over to them."""
    return Letter(
        _("Will you lead it? %(title)s") % {"title": event.title},
        [
            _("Whoever leads this event asks you to take it over. You would decide who runs it with you."),
            _("Nothing changes until you say yes on its page."),
        ],
        [(_("See and answer"), settings.BASE_URL + reverse("events:hand_over", args=[event.id]))],
        event,
        notice=True,
    )


def lead_taken(event: PublicEvent, name: str) -> Letter:
    """Another one leads it now."""
    about = {"name": name, "title": event.title}
    return Letter(
        _("%(name)s leads it now: %(title)s") % about,
        [_("%(name)s took the event over. You run it with them until you leave it on its page.") % about],
        [(_("Change the event, see who comes"), edit_url(event))],
        event,
        notice=True,
    )


def lead_declined(event: PublicEvent, name: str) -> Letter:
    """They would rather not lead it."""
    about = {"name": name, "title": event.title}
    return Letter(
        _("You still lead it: %(title)s") % about,
        [_("%(name)s would rather not take the event over. You can ask somebody else.") % about],
        [(_("The event’s hosts"), edit_url(event) + "#hosts")],
        notice=True,
    )


def taken_off(event: Event) -> Letter:
    """They do not run it any more: of when and where it says nothing."""
    return Letter(
        _("You do not host it any more: %(title)s") % {"title": event.title},
        [_("Whoever leads this event took you off its hosts. If you did not expect that, ask them.")],
        notice=True,
    )


def merge_proposed(event: PublicEvent, into: PublicEvent, places: int, *, joins: bool) -> Letter:
    """The hosts of a neighbor would bring their guests."""
    ask = _("The host of “%(title)s” expects few people and asks whether they may come to yours.")
    bring = ngettext(
        "The host of “%(title)s” expects few people and asks whether yours may take in %(n)d person.",
        "The host of “%(title)s” expects few people and asks whether yours may take in %(n)d people.",
        places,
    )
    return Letter(
        _("Together? %(title)s") % {"title": into.title},
        [
            (bring if places else ask) % {"title": event.title, "n": places},
            *([_("They would like to run it with you.")] if joins else []),
            _("There is room for all of them. Say yes or no on the page: nothing happens without you."),
        ],
        [(_("See and answer"), merge_url(into)), (_("Their event"), event_url(event.id))],
        event,
        notice=True,
    )


def merge_declined(event: PublicEvent, into: PublicEvent) -> Letter:
    """They would rather not."""
    return Letter(
        _("Not together: %(title)s") % {"title": event.title},
        [
            _("The hosts of “%(title)s” would rather keep it as it is. Your event stays as it was.")
            % {"title": into.title}
        ],
        [(_("See what you can do"), fill_url(event))],
        notice=True,
    )


def took_in(event: PublicEvent, into: PublicEvent, places: int) -> Letter:
    """More people come, from a neighbor."""
    more = ngettext(
        "%(n)d person of “%(title)s” has a place at your event from now on, and was told by mail.",
        "%(n)d people of “%(title)s” have a place at your event from now on, and were told by mail.",
        places,
    )
    return Letter(
        _("You are more now: %(title)s") % {"title": into.title},
        [more % {"n": places, "title": event.title}],
        [(_("See who comes"), settings.BASE_URL + reverse("events:desk", args=[into.id]))],
        into,
        notice=True,
    )


def merged_away(event: PublicEvent, into: PublicEvent, places: int, *, runs: bool) -> Letter:
    """Their guests have a place elsewhere; with `runs` whoever led it runs that, too."""
    about = {"new": into.title, "old": event.title}
    moved = _("Your guests have a place at “%(new)s” and were told by mail. “%(old)s” is called off.")
    empty = _("“%(old)s” is called off. Whoever finds its page is led to “%(new)s”.")
    return Letter(
        _("Together with others: %(title)s") % {"title": into.title},
        [
            (moved if places else empty) % about,
            *([_("Whoever led it runs the other one, too, from now on.")] if runs else []),
        ],
        [(_("The event’s page"), event_url(into.id))],
        into,
        notice=True,
    )


def thin(event: PublicEvent) -> Letter:
    """Few will come."""
    return Letter(
        _("A few more people? %(title)s") % {"title": event.title},
        [
            _("Your event is soon, and few have said so far that they come. That happens to many."),
            _("One press invites the people who live near. You can also go together with neighbors, or move it."),
        ],
        [(_("See what you can do"), fill_url(event))],
        event,
        notice=True,
    )


# --- to people nearby ----------------------------------------------------------------------------------------------
def invited(person: Person, event: PublicEvent) -> Letter:
    """There is an event near them with room."""
    url = settings.BASE_URL + reverse("events:no_more", args=[links.no_more_token(person)])
    return Letter(
        _("Near you: %(title)s") % {"title": event.title},
        [_("Neighbors of yours meet, and there is room for you.")],
        [(_("See the event"), event_url(event.id)), (_("No more of these"), url)],
        event,
        why=_("You get this because you agreed to hear of events near you from %(name)s. The last link ends that.")
        % {"name": movement().name},
        unsubscribe=url,
        purpose="events",
    )


# --- parts ---------------------------------------------------------------------------------------------------------
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
    return calendar.file(event, shifts=[rsvp.shift_id])


def _attached(invite: str) -> list[Attachment]:
    if not invite:
        return []
    method = "CANCEL" if "METHOD:CANCEL" in invite else "PUBLISH"
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
