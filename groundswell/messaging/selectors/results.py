"""How a mailing goes and how it did: what became of its copies, and what came back. One statement each."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from groundswell.kit import clock
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery, Mailing, Signal, Subject
from groundswell.messaging.rules import Share
from groundswell.people.selectors import access_people
from groundswell.powers.viewer import Viewer

State = Delivery.State
SHOWN = 50
RATE_OF = timedelta(minutes=1)
MANY = 20_000  # copies: counting these takes a moment
_kept: dict[UUID, tuple[float, "Progress"]] = {}


# --- how it goes ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Progress:
    """What became of the copies.

    Attributes:
        states: how many in each state; all of them together are the audience, as far as it is frozen.
        left_out: the suppressed ones by the code of the reason.
        per_minute: that were sent in the last minute.
        every_s: how often it is worth looking again.
    """

    states: dict[str, int]
    left_out: dict[str, int] = field(default_factory=dict)
    per_minute: int = 0
    every_s: int = 2

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def done(self) -> int:
        return self.total - self.states[State.QUEUED] - self.states[State.SENDING]

    @property
    def minutes_left(self) -> int | None:
        """At the pace of the last minute, rounded up; None: it stands still."""
        return -(-(self.total - self.done) // self.per_minute) if self.per_minute else None


# Two indexes hold the rows of a mailing: with an address, and without.
_STATES = """
SELECT state, why, count(*), sum(lately) FROM (
    SELECT state, CASE WHEN state = 'suppressed' THEN problem ELSE '' END AS why,
           CASE WHEN state = 'sent' AND moved_at > %(since)s THEN 1 ELSE 0 END AS lately
    FROM messaging_delivery WHERE mailing_id = %(mailing)s AND address <> ''
    UNION ALL
    SELECT state, CASE WHEN state = 'suppressed' THEN problem ELSE '' END, 0
    FROM messaging_delivery WHERE mailing_id = %(mailing)s AND address = ''
) copies GROUP BY state, why
"""


def progress(mailing: Mailing) -> Progress:
    """How far it is. Of a large mailing it is counted by each process every few seconds, however many look."""
    known = _kept.get(mailing.pk)
    if known and time.monotonic() < known[0]:
        return known[1]
    with connection.cursor() as cursor:
        cursor.execute(_STATES, {"mailing": mailing.pk, "since": clock.now() - RATE_OF})
        rows = cursor.fetchall()
    states, left_out = dict.fromkeys(State.values, 0), dict[str, int]()
    for state, why, number, _lately in rows:
        states[state] += number
        if state == State.SUPPRESSED:
            left_out[why] = number
    total = sum(states.values())
    every_s = 2 if total <= MANY else 5 if total <= 20 * MANY else 15
    found = Progress(states, left_out, int(sum(row[3] for row in rows)), every_s)
    if total > MANY:
        _kept.clear()  # few are on their way at once
        _kept[mailing.pk] = (time.monotonic() + every_s - 1, found)
    return found


# --- how it did ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Figures:
    """How many copies were sent, and of how many something came back; each copy counts once in each.

    Attributes:
        opened: by somebody, as far as can be told; scanned: opened by machines only.
    """

    copies: int = 0
    delivered: int = 0
    bounced: int = 0
    opened: int = 0
    scanned: int = 0
    clicked: int = 0
    replied: int = 0
    unsubscribed: int = 0
    complained: int = 0

    def share(self, name: str) -> Share:
        return rules.share(getattr(self, name), self.copies)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Kept:
    """How many copies there are, how many of them are done, and what came back."""

    people: int
    done: int
    figures: Figures


# A copy that may or may not have left counts as sent: what comes back of it does, too.
_FIGURES = """
SELECT subject_line_id, count(*),
       count(*) FILTER (WHERE delivered), count(*) FILTER (WHERE bounced),
       count(*) FILTER (WHERE opened), count(*) FILTER (WHERE scanned AND NOT coalesce(opened, FALSE)),
       count(*) FILTER (WHERE clicked), count(*) FILTER (WHERE replied),
       count(*) FILTER (WHERE unsubscribed), count(*) FILTER (WHERE complained)
FROM messaging_delivery LEFT JOIN (
    SELECT delivery_id,
           bool_or(kind = 'delivered') AS delivered, bool_or(kind = 'bounced') AS bounced,
           bool_or(kind = 'opened' AND NOT machine) AS opened, bool_or(kind = 'opened' AND machine) AS scanned,
           bool_or(kind = 'clicked' AND NOT machine) AS clicked, bool_or(kind = 'replied') AS replied,
           bool_or(kind = 'unsubscribed') AS unsubscribed, bool_or(kind = 'complained') AS complained
    FROM messaging_signal WHERE mailing_id = %(mailing)s GROUP BY delivery_id
) came ON came.delivery_id = messaging_delivery.id
WHERE mailing_id = %(mailing)s AND address <> '' AND state IN ('sent', 'unknown')
GROUP BY subject_line_id
"""


def by_subject(mailing: Mailing) -> dict[UUID | None, Figures]:
    """The figures of each subject line."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"mailing": mailing.pk})
        return {subject: Figures(*numbers) for subject, *numbers in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the results: a draft, or one of the subjects under which it went."""

    label: str
    text: str
    asked: str  # what `behind` takes
    figures: Figures
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """Drafts and subjects beside each other; `whole` is all of it."""

    whole: Figures
    drafts: list[Line]
    subjects: list[Line]
    links: list[tuple[int, str, int, int]]  # id, address, followed by people, by machines only


def results(mailing: Mailing) -> Results:
    """What came back, by draft, by subject and by link."""
    found = by_subject(mailing)
    lines = Subject.objects.filter(version__draft__mailing=mailing).select_related("version__draft")
    drafts: dict[tuple[int, UUID], Figures] = {}
    subjects: dict[tuple[int, int, UUID, str], Figures] = {}
    for one in lines.order_by("version__draft__number", "number", "version__language"):
        draft, figures = one.version.draft, found.get(one.pk, Figures())
        drafts[draft.number, draft.pk] = drafts.get((draft.number, draft.pk), Figures()) + figures
        if figures.copies:
            subjects[draft.number, one.number, one.pk, one.text] = figures
    by_draft = [
        Line(chr(ord("A") + number), "", f"draft={pk}", figures) for (number, pk), figures in drafts.items()
    ]  # fmt: skip
    by_line = [
        Line(f"{chr(ord('A') + draft)}{number + 1}", text, f"subject={pk}", figures)
        for (draft, number, pk, text), figures in subjects.items()
    ]
    whole = sum(found.values(), Figures())
    return Results(whole, _marked(by_draft), _marked(by_line), _links(mailing))


def _marked(lines: list[Line]) -> list[Line]:
    """With the one that people follow most, where that is no chance."""
    first = rules.ahead([(line.figures.clicked, line.figures.copies) for line in lines])
    return [
        Line(line.label, line.text, line.asked, line.figures, ahead=number == first)
        for number, line in enumerate(lines)
    ]


_LINKS = """
SELECT link.id, link.url, count(*) FILTER (WHERE came.person), count(*) FILTER (WHERE NOT came.person)
FROM messaging_link link JOIN (
    SELECT link_id, delivery_id, bool_or(NOT machine) AS person
    FROM messaging_signal WHERE mailing_id = %(mailing)s AND kind = 'clicked' GROUP BY link_id, delivery_id
) came ON came.link_id = link.id
WHERE link.mailing_id = %(mailing)s GROUP BY link.id, link.url ORDER BY 3 DESC, link.id
"""


def _links(mailing: Mailing) -> list[tuple[int, str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, {"mailing": mailing.pk})
        return list(cursor.fetchall())


# --- the copies behind a number ------------------------------------------------------------------------------------
SIGNALS: dict[str, dict[str, Any]] = {
    "delivered": {"kind": Signal.Kind.DELIVERED},
    "bounced": {"kind": Signal.Kind.BOUNCED},
    "opened": {"kind": Signal.Kind.OPENED, "machine": False},
    "clicked": {"kind": Signal.Kind.CLICKED, "machine": False},
    "replied": {"kind": Signal.Kind.REPLIED},
    "unsubscribed": {"kind": Signal.Kind.UNSUBSCRIBED},
    "complained": {"kind": Signal.Kind.COMPLAINED},
}
SENT = [State.SENT, State.UNKNOWN]


def copies(viewer: Viewer, mailing: Mailing) -> QuerySet[Delivery]:
    """The copies of people within the viewer's reach."""
    of_it = Q(mailing=mailing, address="") | Q(~Q(address=""), mailing=mailing)  # as the two indexes have them
    return Delivery.objects.filter(of_it, person__in=access_people(viewer)).select_related("person")


def behind(viewer: Viewer, mailing: Mailing, asked: Mapping[str, Any], after: UUID | None) -> list[Delivery]:
    """Those behind a number, one more than a page.

    Args:
        asked: state, why, lost_to, signal, draft, subject, link: each narrows; as `CopiesForm` cleans them.
        after: the last one of the page before.
    """
    found = copies(viewer, mailing).order_by("pk")
    if after:
        found = found.filter(pk__gt=after)
    if state := asked.get("state"):
        found = found.filter(state=state)
    if why := asked.get("why"):
        found = found.filter(state=State.SUPPRESSED, problem=why)
    if lost_to := asked.get("lost_to"):
        found = found.filter(lost_to=lost_to)
    if draft := asked.get("draft"):
        found = found.filter(subject_line__version__draft=draft, state__in=SENT)
    if subject := asked.get("subject"):
        found = found.filter(subject_line=subject, state__in=SENT)
    came = Signal.objects.filter(mailing_id=mailing.pk)
    if signal := asked.get("signal"):
        if signal == "scanned":
            opened = came.filter(kind=Signal.Kind.OPENED)
            found = found.filter(
                Q(pk__in=opened.filter(machine=True).values("delivery")),
                ~Q(pk__in=opened.filter(machine=False).values("delivery")),
            )
        else:
            found = found.filter(pk__in=came.filter(**SIGNALS[signal]).values("delivery"))
        found = found.filter(state__in=SENT)
    if link := asked.get("link"):
        followed = came.filter(kind=Signal.Kind.CLICKED, link=link, machine=False)
        found = found.filter(pk__in=followed.values("delivery"))
    return list(found[: SHOWN + 1])


def kept(mailing: Mailing) -> Kept:
    """How it did when it was last counted, for lists."""
    numbers = dict(mailing.figures)
    people, done = numbers.pop("people", 0), numbers.pop("done", 0)
    return Kept(people, done, Figures(**numbers))


def to_be_counted(now: datetime) -> QuerySet[Mailing]:
    """Mailings whose figures in lists are not what they were: on their way, or something came back since."""
    begun = Mailing.objects.exclude(frozen_at=None)
    moving = Q(state__in=[Mailing.State.SENDING, Mailing.State.PAUSED]) | Q(counted_at=None)
    ended = Q(ended_at__gt=now - timedelta(hours=1))
    came = Q(ended_at__gt=now - timedelta(days=60)) & Q(
        pk__in=Signal.objects.filter(at__gt=now - timedelta(minutes=5)).values("mailing_id")
    )
    return begun.filter(moving | ended | came)
