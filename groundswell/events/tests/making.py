"""Events for tests, made through the doors."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from groundswell.events import services
from groundswell.events.models import Event
from groundswell.events.rules import EventDetails, ShiftDetails
from groundswell.kit import clock
from groundswell.ledger.rules import person_actor, system_actor
from groundswell.people.rules import NewPerson
from groundswell.people.services import find_or_add

TEST = system_actor("test")
PLACE = ZoneInfo("America/New_York")


def at(days: float = 3, hour: int = 19) -> datetime:
    """An hour of a day to come, on the clock of the place, where today is not always what it is in UTC."""
    day = clock.now().astimezone(PLACE) + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour)


def shift(capacity=None, *, days=3, hour=19, hours=2, **more):
    return ShiftDetails(at(days, hour), at(days, hour) + timedelta(hours=hours), capacity, **more)


def details(**changed) -> EventDetails:
    return EventDetails(
        **{"title": "House party", "type": "house_party", "postal_code": "05401", "shifts": [shift()], **changed}
    )


def person(name: str):
    return find_or_add(
        NewPerson(given_name=name.title(), email=f"{name.lower()}@example.org", postal_code="05401"), how="test"
    ).person


def who(name: str) -> NewPerson:
    return NewPerson(given_name=name.title(), email=f"{name.lower()}@example.org")


def draft(host=None, **changed) -> Event:
    host = host or person("alice")
    return services.create(host, details(**changed), actor=person_actor(host.pk))


def published(host=None, **changed) -> Event:
    event = services.confirm(draft(host, **changed))
    return services.publish(event, TEST) if event.state == "waiting" else event


def first(event: Event):
    return event.shifts.order_by("starts_at").first()


def ago(event: Event, **since) -> Event:
    """The event as it is once so much time has passed."""
    from django.db import connection

    with connection.cursor() as cursor:
        back = timedelta(**since)
        cursor.execute(
            "UPDATE events_shift SET starts_at = starts_at - %s, ends_at = ends_at - %s WHERE event_id = %s",
            [back, back, event.pk],
        )
        cursor.execute(
            "UPDATE events_event SET starts_at = starts_at - %s, ends_at = ends_at - %s WHERE id = %s",
            [back, back, event.pk],
        )
    event.refresh_from_db()
    return event
