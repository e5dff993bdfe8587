"""How many of those who said so will come: a forecast with its spread, learned from past events. Pure.

The model is beta-binomial. Each event has its own share of people who show up, drawn from a beta distribution with
mean m and strength s, so that n places bring BetaBinomial(n, m s, (1 - m) s) people. s says how alike events are and is
the movement's, by the method of moments (Kleinman, "Proportions with extraneous variance", JASA 68, 1973, 46-54, with
the sizes as weights), around what was to be expected of each event. m is learned from the coarse to the fine: movement,
type, type and lead time, host. A group keeps near the one it is part of, which counts as `BELIEF` places of evidence;
n places of one event count as n (s + 1) / (s + n), since people of one event are alike.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

K = TypeVar("K")

LEADS = (timedelta(days=2), timedelta(days=7))  # said so at most so long before it began; or earlier
BELIEF = 20.0
LEAST_EVENTS = 10  # with fewer the movement does not know itself: nothing is overbooked
UNKNOWN = 0.6, 5.0  # mean and strength until then: more than half come, and almost anything may happen
WEAKEST, STRONGEST = 1.0, 500.0
LARGEST = 2_000  # a larger hall is not overbooked
MIDDLE = 0.8  # the interval holds so much


class Past(NamedTuple):
    """What became of the places of one event that were taken with one lead time."""

    event: UUID | int
    type: str
    lead: int
    host: UUID | int | None
    places: int
    came: int


class Spread(NamedTuple):
    """How many come: in the middle, and between which numbers with a chance of `MIDDLE`."""

    expected: int
    low: int
    high: int


def lead(before: timedelta) -> int:
    """The class of how long before the start somebody said so."""
    return sum(before > limit for limit in LEADS)


@dataclass(frozen=True)
class Rates:
    """What past events say. Made by `learned`."""

    mean: float
    strength: float
    events: int
    by_type: Mapping[str, float]
    by_lead: Mapping[tuple[str, int], float]
    by_host: Mapping[UUID | int, tuple[float, float]]  # places' worth of evidence, and the share of them who came

    @property
    def known(self) -> bool:
        return self.events >= LEAST_EVENTS

    def share(self, type: str, host: UUID | int | None, places: Mapping[int, int]) -> float:
        """The share to expect of an event whose places were taken with these lead times: {lead: places}."""
        taken = sum(places.values())
        of_type = self.by_type.get(type, self.mean)
        mixed = sum(n * self.by_lead.get((type, lead), of_type) for lead, n in places.items())
        expected = mixed / taken if taken else of_type
        seen, came = self.by_host.get(host, (0.0, 0.0)) if host is not None else (0.0, 0.0)
        return _shrunk(expected, seen, came * seen)


def learned(past: Sequence[Past]) -> Rates:
    """What these events say."""
    events: dict[UUID | int, list[Past]] = defaultdict(list)
    for one in past:
        if one.places > 0:
            events[one.event].append(one)
    sizes = [(sum(p.places for p in parts), sum(p.came for p in parts)) for parts in events.values()]
    if len(sizes) < LEAST_EVENTS:
        return Rates(*UNKNOWN, len(sizes), {}, {}, {})
    mean = min(max(sum(came for _places, came in sizes) / sum(places for places, _came in sizes), 0.01), 0.99)
    strength = fitted([(places, came, mean) for places, came in sizes])
    by_type = {type: _shrunk(mean, *seen) for type, seen in _seen(((p.type, p) for p in past), strength)}
    by_lead = {
        (type, lead): _shrunk(by_type[type], *seen)
        for (type, lead), seen in _seen((((p.type, p.lead), p) for p in past), strength)
    }
    by_host = {
        host: (seen, came / seen)
        for host, (seen, came) in _seen(((p.host, p) for p in past if p.host is not None), strength)
    }
    rates = Rates(mean, strength, len(sizes), by_type, by_lead, by_host)
    shares = [rates.share(parts[0].type, None, {p.lead: p.places for p in parts}) for parts in events.values()]
    return replace(rates, strength=fitted([(*size, share) for size, share in zip(sizes, shares, strict=True)]))


def fitted(sizes: Sequence[tuple[int, int, float]]) -> float:
    """The strength of (places, came, share to be expected) of events, by moments."""
    scatter = sum(places * (came / places - share) ** 2 for places, came, share in sizes)
    alone = sum(share * (1 - share) for _places, _came, share in sizes)  # the scatter if people came one by one
    together = sum((places - 1) * share * (1 - share) for places, _came, share in sizes)
    alike = (scatter - alone) / together if together > 0 else 0.0  # 1 / (strength + 1)
    return min(max(1 / alike - 1, WEAKEST), STRONGEST) if alike > 0 else STRONGEST


def _seen(groups: Iterable[tuple[K, Past]], strength: float) -> Iterator[tuple[K, tuple[float, float]]]:
    """For each group its evidence and how much of that came."""
    events: dict[K, dict[UUID | int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for key, one in groups:
        sums = events[key][one.event]
        sums[0] += one.places
        sums[1] += one.came
    for key, sums_of in events.items():
        seen = came = 0.0
        for n, k in sums_of.values():
            if n > 0:
                worth = n * (strength + 1) / (strength + n)
                seen += worth
                came += worth * k / n
        if seen:
            yield key, (seen, came)


def _shrunk(outer: float, seen: float, came: float) -> float:
    return (BELIEF * outer + came) / (BELIEF + seen)


# --- the distribution ----------------------------------------------------------------------------------------------
def chances(places: int, mean: float, strength: float) -> list[float]:
    """The chance that exactly 0, 1, ... `places` people come."""
    mean = min(max(mean, 0.001), 0.999)
    a, b = mean * strength, (1 - mean) * strength
    whole = math.lgamma(places + 1) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - math.lgamma(places + a + b)
    return [
        math.exp(
            whole + math.lgamma(k + a) + math.lgamma(places - k + b) - math.lgamma(k + 1) - math.lgamma(places - k + 1)
        )
        for k in range(places + 1)
    ]


def spread(places: int, mean: float, strength: float) -> Spread:
    """How many of those who took these places come."""
    low = high = 0
    passed, tail = 0.0, (1 - MIDDLE) / 2
    for k, chance in enumerate(chances(places, mean, strength)):
        if passed < tail:
            low = k
        passed += chance
        high = k
        if passed >= 1 - tail:
            break
    return Spread(round(places * mean), low, high)


def chance_over(places: int, capacity: int, mean: float, strength: float) -> float:
    """The chance that more than `capacity` come of those who took `places`."""
    return math.fsum(chances(places, mean, strength)[capacity + 1 :])


def beyond(capacity: int, mean: float, strength: float, bound: float) -> int:
    """The most places beyond the capacity with which the chance that more come than fit stays within `bound`; never
    more than the capacity once again."""
    if bound <= 0 or capacity > LARGEST:
        return 0
    low, high = 0, capacity
    while low < high:
        middle = (low + high + 1) // 2
        if chance_over(capacity + middle, capacity, mean, strength) <= bound:
            low = middle
        else:
            high = middle - 1
    return low
