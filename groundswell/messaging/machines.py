"""Pure decisions: was it a person who opened a mail or followed a link, or a machine that looks at mails before or for
them? Scanners of mail servers follow links, proxies of mailboxes fetch pictures.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

SOON = timedelta(seconds=10)  # nobody gets, opens and reads a mail within
AT_ONCE = timedelta(seconds=1)  # nobody follows several links within
MANY = 3  # different links at once, where a mail has more
TRAP_HOLDS = timedelta(minutes=1)  # around following a link that no person sees

# What names itself. Outlook and Office look before the person does, and say so.
_MACHINES = re.compile(
    r"bot\b|crawl|spider|slurp|scan|preview|facebookexternalhit|curl|wget|python|go-http|java/|libwww|okhttp|httpclient"
    r"|headless|phantom|barracuda|proofpoint|mimecast|messagelabs|symantec|fireeye|trendmicro|sophos|cloudmark"
    r"|microsoft office existence|ms-office|microsoft-cryptoapi",
    re.IGNORECASE,
)
# Fetched when a mail comes in, not when it is read: Apple's privacy protection names itself only "Mozilla/5.0", and
# Gmail's look ahead claims a browser of 2015. GoogleImageProxy and YahooMailProxy fetch when a person opens the mail.
_AHEAD = re.compile(r"Mozilla/5\.0\Z|.*Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246")


class Click(NamedTuple):
    """One time a link of a copy was followed.

    Attributes:
        link: which; None: the one that no person sees.
        machine: what did it said so, or was too quick.
    """

    id: UUID
    link: int | None
    at: datetime
    machine: bool


def clicked(method: str, agent: str, since_sent: timedelta | None) -> bool:
    """Whether a machine follows this link; `since_sent` is None while we do not know that the mail is out."""
    return method != "GET" or _machine(agent, since_sent)


def opened(method: str, agent: str, since_sent: timedelta | None) -> bool:
    """Whether a machine fetches the picture."""
    return method != "GET" or _machine(agent, since_sent) or _AHEAD.match(agent) is not None


def by_people(clicks: Sequence[Click], links: int) -> list[Click]:
    """Those of one copy's clicks that a person made, in their order.

    Args:
        links: how many there are in the mail.
    """
    traps = [click.at for click in clicks if click.link is None]
    found = []
    for click in clicks:
        at_once = {other.link for other in clicks if abs(other.at - click.at) <= AT_ONCE and other.link is not None}
        trapped = any(abs(at - click.at) <= TRAP_HOLDS for at in traps)
        if not (click.machine or click.link is None or trapped or len(at_once) >= max(2, min(links, MANY))):
            found.append(click)
    return found


def _machine(agent: str, since_sent: timedelta | None) -> bool:
    return since_sent is None or since_sent < SOON or not agent.strip() or _MACHINES.search(agent) is not None
