"""The weeks before the night, drawn as `shape` does: events that are over, that run now, and to which few come; and
those of the host of the README's tour."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from groundswell.web.demo import shape
from groundswell.web.demo.shape import Gathering, Party

ROSA = shape.Somebody("Rosa", "Marsh", shape.HOST, "05401", "802-555-0142")
NEIGHBORS = ["05401", "05403", "05408", "05446", "05452", "05482", "05495"]  # where people live who could come to hers
TAKEN = 0.9  # of events that are over: somebody noted who came
CALLED = 0.4  # of events: their hosts called guests
CALLS = ["will_come", "will_come", "will_come", "no_answer"]
THANKS = (
    "Thank you for coming",
    "It was good to have you there. Eleven of us took something on, and the list of names has doubled.\n\n"
    "We meet again soon: bring somebody who was not there.",
)


def around(count: int, now: datetime, seed: int = 2015) -> Iterator[Gathering]:
    """What goes with a programme of `count` events: those of five weeks, those that run, pairs of neighbors in need."""
    chance = random.Random(seed + 1)  # noqa: S311
    spots, weights = shape.spots()
    kinds = [weight for _type, _title, weight in shape.TITLES]

    def draw(day: datetime, spot: shape.Spot, places: int) -> Gathering:
        type_, title, _weight = chance.choices(shape.TITLES, kinds)[0]
        return shape.gathering(chance, min(now, day), day, spot, type_, title, places)

    for _ in range(max(12, count // 20)):
        day = _day(now) - timedelta(days=chance.randint(2, 35))
        spot = chance.choices(spots, weights)[0]
        yield noted(chance, draw(day, spot, shape.size(chance.uniform(0.05, 0.9))), now)
    awake = [
        weight * (9 <= now.astimezone(ZoneInfo(spot.time_zone)).hour < 22)
        for spot, weight in zip(spots, weights, strict=True)
    ]
    for _ in range(max(3, count // 250)):
        spot = chance.choices(spots, awake if any(awake) else weights)[0]
        made = draw(_day(now), spot, shape.size(chance.uniform(0.3, 0.9)))
        yield noted(chance, running(made, now, timedelta(minutes=chance.randint(20, 90))), now)
    for _ in range(max(2, count // 200)):
        spot = chance.choices(spots, weights)[0]
        day = _day(now) + timedelta(days=chance.randint(1, 2))
        for _neighbor in range(2):
            yield noted(chance, replace(draw(day, spot, chance.randint(0, 3)), capacity=20, waiting=[]), now)


def hosted(now: datetime, seed: int = 2015) -> dict[str, Gathering]:
    """Rosa's events in Burlington, and one next door that would go together with hers."""
    chance = random.Random(seed + 2)  # noqa: S311
    home, near = (next(spot for spot in shape.spots()[0] if spot.postal_code == code) for code in ("05401", "05403"))

    def draw(days: int, title: str, places: int, capacity: int, spot: shape.Spot = home) -> Gathering:
        day = _day(now) + timedelta(days=days)
        made = shape.gathering(chance, min(now, day), day, spot, "house_party", title, places)
        return replace(
            made, capacity=capacity, waiting=[], host=ROSA, reachable=0.8, venue="My living room", place_shown="guests"
        )

    full = draw((shape.the_night(now) - _day(now)).days, "The night at Rosa’s", 14, 14)
    tonight = running(draw(0, "Open house at Rosa’s", 24, 24), now, timedelta(minutes=12))
    return {
        "tonight": noted(chance, _waited_for(chance, now, tonight, 3), now, diligent=True),
        "over": noted(chance, draw(-3, "Soup and plans", 17, 20), now, diligent=True),
        "before": noted(chance, draw(-17, "First evening at Rosa’s", 11, 20), now, diligent=True),
        "thin": noted(chance, draw(2, "Letters to the editor", 3, 16), now, diligent=True),
        "next door": replace(draw(2, "Tea and letters in South Burlington", 2, 10, near), host=None),
        "full": _waited_for(chance, now, full, 4),
    }


def _waited_for(chance: random.Random, now: datetime, made: Gathering, count: int) -> Gathering:
    return replace(made, waiting=shape.late(chance, min(now, made.starts_at), made.parties, count))


def running(made: Gathering, now: datetime, since: timedelta) -> Gathering:
    """As if it had begun so long ago, at a quarter of an hour."""
    starts = now - since
    starts -= timedelta(minutes=starts.minute % 15, seconds=starts.second, microseconds=starts.microsecond)
    return replace(made, starts_at=starts, ends_at=starts + timedelta(hours=3))


def noted(chance: random.Random, made: Gathering, now: datetime, *, diligent: bool = False) -> Gathering:
    """With what its host noted until now: calls on the day before, who came, who walked in."""
    share = chance.betavariate(8, 3)  # of those who said so, who come
    calls, takes = (diligent or chance.random() < part for part in (CALLED, TAKEN))
    parties = []
    for party in made.parties:
        came = chance.random() < share
        arrives = made.starts_at + timedelta(minutes=chance.triangular(-15, 45, 5))
        marked = (came, arrives if came else made.ends_at)
        called = min(
            made.starts_at - timedelta(hours=chance.uniform(20, 28)), now - timedelta(hours=chance.uniform(1, 5))
        )
        parties.append(
            party._replace(
                called=(chance.choice(CALLS), called)
                if calls and party.at < called and chance.random() < 0.6
                else None,
                marked=marked if takes and marked[1] <= now else None,
            )
        )
    for _ in range(chance.choice([0, 1, 2, 3]) if takes else 0):
        arrives = made.starts_at + timedelta(minutes=chance.uniform(5, 40))
        if arrives <= now:
            parties.append(Party(1, arrives, marked=(True, arrives), walked_in=True))
    return replace(made, parties=parties)


def _day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
