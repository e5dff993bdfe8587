"""How fast mail goes out: the domains it is sent from, what they allow today, and whether all sending is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings

from groundswell.kit import clock
from groundswell.messaging import rules
from groundswell.messaging.models import Allowance, Domain, Hold, Mailbox
from groundswell.powers.movement import movement


@dataclass(frozen=True, slots=True)
class Box:
    """One kind of mailbox: how many went there today, how many may in an hour; None: any number."""

    mailbox: Mailbox
    used: int
    per_hour: int | None


@dataclass(frozen=True, slots=True)
class Pace:
    """A domain today.

    Attributes:
        day: of the warming up, from 1; 0: it begins later; None: it is over or was never needed.
        plan: each day of the warming up, with how many mails it allows to each kind of mailbox.
    """

    domain: Domain
    day: int | None
    plan: Sequence[tuple[int, int]]
    boxes: Sequence[Box]


def held() -> Hold | None:
    """Why nothing is sent; None: it is."""
    return Hold.objects.exclude(held_at=None).first()


def domains() -> list[Pace]:
    """Every domain we send from, that of the settings first."""
    own = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    known = {one.name: one for one in Domain.objects.all()}
    zone = ZoneInfo(movement().time_zone)
    today = clock.now().astimezone(zone).date()
    used: dict[tuple[str, int], int] = {}
    since = datetime.combine(today, datetime.min.time(), zone)
    for domain, mailbox, number in Allowance.objects.filter(hour__gte=since).values_list("domain", "mailbox", "used"):
        used[domain, mailbox] = used.get((domain, mailbox), 0) + number
    rest = [one for name, one in sorted(known.items()) if name != own]
    return [_pace(one, today, used) for one in [known.get(own, Domain(name=own)), *rest]]


def _pace(domain: Domain, today: date, used: dict[tuple[str, int], int]) -> Pace:
    since = (today - domain.warm_from).days if domain.warm_from else rules.WARM_DAYS
    day = max(since + 1, 0) if since < rules.WARM_DAYS else None
    boxes = [
        Box(
            box,
            used.get((domain.name, box), 0),
            rules.per_hour(domain.warm_from, domain.per_hour.get(str(box.value)), today),
        )
        for box in Mailbox
    ]
    plan = [(number + 1, rules.warm_up_allows(number)) for number in range(rules.WARM_DAYS)]
    return Pace(domain, day, plan, boxes)
