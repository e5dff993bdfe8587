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
    """One kind of mailbox today: how many went there, how many may, and how many in an hour; None: any number."""

    mailbox: Mailbox
    used: int
    allowed: int | None
    per_hour: int | None


@dataclass(frozen=True, slots=True)
class Pace:
    """A domain today.

    Attributes:
        day: of the warming up, from 1; 0: it begins later; None: it is over or was never needed.
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
    allowed = rules.warm_up_allows(domain.warm_from, today)
    day = None
    if domain.warm_from and allowed is not None:
        day = max((today - domain.warm_from).days + 1, 0)
    boxes = [Box(box, used.get((domain.name, box), 0), allowed, domain.per_hour.get(str(box.value))) for box in Mailbox]
    return Pace(domain, day, list(enumerate(rules.WARM_UP, start=1)), boxes)
