"""Pure decisions: what a mail server means that does not take a mail, from its enhanced status code (RFC 3463) and, as
many give a wrong one or none, from what it says.
"""

import re
from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum


class Bounce(StrEnum):
    """Why a mail came back."""

    HARD = "hard"  # there is no such mailbox, and there will be none
    FULL = "full"  # its reader does not empty it
    AUTH = "auth"  # we do not prove who we are: SPF, DKIM, DMARC
    BLOCKED = "blocked"  # we are taken for spammers
    POLICY = "policy"  # they do not want this one: too large, an attachment, their rules
    SOFT = "soft"  # not now


SOFT_TIMES = 3  # days on which mail came back softly, after which an address does not work
SOFT_OVER = timedelta(days=7)  # over so long at least
SOFT_WITHIN = timedelta(days=30)  # older ones are forgotten

# What servers say, the clearest first: "user unknown; message blocked" is about the user.
_SAID = (
    (Bounce.FULL, r"mailbox (is )?full|over ?quota|quota exceeded|out of storage|insufficient (system )?storage"),
    (
        Bounce.AUTH,
        r"\bdmarc\b|\bspf\b|\bdkim\b|unauthenticated|not authenticated|authentication (failed|checks?|required)|"
        r"sender id",
    ),
    (
        Bounce.HARD,
        r"(user|mailbox|recipient|address|account|alias|email)\b.{0,40}(unknown|not exist|not found|disabled|inactive|"
        r"invalid|no longer|deactivated|suspended|unavailable|unrouteable|not have an)|"
        r"unknown (user|recipient|mailbox)|"
        r"no such (user|mailbox|recipient|address|person|domain|account)|does ?n.t exist|does not exist|"
        r"no mailbox (here|by)|bad destination|(host|domain) (or domain name )?not found|null mx|undeliverable address|"
        r"nullmx|invalid (recipient|mailbox|address)",
    ),
    (
        Bounce.BLOCKED,
        r"black ?list|block ?list|\bblocked\b|\bspam|\brbl\b|spamhaus|spamcop|barracuda|reputation|unsolicited|"
        r"\bbulk\b|\babuse\b|listed (at|by|in|on)|junk|bad (ip|sender)|denied by policy|access denied",
    ),
    (Bounce.POLICY, r"too (large|big)|exceeds|size limit|attachment|policy|content|virus|prohibited|not allowed"),
)
_TEXTS = tuple((meant, re.compile(text, re.IGNORECASE | re.DOTALL)) for meant, text in _SAID)

# By status: the class is looked at apart. 5.1.8 and 5.7.x are about the sender.
_STATUS = {
    **dict.fromkeys(("1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.4"), Bounce.HARD),
    "2.2": Bounce.FULL,
    **dict.fromkeys(("7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27", "7.8", "7.9"), Bounce.AUTH),
    **dict.fromkeys(("2.3", "3.4", "6.1"), Bounce.POLICY),
}
_CLASS = {"51": Bounce.HARD, "57": Bounce.POLICY}  # where neither the detail nor the words say more
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3}\.\d{1,3})\b")
_BASIC = re.compile(r"(?:^|\s)([45])\d\d[ -]")


def meaning(status: str, said: str) -> Bounce:
    """What it means.

    Args:
        status: an enhanced status code, `5.1.1`; empty or anything else: taken from what was said.
        said: the server's words.
    """
    found = _ENHANCED.search(status) or _ENHANCED.search(said)
    kind, detail = (found[1], found[2]) if found else ("", "")
    if not kind and (basic := _BASIC.search(said)):
        kind = basic[1]
    meant = _STATUS.get(detail) or next((meant for meant, text in _TEXTS if text.search(said)), None)
    if kind == "4":
        return Bounce.FULL if meant == Bounce.FULL else Bounce.SOFT
    return meant or _CLASS.get(kind + detail.partition(".")[0], Bounce.SOFT)


def gives_up(days: Collection[date]) -> bool:
    """Whether an address from which mail came back softly on these days does not work."""
    return len(set(days)) >= SOFT_TIMES and max(days) - min(days) >= SOFT_OVER
