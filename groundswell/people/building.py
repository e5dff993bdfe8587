"""The builder's form: a segment as inputs named by where they stand in the tree, and back. No database.

The tree is `t`, its second part `t.1`; an input is called `t.1:days`. What was written stays as it is: `segments.read`
says what is wrong with it.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from groundswell.people import hooks, lists
from groundswell.people.conditions import OWN, Condition, Field, Text
from groundswell.people.segments import DEEPEST, HOWS, MOST, BadSegment

ROOT = "t"
Data = dict[str, Any]


# --- from the form and back ----------------------------------------------------------------------------------------
def posted(form: Mapping[str, str]) -> Data:
    """The data of a posted builder."""
    return _posted(form, ROOT) or {"all": []}


def _posted(form: Mapping[str, str], path: str) -> Data | None:
    if (name := form.get(f"{path}:is")) is not None:
        condition = hooks.conditions.get(name)
        fields = condition.fields if condition else ()
        return {"is": name} | {one.name: form.get(f"{path}:{one.name}", str(one.initial)) for one in fields}
    how = form.get(f"{path}:how")
    if how not in HOWS or path.count(".") > DEEPEST:
        return None
    parts = (_posted(form, f"{path}.{place}") for place in range(MOST + 1))
    return {how: [part for part in parts if part]}


def changed(data: Data, do: str, new: str = "") -> Data:
    """The data after a button was pressed: `add:t.1` a condition called `new`, `group:t.1`, `remove:t.1.0`."""
    data = deepcopy(data)
    what, _colon, path = do.partition(":")
    root, *places = path.split(".")
    try:
        *above, last = (int(place) for place in places) if what == "remove" else (*map(int, places), -1)
        if root != ROOT:
            pass
        elif what == "remove":
            del _parts(data, above)[last]
        elif what == "group":
            _parts(data, above).append({"any": []})
        elif what == "add" and (condition := hooks.conditions.get(new)):
            fields = {one.name: str(one.initial) for one in condition.fields}
            _parts(data, above).append({"is": new} | fields)
    except (IndexError, ValueError):
        pass  # a button of a page that is not the newest
    return data


def _parts(data: Data, path: list[int]) -> list[Any]:
    ((_how, parts),) = (pair for pair in data.items() if pair[0] in HOWS)
    return _parts(parts[path[0]], path[1:]) if path else parts


# --- what the page shows -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class FieldShown:
    """An input with what stands in it."""

    field: Field
    name: str
    value: str
    options: list[tuple[str, Text]]
    error: str
    decides: bool  # whether other inputs appear by it

    @property
    def id(self) -> str:
        return self.name.replace(".", "-").replace(":", "-")

    @property
    def shape(self) -> str:
        """Long lists and texts need room."""
        return "roomy" if self.field.options in {"deeds", "scopes", "fields"} or self.field.kind == "text" else ""


@dataclass(frozen=True)
class PartShown:
    """A condition with its inputs, or a group with its parts."""

    path: str
    how: str = ""
    parts: "list[PartShown]" = field(default_factory=list)
    condition: Condition | None = None
    fields: list[FieldShown] = field(default_factory=list)
    error: str = ""

    @property
    def id(self) -> str:
        return self.path.replace(".", "-")

    @property
    def may_nest(self) -> bool:
        return self.path.count(".") < DEEPEST - 2


def shown(data: Data, wrong: BadSegment | None = None) -> PartShown:
    """The builder of some data, with what is wrong at its place."""
    return _shown(data, (), wrong)


def _shown(data: Data, places: tuple[int, ...], wrong: BadSegment | None) -> PartShown:
    path = ".".join([ROOT, *map(str, places)])
    message = str(wrong) if wrong and wrong.path == places else ""
    if "is" not in data:
        ((how, parts),) = data.items()
        inner = [_shown(part, (*places, place), wrong) for place, part in enumerate(parts)]
        return PartShown(path, how, inner, error=message)
    condition = hooks.conditions.get(data["is"])
    if condition is None:
        return PartShown(path, error=message)
    field = wrong.field if wrong and message else ""
    deciding = {one.asked_if[0] for one in condition.fields if one.asked_if}
    fields = [
        FieldShown(
            one,
            f"{path}:{one.name}",
            str(data.get(one.name, one.initial)),
            _options(one, str(data.get(one.name, one.initial))),
            message if field == one.name else "",
            one.name in deciding,
        )
        for one in condition.fields
        if one.asked(data)
    ]
    return PartShown(path, condition=condition, fields=fields, error="" if field else message)


def _options(one: Field, value: str) -> list[tuple[str, Text]]:
    """What there is to choose from; what was chosen stays on the list."""
    if one.options is None:
        return []
    options = [*(hooks.lists[one.options]() if isinstance(one.options, str) else one.options)]
    known = {option for option, _label in options}
    if value and value not in known:
        return [(value, lists.label(str(one.options), value)), *options]
    return options if value in known else [("", "—"), *options]


def conditions() -> list[Condition]:
    """What can be added: this floor's first."""
    return [*OWN, *(one for one in hooks.conditions.values() if one not in OWN)]
