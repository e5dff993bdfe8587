"""The same event on other days, at the same hours of the clock on its wall."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from groundswell.events import mails, selectors
from groundswell.events.models import Event
from groundswell.events.rules import Invalid, Refused
from groundswell.events.services.hosting import add_host, create, locked
from groundswell.events.services.reminding import set_reminders
from groundswell.events.services.routing import overbook
from groundswell.events.services.telling import TOLD_TOGETHER
from groundswell.kit import clock
from groundswell.ledger import selectors as ledger
from groundswell.ledger.services import record
from groundswell.messaging.services import queue_many
from groundswell.people.selectors import email_of

KIND = "event.copied"
MOST_DAYS = 20
WEEK = timedelta(days=7)


def first_day(event: Event) -> date:
    """The day of the event, where it is."""
    return event.starts_at.astimezone(ZoneInfo(event.time_zone)).date()


def next_day(event: Event) -> date:
    """The same weekday, of the first week after the event that is still to come."""
    day, today = first_day(event), clock.now().astimezone(ZoneInfo(event.time_zone)).date()
    return day + WEEK * max(1, (today - day) // WEEK + 1)


def copies(event: Event) -> list[Event]:
    """What was made of it by `copy`, the soonest first."""
    made = [UUID(entry.data["copy"]) for entry in ledger.of_subject(event.pk, kinds=[KIND])]
    return sorted(selectors.loaded(made).values(), key=lambda one: (one.starts_at, one.pk))


def copy(event: Event, days: Sequence[date], actor: str) -> list[Event]:
    """Make the event once more for each of these days: all it says, its hours, its hosts, how it overbooks. It is
    reviewed as any other. Its lead gets one mail that lists the new ones.

    A day for which there is a copy already gets no second one: pressing twice is as pressing once.

    Returns:
        The new ones.

    Raises:
        Invalid: `day` or `times`, with the day where the hours of one cannot be; none is made then.
        Refused: nobody confirmed the address of who made the event.
    """
    if not 1 <= len(days) <= MOST_DAYS:
        raise Invalid({"times": _("Choose 1 to %(most)d dates.") % {"most": MOST_DAYS}})
    with transaction.atomic():
        event = locked(event)
        if event.confirmed_at is None:
            raise Refused(_("First confirm your email address: press the link we sent you."))
        taken = {first_day(one) for one in copies(event) if one.state != Event.State.CANCELLED} | {first_day(event)}
        made = [_copy(event, day, actor) for day in days if day not in taken]
        if made and not actor.startswith("system:"):
            _tell(event, made)
        return made


def _tell(event: Event, made: Sequence[Event]) -> None:
    """One mail that lists all of them, instead of one for each."""
    lead = selectors.hosts_of(event)[0].person
    if address := email_of(lead):
        shown = [selectors.shown(one, exact=True) for one in selectors.loaded(one.pk for one in made).values()]
        queue_many([mails.message(f"{KIND}:{made[0].pk}", lead, address, lambda: mails.copied(shown))])


def _copy(event: Event, day: date, actor: str) -> Event:
    later = day - first_day(event)
    said = selectors.details_of(event)
    shifts = [replace(s, id=None, starts_at=s.starts_at + later, ends_at=s.ends_at + later) for s in said.shifts]
    lead, *others = selectors.hosts_of(event)
    again = replace(
        said,
        description=event.description,  # its links and lists are not in the text of a form
        shifts=shifts,
        latitude=event.latitude,
        longitude=event.longitude,
    )
    try:
        made = create(lead.person, again, actor=actor)
    except Invalid as invalid:
        shown = date_format(day, pgettext("date format", "l, F j, Y"))
        raise Invalid({"day": f"{shown}: {invalid}"}) from None
    if event.overbook:
        made = overbook(made, event.overbook, actor)
    if made.reminders != event.reminders:
        made = set_reminders(made, event.reminders, actor)
    for host in others:
        add_host(made, host.person, actor)
    record(KIND, actor=actor, on=("event", event.pk), data={"copy": str(made.pk)})
    record(TOLD_TOGETHER, actor=actor, on=("event", made.pk), data={"of": str(event.pk)})
    return made
