"""For those who run events: the gate, their lists, who comes."""

from functools import reduce
from operator import or_
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from groundswell.events import rules, verbs
from groundswell.events.models import RSVP, Event, Host
from groundswell.events.rules import EventDetails, ShiftDetails
from groundswell.events.selectors.showing import HOSTS, with_shifts
from groundswell.kit import clock
from groundswell.ledger import selectors as ledger
from groundswell.ledger.rules import person_actor
from groundswell.messaging.hooks import Own
from groundswell.people.models import Person
from groundswell.people.selectors import NotFound, display_name
from groundswell.powers.models import User
from groundswell.powers.rules import covers
from groundswell.powers.viewer import Viewer


def access_event(viewer: Viewer, event_id: UUID, verb: str = verbs.CHANGE) -> Event:
    """The event, for its hosts and for whoever holds the verb over its scope; a review is not for its hosts. Who has
    used the power up still looks: the service refuses with a sentence.

    Raises:
        NotFound: also when it exists and is out of reach.
    """
    event = Event.objects.filter(pk=event_id).first()
    if event is None or viewer.user is None:
        raise NotFound
    hosting = verb != verbs.REVIEW and Host.objects.filter(event=event, person__user=viewer.user).exists()
    if not hosting and not any(covers(scope, event.scope) for scope in viewer.scopes(verb)):
        raise NotFound
    return event


def review_queue(viewer: Viewer) -> QuerySet[Event]:
    """Events that wait for review where the viewer may review, the longest waiting first."""
    scopes = viewer.scopes(verbs.REVIEW)
    if not scopes:
        return Event.objects.none()
    within = reduce(or_, (Q(scope__within=scope) for scope in scopes))
    waiting = Event.objects.filter(within, state=Event.State.WAITING, ends_at__gt=clock.now())
    return with_shifts(waiting).prefetch_related(HOSTS).order_by("created_at")


def hosted_by(person: Person) -> QuerySet[Event]:
    """Events the person hosts, the newest first, with shifts."""
    return with_shifts(Event.objects.filter(host_set__person=person)).order_by("-starts_at")


def asked_to_lead(person: Person) -> set[UUID]:
    """Events that would be handed over to the person, who has not answered yet."""
    return set(Host.objects.filter(person=person, asked_at__isnull=False).values_list("event_id", flat=True))


def hosts_of(event: Event) -> QuerySet[Host]:
    """The lead first, with persons."""
    return event.host_set.select_related("person").order_by("-lead", "at", "pk")


def is_actor(person: Person, actor: str) -> bool:
    """Whether the actor of an entry is this person."""
    return actor in (person_actor(person.pk), f"user:{person.user_id}")


def changed_by(event: Event) -> str:
    """Who changed what it says last, as they are called; empty where that is not known."""
    for entry in ledger.of_subject(event.pk, 1, kinds=["event.changed"]):
        kind, _colon, key = entry.actor.partition(":")
        user = User.objects.filter(pk=key).first() if kind == "user" else None
        return display_name(user) if user else ""
    return ""


def callers(event: Event) -> dict[UUID, str]:
    """Who called each guest last, as they are called: {RSVP's id: name}."""
    calls = reversed(ledger.of_subject(event.pk, 1_000, kinds=["event.called"]))
    last = {UUID(entry.data["rsvp"]): entry.actor for entry in calls}
    users = {UUID(actor.removeprefix("user:")) for actor in last.values() if actor.startswith("user:")}
    people = Person.objects.filter(user__in=users) if users else ()
    names = {f"user:{person.user_id}": person.given_name for person in people}
    return {rsvp: names.get(actor, "") for rsvp, actor in last.items()}


def guest_list(event: Event) -> QuerySet[RSVP]:
    """Who comes, who waits and who cancelled, shift by shift in order of joining, with persons. For those who passed
    the gate."""
    return (
        RSVP.objects.filter(shift__event=event)
        .select_related("person", "shift")
        .order_by("shift__starts_at", "shift_id", "state", "at", "pk")
    )


def details_of(event: Event) -> EventDetails:
    """What the host said, as a form shows it: times on the event's own clock, the description as plain text."""
    zone = ZoneInfo(event.time_zone)
    fields = {
        name: getattr(event, name)
        for name in EventDetails.__dataclass_fields__
        if name not in ("shifts", "description", "latitude", "longitude")
    }
    shifts = [
        ShiftDetails(
            starts_at=shift.starts_at.astimezone(zone).replace(tzinfo=None),
            ends_at=shift.ends_at.astimezone(zone).replace(tzinfo=None),
            capacity=shift.capacity,
            id=shift.pk,
        )
        for shift in event.shifts.order_by("starts_at", "pk")
    ]
    return EventDetails(**fields, description=rules.plain(event.description), shifts=shifts)


# --- what hosts write to their guests ------------------------------------------------------------------------------
def _own_name(event_id: UUID) -> str:
    title = Event.objects.filter(pk=event_id).values_list("title", flat=True).first()
    return _("messages from the host of “%(title)s”") % {"title": title or ""}


def _own_page(event_id: UUID) -> str:
    return reverse("events:answers", args=[event_id])


def _own_writers(event_id: UUID) -> list[Person]:
    return list(Person.objects.filter(host_set__event=event_id, user__isnull=False).order_by("pk"))


OWN = Own(_own_name, _own_writers, _own_page)
