"""How much may go now: from our domain, to each kind of mailbox, within this hour."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import TypeVar

from django.conf import settings
from django.db import connection

from groundswell.kit import clock
from groundswell.messaging import rules
from groundswell.messaging.models import Domain, Mailbox

HOUR = timedelta(hours=1)
T = TypeVar("T")


def our_domain() -> str:
    """The domain that our mail comes from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()


class Throttle:
    """The bounds of our domain, as they are when a lane begins; whoever may go is taken from one mailbox after the
    other."""

    def __init__(self) -> None:
        self._domain = our_domain()
        row = Domain.objects.filter(pk=self._domain).first() or Domain(name=self._domain)
        today = clock.now().date()
        self._limits = {
            int(box): rules.per_hour(row.warm_from, row.per_hour.get(str(int(box))), today) for box in Mailbox
        }
        self._boxes = [int(box) for box in Mailbox]
        self.held_back = False  # some wait for the next hour

    def take(self, most: int, claim: Callable[[int, int], list[T] | None]) -> list[T] | None:
        """Up to `most` from the next mailbox that has some, in the caller's transaction; None: no mailbox has any.

        Args:
            claim: called with a mailbox and how many may go there; None: nothing of it waits.
        """
        for _ in range(len(self._boxes)):
            box = self._boxes[0]
            limit = self._limits[box]
            left = most if limit is None else min(most, limit - self._used(box, 0))
            found = claim(box, left) if left > 0 else None
            if limit is not None:
                self.held_back |= left <= 0
                self._used(box, len(found or ()))
            if found is not None:
                self._boxes.append(self._boxes.pop(0))
                return found
            self._boxes.pop(0)  # not again in this run
        return None

    def next_hour(self) -> datetime:
        return _hour() + HOUR

    def _used(self, box: int, more: int) -> int:
        """How many went this hour, with so many more; others wait until the caller's transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute(_USE, [self._domain, box, _hour(), more])
            (used,) = cursor.fetchone()
        return int(used)


_USE = """
INSERT INTO messaging_allowance (domain, mailbox, hour, used) VALUES (%s, %s, %s, %s)
ON CONFLICT (domain, mailbox, hour) DO UPDATE SET used = messaging_allowance.used + excluded.used RETURNING used
"""


def _hour() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0)
