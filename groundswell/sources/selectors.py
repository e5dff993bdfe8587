"""Reads of this floor."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db.models import Count, Max, Q

from groundswell.people.models import Person
from groundswell.sources import rules
from groundswell.sources.models import Source, Touch


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A source with how many deeds came through it."""

    source: Source
    touches: int
    last_at: datetime | None


def sharer_code(person: Person) -> str:
    """The code on this person's share links. Made of their id and our secret: nothing is read or written."""
    own = hmac.digest(settings.SECRET_KEY.encode(), f"sharer {person.pk}".encode(), sha256)
    return rules.new_sharer_code(settings.SECRET_KEY, own)


def busiest(limit: int = 100) -> list[Arrivals]:
    """Links of ours and codes of unknown origin, those through which most came first. Sharers' are not among them."""
    sources = Source.objects.exclude(kind=Source.Kind.SHARER)
    counted = sources.annotate(touched=Count("touches"), last_at=Max("touches__at"))
    return [Arrivals(row, row.touched, row.last_at) for row in counted.order_by("-touched", "-added_at")[:limit]]


def shared() -> int:
    """How many deeds came through people who shared."""
    return Touch.objects.filter(source__kind=Source.Kind.SHARER).count()


def touches_of(person: Person, limit: int = 20) -> list[Touch]:
    """Where a person's deeds came from, newest first."""
    return list(Touch.objects.filter(person=person).select_related("source__person").order_by("-at", "-id")[:limit])


def brought_by(person: Person) -> int:
    """How many deeds of others came through this person's share links."""
    own = Q(source__person=person) | Q(source__code=sharer_code(person))  # the latter may not be tied to them yet
    return Touch.objects.filter(own).exclude(person=person).count()
