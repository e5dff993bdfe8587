"""Segments: saving one, freezing whom it holds, removing it."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import ProtectedError, Value
from django.utils.translation import gettext as _

from groundswell.kit import clock
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import record
from groundswell.people import counting, rules, segments
from groundswell.people.models import Segment, SegmentMember
from groundswell.powers.viewer import Viewer

NAME_LIMIT = 80
MOST_SAMPLED = 1_000_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A segment as somebody built it.

    Attributes:
        sample: one of `Segment.Sample`; `sample_size` is people, or percent.
        seed: whom a sample draws; the same seed draws the same people.
        frozen: it keeps those whom it holds when it is saved.
    """

    name: str
    tree: segments.Group
    sample: str = Segment.Sample.ALL
    sample_size: int = 0
    seed: int = 0
    frozen: bool = False

    def segment(self) -> Segment:
        """The segment it would be, not saved."""
        size = self.sample_size if self.sample != Segment.Sample.ALL else 0
        return Segment(
            name=self.name, tree=segments.written(self.tree), sample=self.sample, sample_size=size, seed=self.seed
        )


def save_segment(viewer: Viewer, draft: Draft, segment: Segment | None = None) -> Segment:
    """Keep a new segment, or change one. A frozen one holds those within the viewer's reach now.

    Raises:
        BadDetails: `name` or `sample_size`.
    """
    assert viewer.user is not None
    name = rules.line("name", draft.name, NAME_LIMIT, _("name"))
    if not name:
        raise rules.BadDetails("name", _("Please write a name."))
    most = {Segment.Sample.NUMBER: MOST_SAMPLED, Segment.Sample.PERCENT: 100}.get(Segment.Sample(draft.sample))
    if most and not 1 <= draft.sample_size <= most:
        raise rules.BadDetails(
            "sample_size", _("Write a whole number from %(least)s to %(most)s.") % {"least": 1, "most": most}
        )
    kept, now = draft.segment(), clock.now()
    kept.name, kept.made_by, kept.changed_at = name, viewer.user, now
    if segment:
        kept.pk, kept.made_by, kept.made_at = segment.pk, segment.made_by, segment.made_at
    with transaction.atomic():
        if segment:
            SegmentMember.objects.filter(segment=segment).delete()
        held = counting.members(viewer, kept).order_by() if draft.frozen else None
        kept.frozen_at = now if draft.frozen else None
        kept.save(force_insert=segment is None, force_update=segment is not None)
        if held is not None:
            sql, params = held.values_list(Value(kept.pk), "pk").query.sql_with_params()
            with connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO people_segmentmember (segment_id, person_id) {sql}", params)
        record(
            "segment.changed" if segment else "segment.made",
            actor=user_actor(viewer.user.pk),
            on=("segment", kept.pk),
            data={"conditions": len(segments.leaves(draft.tree)), "frozen": draft.frozen},
        )
    return kept


def remove_segment(viewer: Viewer, segment: Segment) -> None:
    """Remove it; nobody in it is touched.

    Raises:
        BadDetails: something goes to these people, or went to them.
    """
    assert viewer.user is not None
    try:
        with transaction.atomic():
            if Segment.objects.filter(pk=segment.pk).delete()[0]:
                record("segment.removed", actor=user_actor(viewer.user.pk), on=("segment", segment.pk))
    except ProtectedError:
        raise rules.BadDetails("segment", _("This segment is in use: it stays for those who look back.")) from None
