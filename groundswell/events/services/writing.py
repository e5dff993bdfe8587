"""What a host writes to the guests: a few mails a day, once to each of them, only to people who said so themselves.

Who walked in is not written to: their address is one that the host typed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.events import mails, rules, selectors, verbs
from groundswell.events.mails import Letter
from groundswell.events.models import RSVP, Event
from groundswell.events.rules import Invalid, Refused
from groundswell.events.services.hosting import locked
from groundswell.events.services.telling import BATCH, FRESH
from groundswell.jobs import services as jobs
from groundswell.kit import clock
from groundswell.kit.text import clean_line
from groundswell.ledger import selectors as ledger
from groundswell.ledger.models import Entry
from groundswell.ledger.services import record
from groundswell.messaging.services import Message
from groundswell.messaging.services.own import write_to
from groundswell.people.selectors import reached_by
from groundswell.powers.models import User
from groundswell.powers.rules import Refused as PowerRefused
from groundswell.powers.services import spend

KIND = "event.host_message"
JOB = "events.write_to_guests"
MOST_A_DAY = 3
DAY = timedelta(days=1)
LONGEST_SUBJECT = 120
LONGEST_TEXT = 3_000
READERS: dict[str, dict[str, Any]] = {  # who may be written to, of those who said something themselves
    "going": {"state": RSVP.State.GOING},
    "waiting": {"state": RSVP.State.WAITING},
    "came": {"attended": True},
    "missed": {"attended": False},
}


def about(event_id: UUID) -> str:
    """The purpose of what hosts write to the guests of an event: guests may take it back."""
    return f"event:{event_id.hex}"


def readers(event: Event, to: str) -> list[RSVP]:
    """One RSVP of everybody of `READERS[to]` whom mail reaches: the next one that is not over, else the last."""
    words = RSVP.objects.filter(**READERS[to], shift__event=event).exclude(state=RSVP.State.WALK_IN)
    now = clock.now()
    of_each: dict[UUID, RSVP] = {}
    for rsvp in words.select_related("person", "shift").order_by("-shift__starts_at", "pk"):
        if rsvp.shift.ends_at > now or rsvp.person_id not in of_each:
            of_each[rsvp.person_id] = rsvp
    reached = reached_by(rsvp.person for rsvp in of_each.values())
    return sorted(
        (rsvp for rsvp in of_each.values() if "email" in reached.get(rsvp.person_id, {})), key=lambda rsvp: rsvp.pk
    )


def written(event: Event, limit: int = 20) -> list[Entry]:
    """What was written so far, the newest first: when, by whom, to how many."""
    return ledger.of_subject(event.pk, limit, kinds=[KIND])


def check(subject: str, text: str) -> tuple[str, str]:
    """Subject and text, cleaned. Raises Invalid."""
    problems = {}
    subject = clean_line(subject)
    text = "\n".join(map(clean_line, text.strip().splitlines()))
    for name, value, longest in (("subject", subject, LONGEST_SUBJECT), ("text", text, LONGEST_TEXT)):
        if not value:
            problems[name] = _("Write something here.")
        elif len(value) > longest:
            problems[name] = _("Use at most %(most)d characters; this has %(n)d.") % {"most": longest, "n": len(value)}
    if problems:
        raise Invalid(problems)
    return subject, text


def write(
    event: Event,
    to: str,
    subject: str,
    text: str,
    *,
    by: str,
    actor: str,
    reply_to: str = "",
    staff: User | None = None,
) -> int:
    """Write to the guests; a job makes the mails.

    Args:
        to: a key of `READERS`.
        by: what the host is called.
        reply_to: where answers go if none come in to us; empty: nobody is to answer.
        staff: who writes though they do not host it: each reader is counted in their power.

    Returns:
        To how many people.

    Raises:
        Invalid: `subject` or `text`.
        Refused: the event is not published or over for long, the day's messages are used up, nobody is there, or
            staff may not write to so many.
    """
    subject, text = check(subject, text)
    with transaction.atomic():
        event = locked(event)
        check_may_write(event)
        if not (found := readers(event, to)):
            raise Refused(_("There is nobody to write to."))
        if staff:
            try:
                spend(staff, verbs.WRITE, event.scope, len(found))
            except PowerRefused as refused:
                raise Refused(str(refused)) from None
        entry = record(KIND, actor=actor, on=("event", event.pk), quantity=len(found), data={"to": to})
        jobs.enqueue(
            JOB,
            entry=entry,
            written=clock.now().isoformat(),
            event_id=str(event.pk),
            to=to,
            letter={"subject": subject, "text": text, "by": by, "reply_to": reply_to},
        )
        return len(found)


def check_may_write(event: Event) -> None:
    """Raises Refused with the reason why nothing can be written now."""
    now = clock.now()
    if event.state != Event.State.PUBLISHED:
        raise Refused(_("You can write to your guests while the event is published."))
    if not rules.contacts_shown(event.ends_at, now):
        raise Refused(_("The event is over for more than a week: its guests are not written to any more."))
    last = written(event, MOST_A_DAY)
    if len(last) == MOST_A_DAY and last[-1].at > now - DAY:
        hours = -(-(last[-1].at + DAY - now) // timedelta(hours=1))
        raise Refused(
            _("This event’s guests got %(most)d messages within a day. Write again in %(hours)d h, or call.")
            % {"most": MOST_A_DAY, "hours": hours}
        )


def deliver(lease: jobs.Lease, *, entry: int, written: str, event_id: str, to: str, letter: dict[str, str]) -> None:
    """Queue the mails in batches that commit: run again at any point, it writes to nobody twice.

    Of an event that was called off or sent back meanwhile, and later than a day after, it writes to nobody.
    """
    event = selectors.loaded([UUID(event_id)]).get(UUID(event_id))
    if event is None or event.state != Event.State.PUBLISHED:
        return
    if datetime.fromisoformat(written) < clock.now() - FRESH:
        return
    found = readers(event, to)
    reached = reached_by(rsvp.person for rsvp in found)
    for start in range(0, len(found), BATCH):
        with lease.transaction():
            write_to(
                about(event.pk),
                [
                    partial(_message, f"{KIND}:{entry}", rsvp, event, to, reached[rsvp.person_id]["email"], letter)
                    for rsvp in found[start : start + BATCH]
                ],
            )


def _message(key: str, rsvp: RSVP, event: Event, to: str, address: str, letter: dict[str, str], leave: str) -> Message:
    written = letter_to(rsvp, event, to, leave=leave, **letter)
    return mails.message(f"{key}:{rsvp.person_id}", rsvp.person, address, written)


def letter_to(
    rsvp: RSVP, event: Event, to: str, *, subject: str, text: str, by: str, reply_to: str, leave: str = ""
) -> Callable[[], Letter]:
    """The letter as this guest gets it; the exact place only for those who come. `leave`: where they end these."""
    shown = selectors.shown(event, exact=rsvp.state == RSVP.State.GOING)
    words = {"subject": subject, "text": text, "by": by, "reply_to": reply_to, "leave": leave}
    return lambda: mails.from_host(rsvp, shown, to=to, **words)
