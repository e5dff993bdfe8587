"""How our mail names its sender, and how an address of a way out is read."""

from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def sender(name: str, address: str) -> str:
    """The From line `name <address>`; of an address that brings a name of its own, only the address is kept."""
    return formataddr((name, parseaddr(address)[1]))


def mail_settings(url: str) -> dict[str, Any]:
    """Django's settings for a way out.

    Args:
        url: `smtp://user:password@host:port`, `smtps://...`, `outbox:`, or a provider's as anymail names it and its
            settings: `anymail+mailgun://?api_key=...&sender_domain=...`.
    """
    parts = urlsplit(url)
    if parts.scheme == "outbox":
        return {"EMAIL_BACKEND": "groundswell.messaging.outbox.OutboxBackend", "EMAIL_OPTIONS": {}}
    if parts.scheme.startswith("anymail+"):
        provider = parts.scheme.removeprefix("anymail+")
        return {
            "EMAIL_BACKEND": f"anymail.backends.{provider}.EmailBackend",
            "EMAIL_OPTIONS": dict(parse_qsl(parts.query)),
        }
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_OPTIONS": {},
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and bool(parts.username),
        "EMAIL_TIMEOUT": 20,
    }
