"""Pure decisions of this floor: values in, a value or an error out."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What to do next. Each is a little more than the one before."""

    MEND = "mend"  # an event of theirs came back from review
    ANSWER = "answer"  # neighbors asked to bring their guests
    FIND = "find"  # go to an event
    SHARE = "share"  # bring somebody along
    HOST = "host"  # host one
    HAND_ON = "hand_on"  # let somebody else do what they may do


@dataclass(frozen=True)
class Standing:
    """Where somebody stands.

    Attributes:
        sent_back: events of theirs that a reviewer sent back.
        asked: proposals of neighbors that wait for their answer.
        coming: RSVPs to come.
        hosted: events they host or hosted.
        brought: deeds that came through their share link.
        to_hand_on: powers they hold and may hand on.
    """

    sent_back: int = 0
    asked: int = 0
    coming: int = 0
    hosted: int = 0
    brought: int = 0
    to_hand_on: int = 0


def next_step(standing: Standing) -> Step:
    """The one thing to ask of them now."""
    if standing.sent_back:
        return Step.MEND
    if standing.asked:
        return Step.ANSWER
    if not standing.coming and not standing.hosted:
        return Step.FIND
    if not standing.brought:
        return Step.SHARE
    if not standing.hosted:
        return Step.HOST
    return Step.HAND_ON if standing.to_hand_on else Step.SHARE


# --- how many will come --------------------------------------------------------------------------------------------
BEFORE = (3.0, 2.0)  # came and did not, as if we had seen five people: our guess until the ledger knows better
MOST_SEEN = 200.0  # people that the past counts for at most: no night is quite like those before
EIGHT_OF_TEN = 1.282  # standard deviations to either side


@dataclass(frozen=True)
class Forecast:
    """Of those who said they come: how many probably will, and the bounds within which it is eight times in ten."""

    expected: int
    low: int
    high: int


def forecast(places: int, came: float, missed: float) -> Forecast:
    """Each of `places` comes with the same unknown probability. What was seen of `came` and `missed` says
    which: a beta distribution. So the number is beta-binomial; its interval is the normal one with its variance."""
    weight = min(1.0, MOST_SEEN / max(came + missed, 1))
    yes, no = BEFORE[0] + max(came, 0) * weight, BEFORE[1] + max(missed, 0) * weight
    mean = places * yes / (yes + no)
    spread = math.sqrt(places * yes * no * (yes + no + places) / ((yes + no) ** 2 * (yes + no + 1)))
    low, high = mean - EIGHT_OF_TEN * spread, mean + EIGHT_OF_TEN * spread
    return Forecast(round(mean), max(0, round(low)), min(places, round(high)))
