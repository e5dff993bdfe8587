"""Pure decisions of this floor: when a mail may go, and what an answer of the mail server means."""

import math
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.errors import HeaderParseError
from enum import StrEnum
from statistics import NormalDist
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST_TRIES = 5
DAY = timedelta(days=1)
WEEK = timedelta(days=7)  # in which so many mailings are enough for a person
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


DOWN_WAIT = backoff(1)  # how long to wait for a mail server that does not answer


@dataclass(frozen=True)
class Outcome:
    """What became of one try.

    Attributes:
        state: sent, failed or unknown; queued: to be tried again.
        problem: what the server or the library said.
        untried: it never came near the server, so it counts as no try.
        their_id: what the provider calls the mail.
    """

    state: str
    problem: str = ""
    untried: bool = False
    their_id: str = ""


SENT = Outcome("sent")
PUT_OFF = {401, 403, 408, 425, 429, 503}  # by HTTP: our key, or how much we send, is not in order; the mail may be


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
    if (status := getattr(getattr(error, "response", None), "status_code", None)) is not None:  # a provider's answer
        if status in PUT_OFF:
            return Outcome("queued", text)
        return Outcome("failed" if 400 <= status < 500 else "unknown", text)
    if isinstance(error, OSError):  # also SMTPServerDisconnected and timeouts
        return Outcome("unknown", text)
    return Outcome("failed", text)


# --- why somebody of a frozen audience gets no copy: what `problem` says of it ---------------------------------------
NO_ADDRESS, DEAD_ADDRESS, NO_CONSENT, TOOK_BACK = "no_address", "dead_address", "no_consent", "took_back"
OWN_TEAM_ONLY, ENOUGH, GAVE_WAY, STOPPED = "own_team_only", "enough", "gave_way", "stopped"


# --- who keeps the mailbox -----------------------------------------------------------------------------------------
OTHER, GMAIL, YAHOO, OUTLOOK = range(4)
_YAHOOS = "com ca co.uk co.in com.au com.br com.mx com.ar es fr de it ie co.jp"
_OUTLOOKS = "com ca co.uk es fr de it be nl com.br com.mx com.ar"
HOSTS = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), GMAIL),
    **{f"yahoo.{end}": YAHOO for end in _YAHOOS.split()},
    **dict.fromkeys(("ymail.com", "rocketmail.com", "aol.com", "aim.com"), YAHOO),
    **{f"{name}.{end}": OUTLOOK for name in ("outlook", "hotmail", "live") for end in _OUTLOOKS.split()},
    "msn.com": OUTLOOK,
}


# --- when ----------------------------------------------------------------------------------------------------------
MISSED = timedelta(minutes=15)  # a mailing that is later than that waits for a person
WARM_DAYS = 30  # of a new domain: by then it sends what it likes
WARM_FIRST = 200  # mails on the first day to one kind of mailbox
WARM_GROWTH = 1.4  # from day to day
WARM_HOURS = 24  # over which a day's mails are spread


def missed(starts_at: datetime, now: datetime) -> bool:
    """Whether a mailing was to begin so long ago that a person decides whether it still goes."""
    return now - starts_at > MISSED


def opens(now: datetime, zone: ZoneInfo, from_hour: int, to_hour: int) -> datetime:
    """When mail may go to somebody in this zone: now, or when the hours next begin there.

    Args:
        from_hour, to_hour: on their clock, the second not included. Over midnight where the first is the later one.
    """
    local = now.astimezone(zone)
    open_ = from_hour <= local.hour < to_hour if from_hour < to_hour else not to_hour <= local.hour < from_hour
    if open_:
        return now
    begins = local.replace(hour=from_hour, minute=0, second=0, microsecond=0, fold=0)
    if begins <= local:
        begins = datetime.combine(local.date() + timedelta(days=1), begins.timetz())
    return begins.astimezone(UTC)


def per_hour(warm_from: date | None, limit: int | None, today: date) -> int | None:
    """How many mails may go from a domain to one kind of mailbox within an hour; None: any number.

    A domain that nobody knows begins with few and sends more each day, as the large mailbox providers ask of new
    senders.
    """
    day = (today - warm_from).days if warm_from else WARM_DAYS
    if day >= WARM_DAYS:
        return limit
    warm = math.ceil(WARM_FIRST * WARM_GROWTH ** max(day, 0) / WARM_HOURS)
    return warm if limit is None else min(warm, limit)


def after(outcome: Outcome, tries: int, now: datetime) -> tuple[str, int, datetime]:
    """What a try makes of a delivery that was tried so often before: its state, how often now, when again."""
    if outcome.untried:
        return "queued", tries, now + DOWN_WAIT
    tries += 1
    if outcome.state != "queued":
        return outcome.state, tries, now
    return ("queued" if tries < MOST_TRIES else "failed"), tries, now + backoff(tries)


def adds_up(people: int, counted: Mapping[str, int]) -> bool:
    """Whether everybody in the audience came to an end.

    Args:
        counted: how many copies are in each state.
    """
    return sum(counted.get(state, 0) for state in ("sent", "failed", "suppressed", "unknown")) == people


def check_subject(subject: str) -> None:
    """Raises ValueError where a subject would put further headers into the mail, or is empty."""
    if not subject.strip() or any(sign in subject for sign in "\r\n\0"):
        raise ValueError(f"A subject is one line of text, not {subject[:80]!r}.")


# --- steering a mailing ----------------------------------------------------------------------------------------------
UNDO = timedelta(minutes=10)  # so long a launch can be called back before anything leaves
AGREE_WITHIN = timedelta(hours=24)  # then what waits for a second person is a draft again


class Refused(Exception):
    """It cannot be done as things are; the message is a sentence for whoever asked."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)

    def __str__(self) -> str:
        return str(self.args[0])


class Act(StrEnum):
    """What people, and the system, do with a mailing."""

    ASK = "ask"
    AGREE = "agree"
    REFUSE = "refuse"
    LAUNCH = "launch"
    CALL_BACK = "call_back"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


_NEXT = {
    ("draft", Act.ASK): "asked",
    ("draft", Act.LAUNCH): "waiting",
    ("asked", Act.AGREE): "waiting",
    ("asked", Act.REFUSE): "draft",
    ("asked", Act.CALL_BACK): "draft",
    ("waiting", Act.CALL_BACK): "draft",
    ("waiting", Act.PAUSE): "paused",
    ("sending", Act.PAUSE): "paused",
    ("paused", Act.CALL_BACK): "draft",
    ("paused", Act.RESUME): "sending",
    ("waiting", Act.STOP): "stopped",
    ("sending", Act.STOP): "stopped",
    ("paused", Act.STOP): "stopped",
}


def next_state(state: str, act: Act, *, begun: bool = False) -> str:
    """The state a mailing comes into.

    Args:
        begun: whether anybody may have got it; what was paused before that can be called back, or waits again with a
            new window to undo.

    Raises:
        Refused: that cannot be done to a mailing in this state.
    """
    found = _NEXT.get((state, act))
    if found is None or (begun and act is Act.CALL_BACK):
        raise Refused(_("Somebody else was quicker: this mailing is not where it was. Look at it again."))
    return "waiting" if act is Act.RESUME and not begun else found


def starts_at(wanted_at: datetime | None, now: datetime) -> datetime:
    """When a mailing that is launched now begins."""
    return max(wanted_at or now, now + UNDO)


def lapsed(asked_at: datetime, now: datetime) -> bool:
    """Whether nobody agreed in time."""
    return now > asked_at + AGREE_WITHIN


def needs_second(people: int, above: int, *, everybody: bool) -> bool:
    """Whether a second person must agree.

    Args:
        above: the movement's own bound.
        everybody: no condition narrows whom it goes to.
    """
    return everybody or people > above


# --- how a mailing did -----------------------------------------------------------------------------------------------
_Z = 1.96  # of an interval that holds the truth 19 times in 20


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and between what the true share lies, 19 times in 20."""

    of: int
    number: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.number / self.of if self.of else 0.0


def share(number: int, of: int, z: float = _Z) -> Share:
    """Wilson's score interval (Wilson 1927), which also holds for few and for none."""
    if not of:
        return Share(0, number, 0.0, 1.0)
    number = min(number, of)
    p, square = number / of, z * z
    middle = (p + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * math.sqrt(p * (1 - p) / of + square / (4 * of * of))
    return Share(of, number, max(middle - half, 0.0), min(middle + half, 1.0))


def ahead(results: Sequence[tuple[int, int]]) -> int | None:
    """Which of several (number, of how many) is ahead of every other by more than chance; None: none is.

    Each pair is compared by Newcombe's interval for a difference of two shares (Newcombe 1998, method 10), made wider
    by Bonferroni for the number of pairs, so that of twenty mailings whose drafts are alike one at most gets a winner.
    """
    if len(results) < 2 or not all(of for _number, of in results):
        return None
    pairs = len(results) * (len(results) - 1) // 2
    z = NormalDist().inv_cdf(1 - 0.025 / pairs)
    shares = [share(number, of, z) for number, of in results]
    first = max(range(len(shares)), key=lambda n: shares[n].share)
    return first if all(_least_lead(shares[first], one) > 0 for n, one in enumerate(shares) if n != first) else None


def _least_lead(one: Share, other: Share) -> float:
    """By how much at least the share of one is above the other's."""
    return one.share - other.share - math.hypot(one.share - one.low, other.high - other.share)


# --- what sending costs ----------------------------------------------------------------------------------------------
PRIOR = 1_000  # copies: so much one must have sent before one's own rate counts as much as everybody's


def expected_rate(unsubscribed: int, copies: int, everybodys: float) -> float:
    """The share of copies after which somebody wants no more, to be expected of a sender: their own rate, drawn
    towards everybody's where they sent little (the mean of a beta distribution that begins as `PRIOR` copies)."""
    return (unsubscribed + PRIOR * everybodys) / (copies + PRIOR)


def warm_up_allows(day: int) -> int:
    """Mails to each kind of mailbox on a day of the warming up, counted from 0, as `per_hour` lets them go."""
    return round(WARM_FIRST * WARM_GROWTH**day)


# --- when a mailing pauses by itself -------------------------------------------------------------------------------
# Amazon SES reviews senders above 5 % of bounces or 0.1 % of complaints; Gmail and Yahoo ask all who send to many to
# stay below 0.1 % of complaints (their rules for senders, 2024). Of those who leave no provider says anything: mailings
# lose a few in a thousand, so at 2 % something is wrong with the audience or the text.
BOUNDS = {"complaints": 0.001, "bounces": 0.05, "unsubscribes": 0.02}
_SURE = 3.09  # that it is no chance: one look in a thousand is wrong, where the true share is at its bound


def beyond(counted: Mapping[str, int], sent: int) -> str:
    """Which of `BOUNDS` a mailing is beyond by more than chance; empty: none.

    Args:
        counted: how many copies of those sent came back, were complained about, made somebody leave.
    """
    shares = {why: share(counted.get(why, 0), sent, _SURE).low for why in BOUNDS}
    return next((why for why, bound in BOUNDS.items() if sent and shares[why] > bound), "")
