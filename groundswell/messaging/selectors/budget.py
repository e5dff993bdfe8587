"""What each sender's mailings cost all the others: copies, people who want no more, weeks' slots taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from groundswell.kit import clock
from groundswell.messaging import rules
from groundswell.messaging.selectors import results
from groundswell.messaging.selectors.mailings import access_mailings
from groundswell.powers.hooks import display_name
from groundswell.powers.models import User
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

WEEKS = 4
LOG = 200


@dataclass(frozen=True, slots=True)
class Sender:
    """One who sends mailings, over the last `WEEKS` weeks.

    Attributes:
        by_week: each week's Monday and copies, the oldest first.
        per_thousand: of so many copies, how many people are to be expected to want no more.
        expected: how many that makes of the copies they sent.
        others_lose: copies that all the others cannot send these people in as many weeks to come.
    """

    name: str
    mailings: int
    by_week: Sequence[tuple[date, int]]
    unsubscribed: int
    per_thousand: float
    expected: float
    others_lose: float

    @property
    def copies(self) -> int:
        return sum(copies for _monday, copies in self.by_week)


@dataclass(frozen=True, slots=True)
class Budget:
    """`weeks` are their Mondays."""

    weeks: Sequence[date]
    senders: Sequence[Sender]


def senders(viewer: Viewer) -> Budget:
    """Who sent how much, and what it costs; one statement. The formula is in `docs/contact-budget.md`."""
    zone = ZoneInfo(movement().time_zone)
    monday = _monday(clock.now(), zone)
    weeks = [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    begun = datetime.combine(weeks[0], datetime.min.time(), zone)
    found: dict[User | None, tuple[list[int], int, int]] = {}
    largest = 0
    for mailing in access_mailings(viewer).filter(frozen_at__gte=begun):
        assert mailing.frozen_at
        figures = results.kept(mailing).figures
        sender = mailing.asked_by or mailing.made_by
        by_week, unsubscribed, mailings = found.get(sender, ([0] * WEEKS, 0, 0))
        by_week[weeks.index(_monday(mailing.frozen_at, zone))] += figures.copies
        found[sender] = (by_week, unsubscribed + figures.unsubscribed, mailings + 1)
        largest = max(largest, figures.copies)
    copies = sum(sum(by_week) for by_week, _unsubscribed, _mailings in found.values())
    rate = sum(unsubscribed for _by_week, unsubscribed, _mailings in found.values()) / copies if copies else 0.0
    told = []
    for sender, (by_week, unsubscribed, mailings) in found.items():
        own = sum(by_week)
        expected_rate = rules.expected_rate(unsubscribed, own, rate)
        expected = own * expected_rate
        others = (copies - own) / largest if largest else 0.0
        name = display_name(sender) if sender else ""
        dated = list(zip(weeks, by_week, strict=True))
        told.append(
            Sender(name, mailings, dated, unsubscribed, 1_000 * expected_rate, expected, expected * others)
        )  # fmt: skip
    return Budget(weeks, sorted(told, key=lambda one: -one.others_lose))


def _monday(at: datetime, zone: ZoneInfo) -> date:
    local = at.astimezone(zone).date()
    return local - timedelta(days=local.weekday())


@dataclass(frozen=True, slots=True)
class Lost:
    """In one week, how many people did not get one mailing because another one took their last slot."""

    week: date
    loser_id: UUID
    loser: str
    winner_id: UUID
    winner: str
    people: int


_LOST = """
SELECT date_trunc('week', delivery.queued_at AT TIME ZONE %(zone)s)::date, loser.id, loser.name, winner.id, winner.name,
       count(*)
FROM messaging_delivery delivery
JOIN messaging_mailing loser ON loser.id = delivery.mailing_id
JOIN messaging_mailing winner ON winner.id = delivery.lost_to
WHERE delivery.lost_to IS NOT NULL AND delivery.queued_at > %(since)s
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1 DESC, 6 DESC LIMIT %(most)s
"""


def lost() -> list[Lost]:
    """Who lost the slot to whom, the newest week first."""
    since = clock.now() - timedelta(weeks=WEEKS)
    with connection.cursor() as cursor:
        cursor.execute(_LOST, {"zone": movement().time_zone, "since": since, "most": LOG})
        return [Lost(*row) for row in cursor.fetchall()]
