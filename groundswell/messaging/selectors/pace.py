"""How fast mail goes out: the domains it is sent from, what they allow today, and whether all sending is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from groundswell.kit import clock
from groundswell.messaging import rules
from groundswell.messaging.models import Allowance, Domain, Hold, Mailbox
from groundswell.messaging.services.throttling import our_domain

Used = dict[tuple[str, int], tuple[int, int]]  # by domain and mailbox: in this hour, today (in UTC, as it is counted)


@dataclass(frozen=True, slots=True)
class Box:
    """One kind of mailbox: how many may go there in an hour, None: any number; how many went in this one and today, as
    far as they are bounded and so counted."""

    mailbox: Mailbox
    per_hour: int | None
    this_hour: int
    today: int


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
    known = {one.name: one for one in Domain.objects.all()}
    own = known.pop(our_domain(), None) or Domain(name=our_domain())
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    used: Used = {}
    for one in Allowance.objects.filter(hour__gte=hour.replace(hour=0)):
        this_hour, today = used.get((one.domain, one.mailbox), (0, 0))
        used[one.domain, one.mailbox] = (this_hour + (one.used if one.hour == hour else 0), today + one.used)
    return [_pace(one, hour.date(), used) for one in [own, *known.values()]]


def _pace(domain: Domain, today: date, used: Used) -> Pace:
    since = (today - domain.warm_from).days if domain.warm_from else rules.WARM_DAYS
    day = max(since + 1, 0) if since < rules.WARM_DAYS else None
    boxes = [
        Box(
            box,
            rules.per_hour(domain.warm_from, domain.per_hour.get(str(box.value)), today),
            *used.get((domain.name, box.value), (0, 0)),
        )
        for box in Mailbox
    ]
    plan = [(number + 1, rules.warm_up_allows(number)) for number in range(rules.WARM_DAYS)]
    return Pace(domain, day, plan, boxes)
