"""Pure decisions of this floor: which step comes after which, and when somebody may go on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MOST_STEPS = 40
DEEPEST = 4  # forks in forks
BRANCHES = ("then", "else")
FORKS = {"if", "ask"}
LATE = timedelta(days=1)  # a deed that is older lets nobody in: a replay or a restored copy begins nothing

Step = Mapping[str, Any]
Steps = Sequence[Step]


def step_at(steps: Steps, path: str) -> Step:
    """The step at a place such as `2.then.0`. Raises KeyError or IndexError for none."""
    place, *rest = path.split(".", 2)
    step = steps[int(place)]
    return step_at(step[rest[0]], rest[1]) if rest else step


def first(steps: Steps) -> str | None:
    """Where one begins; None: there is nothing."""
    return "0" if steps else None


def after(steps: Steps, path: str, result: str) -> str | None:
    """Where one goes from a step that was passed so; None: the journey ends."""
    step = step_at(steps, path)
    if step["is"] == "end":
        return None
    if step["is"] in FORKS and step.get(result):
        return f"{path}.{result}.0"
    return _following(steps, path)


def _following(steps: Steps, path: str) -> str | None:
    """The next one beside it, or beside the fork it is in."""
    above, _dot, place = path.rpartition(".")
    fork, _dot, branch = above.rpartition(".")
    beside = step_at(steps, fork)[branch] if above else steps
    if int(place) + 1 < len(beside):
        return f"{above}.{int(place) + 1}" if above else str(int(place) + 1)
    return _following(steps, fork) if above else None


def walked(steps: Steps, above: str = "") -> Iterator[tuple[str, Step]]:
    """Every step with its place, as one reads them."""
    for place, step in enumerate(steps):
        path = f"{above}{place}"
        yield path, step
        for branch in BRANCHES if step["is"] in FORKS else ():
            yield from walked(step.get(branch, ()), f"{path}.{branch}.")


def until(step: Step, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Until when one stays at a step, by the person's clock; None: one passes it at once."""
    match step["is"]:
        case "wait":
            return now + timedelta(**{step["unit"]: step["number"]})
        case "until":
            return next_hour(now, zone, step["hour"], None if step["weekday"] == "any" else int(step["weekday"]))
        case "ask":
            return now + timedelta(hours=step["hours"])
    return None


def next_hour(now: datetime, zone: ZoneInfo, hour: int, weekday: int | None = None) -> datetime:
    """The next time it is that hour, on that weekday (0: Monday); now, where it is that hour already."""
    local = now.astimezone(zone)
    if local.hour == hour and weekday in (None, local.weekday()):
        return now
    days = 0 if weekday is None else (weekday - local.weekday()) % 7
    if days == 0 and local.hour >= hour:
        days = 1 if weekday is None else 7
    day = local.date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone)
