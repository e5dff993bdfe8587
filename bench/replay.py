"""The real night of 29 July 2015 played again in memory, with nobody offered another event and with everybody.

What is assumed:

- Each RSVP is one place, and they ask in random order (the export says how many, not when).
- Recorded demand is what the export counts. Full events hid what more was wanted, so it hardly holds anybody to route:
  estimated demand lets an event that was full go on as those without a limit did. Its RSVPs in the last snapshot in
  which it had room are multiplied by how much the events with no limit grew from then until the eve.
- Whoever finds no room is offered what the page of a full event offers: the three nearest with room on that day, here
  within 25 miles. They consider one after the other and accept with a chance of 1 at its door, which halves with every
  10 miles.
"""

import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from groundswell.events.rules import room
from groundswell.kit import geo

NIGHT = Path(__file__).parent.parent.parent / "shared" / "data" / "july29"
DAY = "2015-07-29"
MILE_M = 1609.344
FURTHEST = 25  # miles
HALVES_EVERY = 10  # miles
OFFERED = 3
SEED = 29


@dataclass
class Event:
    """An event of that night. `near`: (metres, number) of others within reach, the nearest first."""

    key: str
    capacity: int | None
    rsvps: int
    at: tuple[float, float] | None
    near: list[tuple[float, int]] = field(default_factory=list)


@dataclass
class Outcome:
    """What came of a night.

    Attributes:
        full: events without a free place.
        turning_away: events whose own people found no place, there or where they were sent.
        empty: events with nobody.
        turned_away: people without a place.
        routed: people who came to another event than they asked for.
        over_capacity: events with more people than places.
    """

    full: int
    turning_away: int
    empty: int
    turned_away: int
    routed: int
    over_capacity: int


def run(folder: Path = NIGHT) -> dict[str, int | float]:
    """Play the night.

    Returns:
        events, rsvps, originally_over (capacity, in the export); then for the demands `recorded` and `estimated` and
        routing `off` and `on`: recorded_off_full and so on, as in `Outcome`; their ratios, on to off; and in_reach: how
        many of the empty events are in reach of one that turns people away, so that routing could fill them at all.
    """
    if not folder.exists():
        raise SystemExit("july29 is not there: this bench plays the night again from shared/data/july29.")
    events = _events(folder)
    figures: dict[str, int | float] = {
        "events": len(events),
        "rsvps": sum(event.rsvps for event in events),
        "originally_over": sum((room(event.capacity, event.rsvps) or 0) < 0 for event in events),
    }
    for name, demand in (("recorded", [e.rsvps for e in events]), ("estimated", _estimated(events, folder))):
        figures[f"{name}_demand"] = sum(demand)
        off, on = (vars(play(events, demand, routing=routing)) for routing in (False, True))
        figures |= {f"{name}_off_{what}": number for what, number in off.items()}
        figures |= {f"{name}_on_{what}": number for what, number in on.items()}
        for what in ("turning_away", "empty", "turned_away"):
            figures[f"{name}_ratio_{what}"] = round(on[what] / off[what], 2) if off[what] else 0
        short = {n for n, wanted in enumerate(demand) if (room(events[n].capacity, wanted) or 0) < 0}
        empty = [event for event, wanted in zip(events, demand, strict=True) if not wanted]
        figures[f"{name}_in_reach"] = sum(any(other in short for _metres, other in event.near) for event in empty)
    return figures


def play(events: Sequence[Event], demand: Sequence[int], *, routing: bool) -> Outcome:
    """Let everybody ask, one after the other. `demand`: how many ask at each event."""
    chance = random.Random(SEED)
    asked = [number for number, wanted in enumerate(demand) for _ in range(wanted)]
    chance.shuffle(asked)
    taken, sent_away, routed = [0] * len(events), [0] * len(events), 0
    for number in asked:
        if room(events[number].capacity, taken[number]) != 0:
            taken[number] += 1
            continue
        for metres, other in _offered(events, taken, number) if routing else []:
            if chance.random() < 0.5 ** (metres / MILE_M / HALVES_EVERY):
                taken[other] += 1
                routed += 1
                break
        else:
            sent_away[number] += 1
    left = [room(event.capacity, n) for event, n in zip(events, taken, strict=True)]
    return Outcome(
        full=left.count(0),
        turning_away=sum(map(bool, sent_away)),
        empty=taken.count(0),
        turned_away=sum(sent_away),
        routed=routed,
        over_capacity=sum(n is not None and n < 0 for n in left),
    )


def _offered(events: Sequence[Event], taken: Sequence[int], number: int) -> list[tuple[float, int]]:
    with_room = (near for near in events[number].near if room(events[near[1]].capacity, taken[near[1]]) != 0)
    return list(islice(with_room, OFFERED))


def _events(folder: Path) -> list[Event]:
    with (folder / "house_parties.csv").open() as file:
        events = [
            Event(
                row["id"],
                int(row["capacity"]) or None,
                int(row["rsvps"]),
                (float(row["lat"]), float(row["lon"])) if row["lat"] and row["lon"] else None,
            )
            for row in csv.DictReader(file)
            if row["start_local"].startswith(DAY)
        ]
    by_latitude = sorted((event.at, number) for number, event in enumerate(events) if event.at)
    reach = FURTHEST * MILE_M
    for index, (here, number) in enumerate(by_latitude):
        for there, other in by_latitude[index + 1 :]:
            if there[0] - here[0] > 0.5:  # degrees: more than the reach
                break
            if abs(there[1] - here[1]) < 2 and (metres := geo.distance_m(*here, *there)) <= reach:
                events[number].near.append((metres, other))
                events[other].near.append((metres, number))
    for event in events:
        event.near.sort()
    return events


def _estimated(events: Sequence[Event], folder: Path) -> list[int]:
    """How many would have asked had none been full."""
    seen: dict[str, dict[str, int]] = defaultdict(dict)  # snapshot: event: RSVPs
    with gzip.open(folder / "rsvps_over_time.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            seen[row["snapshot"]][row["id"]] = int(row["rsvps"])
    snapshots = sorted(seen)
    unlimited = {event.key: event.rsvps for event in events if event.capacity is None}
    growth = {}
    for at in snapshots:
        then = {key: seen[at][key] for key in unlimited if seen[at].get(key)}
        growth[at] = sum(unlimited[key] for key in then) / max(1, sum(then.values()))
    demand = []
    for event in events:
        with_room = [at for at in snapshots if 0 < seen[at].get(event.key, 0) < (event.capacity or 0)]
        was_full = event.capacity is not None and event.rsvps >= event.capacity
        wanted = seen[with_room[-1]][event.key] * growth[with_room[-1]] if was_full and with_room else 0
        demand.append(max(event.rsvps, round(wanted)))
    return demand
