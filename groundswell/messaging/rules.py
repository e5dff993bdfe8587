"""Pure decisions of this floor: when a mail may go, and what an answer of the mail server means."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import HeaderParseError

MOST_TRIES = 5
DAY = timedelta(days=1)
FORM_MAILS_A_DAY = 1  # to an address that nobody has confirmed
NOTICES_A_DAY = 3
OVER = "The address is not confirmed, and one mail waits for it already."  # why a delivery was suppressed
MOST_AGAIN = 20  # of those, how many may be written anew once the address is confirmed
AGAIN = timedelta(days=7)  # and how old they may be
LATE = timedelta(days=1)  # what is due for longer is not sent: the system was asleep or restored from a backup
EVERYTHING = "everything"  # the purpose under which a person takes back all that may come by email
IN_DOUBT = timedelta(minutes=10)  # a delivery that is `sending` for longer belongs to a process that died


def turn(times: Sequence[datetime], now: datetime, per_day: int) -> datetime | None:
    """When one more mail may go to an unconfirmed address; None: not at all, as one waits already.

    Args:
        times: when the mails of the last day went, and when those go that wait; the newest first.
    """
    if times and times[0] > now:
        return None
    return max(now, times[per_day - 1] + DAY) if len(times) >= per_day else now


def backoff(tries: int) -> timedelta:
    """How long to wait after that many tries: 1, 5, 25, 125 minutes."""
    return timedelta(minutes=5 ** (tries - 1))


@dataclass(frozen=True)
class Outcome:
    """What became of one try.

    Attributes:
        state: sent, failed or unknown; queued: to be tried again.
        problem: what the server or the library said.
        untried: it never came near the server, so it counts as no try.
    """

    state: str
    problem: str = ""
    untried: bool = False


SENT = Outcome("sent")


def outcome_of(error: Exception) -> Outcome:
    """What an error while sending means.

    The server's own word decides where it gave one: 4xx is for later, 5xx for good. A connection that broke in the
    middle leaves open whether the mail was taken, so nobody sends it again. What could not be put into a mail at all is
    for good.
    """
    text = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return Outcome("queued" if any(400 <= code < 500 for code in codes) else "failed", text)
    if isinstance(error, smtplib.SMTPResponseException):
        temporary = not 500 <= error.smtp_code < 600
        return Outcome("queued" if temporary else "failed", text)
    if isinstance(error, smtplib.SMTPNotSupportedError | HeaderParseError):
        return Outcome("failed", text)
    if isinstance(error, OSError):  # also SMTPServerDisconnected and timeouts
        return Outcome("unknown", text)
    return Outcome("failed", text)


def check_subject(subject: str) -> None:
    """Raises ValueError where a subject would put further headers into the mail, or is empty."""
    if not subject.strip() or any(sign in subject for sign in "\r\n\0"):
        raise ValueError(f"A subject is one line of text, not {subject[:80]!r}.")
