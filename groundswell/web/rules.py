"""Pure decisions of this floor: values in, a value or an error out."""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What to do next. Each is a little more than the one before."""

    MEND = "mend"  # an event of theirs came back from review
    FIND = "find"  # go to an event
    SHARE = "share"  # bring somebody along
    HOST = "host"  # host one
    HAND_ON = "hand_on"  # let somebody else do what they may do


@dataclass(frozen=True)
class Standing:
    """Where somebody stands.

    Attributes:
        sent_back: events of theirs that a reviewer sent back.
        coming: RSVPs to come.
        hosted: events they host or hosted.
        brought: deeds that came through their share link.
        to_hand_on: powers they hold and may hand on.
    """

    sent_back: int = 0
    coming: int = 0
    hosted: int = 0
    brought: int = 0
    to_hand_on: int = 0


def next_step(standing: Standing) -> Step:
    """The one thing to ask of them now."""
    if standing.sent_back:
        return Step.MEND
    if not standing.coming and not standing.hosted:
        return Step.FIND
    if not standing.brought:
        return Step.SHARE
    if not standing.hosted:
        return Step.HOST
    return Step.HAND_ON if standing.to_hand_on else Step.SHARE
