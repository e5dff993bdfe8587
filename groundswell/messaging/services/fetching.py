"""Reading the mailbox into which mail comes back: each mail once, and none is deleted.

How far we have read is committed together with what follows from a mail, so a reader that dies goes on where it was. If
the server counts its mails anew, all are read again: what is known by its Message-ID changes nothing then.
"""

import imaplib
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import Message
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

from django.conf import settings

from groundswell.jobs.services import Lease
from groundswell.messaging import incoming
from groundswell.messaging.models import Inbox
from groundswell.messaging.services.hearing import hear

logger = logging.getLogger(__name__)

JOB = "messaging.fetch"
MOST = 500  # mails a round
LONGEST = 400_000  # bytes read of a mail: what counts stands at its beginning
TIMEOUT_S = 30


def fetch(lease: Lease) -> None:
    """Read what came in since the last round; without a mailbox in the settings nothing. One that cannot be read is
    tried again in the next round."""
    if not settings.MAILBOX_URL:
        return
    try:
        with _opened() as (box, name):
            _read(lease, box, name)
    except (OSError, imaplib.IMAP4.error) as error:
        logger.warning("The mailbox cannot be read: %s: %s", type(error).__name__, error)


def _read(lease: Lease, box: imaplib.IMAP4, name: str) -> None:
    validity = int(_said(box.response("UIDVALIDITY")))
    with lease.transaction():
        Inbox.objects.bulk_create([Inbox(name=name, validity=validity)], ignore_conflicts=True)
        inbox = Inbox.objects.get(name=name)
        if inbox.validity != validity:
            Inbox.objects.filter(name=name).update(validity=validity, read_up_to=0)
            inbox.read_up_to = 0
    _ok, found = box.uid("SEARCH", "UID", f"{inbox.read_up_to + 1}:*")
    uids = sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > inbox.read_up_to)
    for uid in uids[:MOST]:
        raw = _mail(box, uid)
        with lease.transaction():
            inbox = Inbox.objects.select_for_update().get(name=name)
            if inbox.validity != validity or uid <= inbox.read_up_to:
                return  # another run is further
            if raw:
                _take(raw, name)
            inbox.read_up_to = uid
            inbox.save()


def _take(raw: bytes, name: str) -> None:
    """Act on one mail. What cannot be read is left in the mailbox, for people."""
    try:
        message = message_from_bytes(raw)
        report = incoming.read(message, key_of(message, raw))
    except (ValueError, LookupError, AttributeError, TypeError, IndexError) as error:
        logger.warning("A mail in %s cannot be read: %s", name, error)
        return
    if report:
        hear(report)


def key_of(message: Message, raw: bytes) -> str:
    """What makes a mail one: its Message-ID, or where it has none all of it."""
    said = str(message["Message-ID"] or "").strip().encode(errors="replace") or raw
    return f"mail:{blake2b(said, digest_size=16).hexdigest()}"


@contextmanager
def _opened() -> Iterator[tuple[imaplib.IMAP4, str]]:
    """The mailbox of the settings, to look at only, and its name."""
    url = urlsplit(settings.MAILBOX_URL)
    host, user, folder = url.hostname or "", unquote(url.username or ""), unquote(url.path.strip("/")) or "INBOX"
    box: imaplib.IMAP4
    if url.scheme == "imaps":
        box = imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_S)
    else:
        box = imaplib.IMAP4(host, url.port or 143, timeout=TIMEOUT_S)
    try:
        if url.scheme == "imap" and "STARTTLS" in box.capabilities:
            box.starttls(ssl.create_default_context())
        box.login(user, unquote(url.password or ""))
        state, said = box.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"', readonly=True)
        if state != "OK":
            raise imaplib.IMAP4.error(f"There is no folder {folder}: {said}")
        yield box, f"{user}@{host}/{folder}"
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            box.logout()
        with suppress(OSError):
            box.shutdown()  # where the server went away without a word


def _mail(box: imaplib.IMAP4, uid: int) -> bytes:
    """The beginning of a mail; empty where it is gone."""
    _ok, parts = box.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LONGEST}>)")
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")


def _said(response: tuple[str, list[bytes | None]]) -> bytes:
    return response[1][0] or b"0"
