"""Reads the mail that the demo keeps instead of sending, so that a visitor finds the code or the link in it."""

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from groundswell.kit import text
from groundswell.messaging import outbox

NAME = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True)
class Mail:
    """One kept mail.

    Attributes:
        name: the file's, without its ending; sorts by time.
        text: the plain part.
        html: the HTML part, cleaned by the kit's allow-list; empty where there is none.
        attachments: their file names.
    """

    name: str
    to: str
    sender: str
    subject: str
    at: datetime | None
    text: str
    html: str
    attachments: tuple[str, ...]


def newest(limit: int = 50, before: str = "") -> list[Mail]:
    """The newest mails, newest first; `before` a name: those older than it."""
    names = sorted((file.stem for file in outbox.folder().glob("*.eml")), reverse=True)
    older = [name for name in names if not before or name < before]
    return [_read(outbox.folder() / f"{name}.eml") for name in older[:limit]]


def find(name: str) -> Mail | None:
    """The mail of that name, or None."""
    file = outbox.folder() / f"{name}.eml"
    return _read(file) if NAME.fullmatch(name) and file.exists() else None


def _read(file: Path) -> Mail:
    message = email.message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=email.policy.default)
    date = message["Date"]
    return Mail(
        name=file.stem,
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        at=date.datetime if date else None,
        text=_part(message, "plain"),
        html=text.clean_html(_part(message, "html")),
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
