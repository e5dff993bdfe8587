"""The addresses that a copy carries for its reader."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse

from groundswell.messaging.tokens import token


def leave(delivery_id: UUID) -> str:
    """Where they choose less or none: the page, and what a mail program posts to (RFC 8058)."""
    return settings.BASE_URL + reverse("mail_choices", args=[token(delivery_id)])


def answers(delivery_id: UUID, otherwise: str = "") -> str:
    """Where answers to this copy go, so that they reach whoever wrote it; `otherwise` where none come in to us."""
    return f"reply+{token(delivery_id)}@{settings.REPLY_DOMAIN}" if settings.REPLY_DOMAIN else otherwise
