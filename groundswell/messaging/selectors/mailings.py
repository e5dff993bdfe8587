"""Mailings: the gates."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from groundswell.messaging.models import Mailing
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.powers.viewer import Viewer


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


def may_change(viewer: Viewer, mailing: Mailing) -> bool:
    """Whether the viewer may change it while it is a draft."""
    return viewer.may(WRITE) or (
        viewer.user is not None and mailing.made_by_id == viewer.user.pk and bool(viewer.scopes(WRITE))
    )
