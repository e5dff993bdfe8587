"""Reading deliveries, for HQ."""

from datetime import datetime

from django.db.models import Count, QuerySet

from groundswell.messaging.models import Delivery
from groundswell.people.models import Person


def states(since: datetime) -> dict[str, int]:
    """How many deliveries that were queued since then are in each state."""
    counted = Delivery.objects.filter(queued_at__gte=since).order_by().values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(Delivery.State.values, 0) | dict(counted)


def of_person(person: Person, limit: int = 50) -> QuerySet[Delivery]:
    """What we sent to a person, the newest first."""
    return Delivery.objects.filter(person=person).order_by("-queued_at")[:limit]
