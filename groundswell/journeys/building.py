"""The builder's form: a journey as inputs named by where they stand, and back. What was written stays as it is:
`definitions.read` says what is wrong with it.

The beginning is `t`, the steps are `s.0`, `s.1`; those of a fork `s.1.then.0`. An input is called `s.0:number`.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from groundswell.journeys import definitions
from groundswell.journeys.definitions import BadJourney, Part
from groundswell.journeys.rules import BRANCHES, DEEPEST, MOST_STEPS
from groundswell.people.conditions import Field, Text

Data = dict[str, Any]


# --- from the form and back ----------------------------------------------------------------------------------------
def posted(form: Mapping[str, str]) -> Data:
    """The data of a posted builder."""
    begins = definitions.BEGINNINGS.get(form.get("t:is", ""))
    trigger = {"is": begins.name, **_values(form, begins, "t")} if begins else {"is": ""}
    return {"trigger": trigger, "steps": _steps(form, "s")}


def _steps(form: Mapping[str, str], above: str) -> list[Data]:
    known, found = definitions.steps(), []
    if above.count(".") > 2 * DEEPEST:
        return []
    for place in range(MOST_STEPS + 1):
        path = f"{above}.{place}"
        if part := known.get(form.get(f"{path}:is", "")):
            step = {"is": part.name, **_values(form, part, path)}
            if part.branches:
                step |= {branch: _steps(form, f"{path}.{branch}") for branch in BRANCHES}
            found.append(step)
    return found


def _values(form: Mapping[str, str], part: Part, path: str) -> Data:
    return {one.name: form.get(f"{path}:{one.name}", str(one.initial)) for one in part.fields}


def changed(data: Data, do: str, new: str = "") -> Data:
    """The data after a button was pressed: `add:s` a step called `new`, `remove:s.0`, `up:s.1`, `down:s.0`."""
    data = deepcopy(data)
    what, _colon, path = do.partition(":")
    try:
        if what == "add":
            if part := definitions.steps().get(new):
                step: Data = {"is": part.name} | {one.name: str(one.initial) for one in part.fields}
                _list_at(data, path).append(step | ({branch: [] for branch in BRANCHES} if part.branches else {}))
        elif what in ("remove", "up", "down"):
            above, _dot, last = path.rpartition(".")
            beside, place = _list_at(data, above), int(last)
            step = beside.pop(place)
            if what != "remove":
                beside.insert(max(0, place - 1) if what == "up" else place + 1, step)
    except (IndexError, KeyError, ValueError):
        pass  # a button of a page that is not the newest
    return data


def _list_at(data: Data, path: str) -> list[Data]:
    """The steps at a place: `s`, `s.1.then`. Raises KeyError, IndexError or ValueError."""
    _s, *rest = path.split(".")
    found: list[Data] = data["steps"]
    for place, branch in zip(rest[::2], rest[1::2], strict=True):
        found = found[int(place)][branch]
    return found


# --- what the page shows -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class FieldShown:
    """An input with what stands in it."""

    field: Field
    name: str
    value: str
    options: list[tuple[str, Text]]
    error: str

    @property
    def id(self) -> str:
        return self.name.replace(".", "-").replace(":", "-")

    @property
    def wide(self) -> bool:
        """Texts and long lists need room."""
        return self.field.kind in {"text", "long"} or self.field.options in ("beginnings", "helpers")


@dataclass(frozen=True)
class StepShown:
    """A step with its inputs and branches."""

    path: str
    part: Part
    fields: list[FieldShown]
    error: str = ""
    branches: "list[ListShown]" = field(default_factory=list)
    first: bool = False
    last: bool = False


@dataclass(frozen=True)
class ListShown:
    """Steps one after another; `label`: when they come."""

    path: str
    steps: list[StepShown]
    label: Text = ""
    error: str = ""
    addable: tuple[Part, ...] = ()

    @property
    def id(self) -> str:
        return self.path.replace(".", "-")


def beginning(data: Data, wrong: BadJourney | None = None) -> StepShown | None:
    """The inputs of how it begins."""
    part = definitions.BEGINNINGS.get(data["trigger"].get("is", ""))
    return _step(part, data["trigger"], "t", wrong) if part else None


def listed(data: Data, wrong: BadJourney | None = None) -> ListShown:
    """The steps, with what is wrong at its place."""
    return _listed(data["steps"], "s", wrong)


def _listed(steps: list[Data], path: str, wrong: BadJourney | None, label: Text = "") -> ListShown:
    known = definitions.steps()
    shown = [
        _step(known[step["is"]], step, f"{path}.{place}", wrong, place == 0, place == len(steps) - 1)
        for place, step in enumerate(steps)
        if step.get("is") in known
    ]
    deep = path.count(".") // 2 >= DEEPEST
    addable = tuple(part for part in known.values() if not (deep and part.branches))
    return ListShown(path, shown, label, str(wrong) if wrong and wrong.path == path else "", addable)


def _step(
    part: Part, data: Data, path: str, wrong: BadJourney | None, first: bool = False, last: bool = False
) -> StepShown:
    message = str(wrong) if wrong and wrong.path == path else ""
    bad = wrong.field if wrong and message else ""
    fields = [
        FieldShown(
            one,
            f"{path}:{one.name}",
            value := str(data.get(one.name, one.initial)),
            _options(one, value),
            message if bad == one.name else "",
        )
        for one in part.fields
    ]
    branches = [
        _listed(data.get(branch, []), f"{path}.{branch}", wrong, label)
        for branch, label in zip(BRANCHES, part.branches, strict=False)
    ]
    return StepShown(path, part, fields, "" if bad else message, branches, first, last)


def _options(one: Field, value: str) -> list[tuple[str, Text]]:
    options = [*definitions.lists_of(one)]
    return options if value in {option for option, _label in options} or not options else [("", "—"), *options]
