"""Mailings: the gates, and what of them the pages show."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, IntegerField, QuerySet, When
from django.http import Http404, HttpRequest
from django.urls import reverse

from groundswell.messaging.models import Mailing
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.powers import selectors as powers
from groundswell.powers import viewer as viewers
from groundswell.powers.viewer import Viewer

State = Mailing.State


class NotFound(Http404):
    """There is no such mailing or copy, or none in reach: the two look alike."""


def access_mailings(viewer: Viewer) -> QuerySet[Mailing]:
    """The mailings: all, for whoever writes or sends them somewhere, so that no two teams write the same people the
    same. Whom of their people one sees is bounded by one's reach."""
    if viewer.scopes(WRITE) or viewer.scopes(SEND):
        return Mailing.objects.select_related("segment", "made_by", "asked_by", "agreed_by")
    return Mailing.objects.none()


def access_mailing(viewer: Viewer, mailing_id: UUID | str, *, change: bool = False) -> Mailing:
    """One of them; to change, only whoever began it or writes for the whole movement. Raises NotFound."""
    mailing = access_mailings(viewer).filter(pk=mailing_id).first()
    if mailing is None or (change and not may_change(viewer, mailing)):
        raise NotFound
    return mailing


def listed(viewer: Viewer) -> QuerySet[Mailing]:
    """What goes or waits for somebody first, then what is written, then what is over; the newest of each first."""
    place = Case(
        When(state__in=[State.PAUSED, State.ASKED, State.SENDING, State.WAITING], then=0),
        When(state=State.DRAFT, then=1),
        default=2,
        output_field=IntegerField(),
    )
    return access_mailings(viewer).order_by(place, "-made_at", "-pk")


def may_change(viewer: Viewer, mailing: Mailing) -> bool:
    """Whether the viewer may change it while it is a draft."""
    return viewer.may(WRITE) or (
        viewer.user is not None and mailing.made_by_id == viewer.user.pk and bool(viewer.scopes(WRITE))
    )


def outdated(mailing: Mailing) -> bool:
    """Whether its segment was changed after somebody asked for this mailing, or launched it."""
    return bool(mailing.segment and mailing.asked_at and mailing.segment.changed_at > mailing.asked_at)


def mailings_by_id(ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Mailings as subjects of entries: how each is called, and where it is."""
    found = Mailing.objects.filter(pk__in=list(ids))
    return {one.pk: (one.name, reverse("messaging:mailing", args=[one.pk])) for one in found}


def shown_to(request: HttpRequest) -> bool:
    """Whether this visitor may open the mailings; the second factor is asked for there."""
    user = viewers.of(request).user
    return user is not None and any(powers.scopes(user, verb) for verb in (WRITE, SEND))
