"""Mail that is kept in a folder instead of being sent, for the demo and for development."""

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from groundswell.kit.ids import new_id


def folder() -> Path:
    """Where kept mail lies, one file a mail; names sort by time."""
    return Path(settings.GROUNDSWELL_HOME) / "outbox"


class OutboxBackend(BaseEmailBackend):
    """Writes each mail as a file."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder().mkdir(mode=0o700, exist_ok=True)
        for message in email_messages:
            (folder() / f"{new_id()}.eml").write_bytes(message.message().as_bytes())
        return len(email_messages)
