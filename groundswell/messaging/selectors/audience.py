"""To whom a mailing would go as things are now, and who of them would not get it."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least
from django.db.models.lookups import GreaterThanOrEqual

from groundswell.kit import clock
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.people import counting, segments
from groundswell.people.models import Consent, ContactPoint, Segment
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

WEEK = timedelta(days=7)
GETS = "gets"
COUNTED = [Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.SENT, Delivery.State.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Audience:
    """Attributes:
    people: whom it would go to.
    left_out: how many of the segment it would not go to, by the code of the reason.
    estimated: from a sample; the numbers are rounded.
    too_slow: not even that could be counted in time.
    """

    people: int
    left_out: dict[str, int]
    estimated: bool
    needs_second: bool
    too_slow: bool = False

    @property
    def whole(self) -> int:
        return self.people + sum(self.left_out.values())


def of(viewer: Viewer, mailing: Mailing) -> Audience:
    """Whom a mailing with a segment reaches when this viewer sends it; one statement.

    What cannot be counted in time needs a second person, whatever it is.
    """
    assert mailing.segment
    verb = SEND if viewer.scopes(SEND) else WRITE
    everybody = is_everybody(mailing.segment)
    try:
        found = counting.sort(viewer, mailing.segment, _fate(mailing.purpose), verb)
    except counting.TooSlow:
        return Audience(0, {}, estimated=True, needs_second=True, too_slow=True)
    people = found.people.get(GETS, 0)
    left_out = {why: number for why, number in found.people.items() if why != GETS and number}
    needs_second = rules.needs_second(found.total, movement().agree_above, everybody=everybody)
    return Audience(people, left_out, found.estimated, needs_second)


def is_everybody(segment: Segment) -> bool:
    """Whether no condition narrows it."""
    tree = segments.pruned(segments.read(segment.tree))
    return not tree.parts and tree.how != "any" and segment.sample == Segment.Sample.ALL


def _fate(purpose: str) -> Case:
    """Of a person: `gets`, or the code of why not."""
    addresses = ContactPoint.objects.filter(person=OuterRef("pk"), channel="email")
    newest = Consent.objects.filter(person=OuterRef("pk"), purpose=purpose, channel="email").order_by("-at", "-id")
    agrees = Subquery(newest.values("given")[:1], output_field=BooleanField())
    got = Delivery.objects.filter(person=OuterRef("pk"), queued_at__gt=clock.now() - WEEK, state__in=COUNTED)
    number = got.exclude(purpose="").exclude(purpose__contains=":").order_by().values("person").values_list(Count("pk"))
    had = Coalesce(Subquery(number, output_field=IntegerField()), 0)
    most = Least(Value(movement().mails_per_week), Coalesce(F("mail_choice__per_week"), movement().mails_per_week))
    return Case(
        When(~Exists(addresses), then=Value(rules.NO_ADDRESS)),
        When(~Exists(addresses.filter(status__in=["works", "unverified"])), then=Value(rules.DEAD_ADDRESS)),
        When(
            agrees,
            then=Case(
                When(mail_choice__own_team_only=True, then=Value(rules.OWN_TEAM_ONLY)),
                When(GreaterThanOrEqual(had, most), then=Value(rules.ENOUGH)),
                default=Value(GETS),
            ),
        ),
        When(Exists(newest), then=Value(rules.TOOK_BACK)),
        default=Value(rules.NO_CONSENT),
        output_field=CharField(),
    )
