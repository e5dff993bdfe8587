"""What people answered, conversation by conversation."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db.models import QuerySet

from groundswell.messaging.models import Answer, Delivery
from groundswell.messaging.notes import subject_of
from groundswell.people.models import Person
from groundswell.powers.hooks import display_name

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Said:
    """One mail of it; `by`: who of us wrote it, empty where it came from them."""

    id: UUID
    text: str
    at: datetime
    ours: bool
    by: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One person's conversation with us: what came and what we wrote back, the oldest first."""

    person: Person | None
    subject: str
    said: list[Said]

    @property
    def last(self) -> Said | None:
        """What they wrote last: it is this that one answers."""
        return next((one for one in reversed(self.said) if not one.ours), None)

    @property
    def waits(self) -> bool:
        """Whether nobody has answered them yet."""
        return not self.said[-1].ours


def threads(about: str, people: QuerySet[Person] | None = None) -> list[Thread]:
    """The conversations about one thing: those that wait first, and of those whoever waits longest.

    Args:
        about: as of `Answer`.
        people: only with these; None: with all.
    """
    answers = Answer.objects.filter(about=about)
    if people is not None:
        answers = answers.filter(delivery__person__in=people)
    newest = answers.filter(ours=False).order_by("-at").values_list("delivery_id", flat=True)
    roots = list(dict.fromkeys(newest[: SHOWN * 4]))[:SHOWN]
    kept = answers.filter(delivery__in=roots).select_related("by").order_by("delivery_id", "at", "pk")
    copies = Delivery.objects.select_related("person", "subject_line").in_bulk(roots)
    found = [_thread(copies[root], list(said)) for root, said in groupby(kept, key=_root)]
    return sorted(found, key=lambda thread: (not thread.waits, thread.said[-1].at))


def count(about: str) -> int:
    """How many answers came."""
    return Answer.objects.filter(about=about, ours=False).count()


def _root(answer: Answer) -> UUID:
    return answer.delivery_id


def _thread(copy: Delivery, said: list[Answer]) -> Thread:
    return Thread(copy.person, subject_of(copy), [_said(answer) for answer in said])


def _said(answer: Answer) -> Said:
    return Said(answer.pk, answer.text, answer.at, answer.ours, display_name(answer.by) if answer.by else "")
