"""Segments: a tree of conditions over people, read from data, told as a sentence, compiled to SQL. No database."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.utils.translation import gettext

from groundswell.people import hooks
from groundswell.people.conditions import BadField, Condition, Label, Moment, Sql, Value

HOWS = ("all", "any", "none")
DEEPEST = 5  # groups in groups
MOST = 60  # conditions


class BadSegment(ValueError):
    """The data is no segment. `path` leads to the part: the places in their groups; the message is for its maker."""

    def __init__(self, path: tuple[int, ...], message: str, field: str = "") -> None:
        super().__init__(message)
        self.path, self.field = path, field


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition with its values."""

    condition: Condition
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Group:
    """All of its parts hold, or any, or none. Of no parts, all and none hold for everybody, any for nobody."""

    how: str
    parts: "tuple[Group | Leaf, ...]" = ()


Part = Group | Leaf


def read(data: object) -> Group:
    """A tree as it is stored: {"all": [{"is": "tag", "tag": "nurse"}, {"none": [...]}]}. Raises BadSegment."""
    tree = _read(data, ())
    if not isinstance(tree, Group):
        raise BadSegment((), gettext("A segment begins with a group of conditions."))
    if len(leaves(tree)) > MOST:
        raise BadSegment((), gettext("This is too much for one segment: at most %(most)s conditions.") % {"most": MOST})
    return tree


def _read(data: object, path: tuple[int, ...]) -> Part:
    if not isinstance(data, dict):
        raise BadSegment(path, gettext("This is not a condition."))
    if "is" in data:
        return read_leaf(data, path)
    (how, parts), *more = data.items() or [(None, None)]
    if more or how not in HOWS or not isinstance(parts, list):
        raise BadSegment(path, gettext("A group holds all, any or none of its conditions."))
    if len(path) >= DEEPEST:
        raise BadSegment(path, gettext("Groups are nested too deep: at most %(most)s.") % {"most": DEEPEST})
    if len(parts) > MOST:
        raise BadSegment(
            path, gettext("This is too much for one segment: at most %(most)s conditions.") % {"most": MOST}
        )
    return Group(how, tuple(_read(part, (*path, place)) for place, part in enumerate(parts)))


def read_leaf(data: Mapping[str, object], path: tuple[int, ...] = ()) -> Leaf:
    """One condition. Raises BadSegment, which names the field."""
    name = data["is"]
    condition = hooks.conditions.get(name) if isinstance(name, str) else None
    if condition is None:
        raise BadSegment(path, gettext("There is no such condition."))
    try:
        return Leaf(condition, condition.clean(data))
    except BadField as error:
        raise BadSegment(path, f"{error.field.label}: {error}", error.field.name) from None


def written(part: Part) -> dict[str, Any]:
    """The data of a tree: `read` gives the same tree again."""
    if isinstance(part, Leaf):
        return {"is": part.condition.name, **part.values}
    return {part.how: [written(one) for one in part.parts]}


def pruned(group: Group) -> Group:
    """Without the groups inside it that hold nothing: whoever builds has not filled them yet."""
    parts = [pruned(one) if isinstance(one, Group) else one for one in group.parts]
    return Group(group.how, tuple(one for one in parts if isinstance(one, Leaf) or one.parts))


def leaves(part: Part) -> list[Leaf]:
    """Every condition in it."""
    return [part] if isinstance(part, Leaf) else list(chain.from_iterable(leaves(one) for one in part.parts))


# --- SQL -----------------------------------------------------------------------------------------------------------
def compile(part: Part, moment: Moment, *, one_by_one: bool = False) -> Sql:
    """The tree as one condition on `people_person`; everything people wrote is in the parameters.

    Args:
        one_by_one: ask each condition of each person in turn, which is the quickest way for few people; else the
            planner is free to begin with the people for whom a condition holds.
    """
    sql = _compile(part, moment)
    return Sql(sql.text.replace("{fence}", "OFFSET 0" if one_by_one else ""), sql.params)


def _compile(part: Part, moment: Moment) -> Sql:
    if isinstance(part, Leaf):
        return part.condition.compile(part.values, moment)
    if not part.parts:
        return Sql("FALSE" if part.how == "any" else "TRUE")
    parts = [_compile(one, moment) for one in part.parts]
    if part.how == "none":
        text = " AND ".join(f"(NOT {one.text})" for one in parts)
    else:
        text = (" OR " if part.how == "any" else " AND ").join(one.text for one in parts)
    return Sql(f"({text})", tuple(chain.from_iterable(one.params for one in parts)))


# --- words ---------------------------------------------------------------------------------------------------------
def sentence(tree: Group, label: Label = lambda listed, value: value) -> str:
    """ "People who agree to news by email and live in Vermont, but never came to an event." """
    if not tree.parts:
        return gettext("Nobody.") if tree.how == "any" else gettext("Everybody.")
    return gettext("People who %(clauses)s.") % {"clauses": _clauses(tree, False, label)}


def _clauses(part: Part, denied: bool, label: Label, nested: bool = False) -> str:
    """What holds, or does not, for these people. A denial goes down to the conditions, which know how to say it."""
    if isinstance(part, Leaf):
        return part.condition.clause(part.values, denied, label)
    if not part.parts:
        return gettext("are nobody") if (part.how == "any") is not denied else gettext("are anybody")
    together = _together(part, denied)
    facts = _flat(part, denied, together)
    if len(facts) == 1:
        return _clauses(*facts[0], label, nested)
    told = [(_clauses(one, no, label, True), _denies(one, no)) for one, no in facts]
    if not together:
        found = _listed(
            [clause for clause, _no in told], gettext("%(these)s or %(last)s"), gettext("%(these)s, or %(last)s")
        )
    else:
        found = _together_told([clause for clause, no in told if not no], [clause for clause, no in told if no])
    return f"({found})" if nested else found


def _together_told(holds: list[str], denials: list[str]) -> str:
    both, several = gettext("%(these)s and %(last)s"), gettext("%(these)s, and %(last)s")
    if not holds or not denials:
        return _listed(holds or denials, both, several)
    told = {"this": _listed(holds, both, several), "that": _listed(denials, both, several)}
    return gettext("%(this)s, but %(that)s") % told


def _together(group: Group, denied: bool) -> bool:
    """Whether all that is said of its parts holds at once: else one of them suffices."""
    return (group.how == "any") is denied


def _flat(part: Part, denied: bool, together: bool) -> list[tuple[Part, bool]]:
    """The parts, and whether each is denied, without groups that say no more than the one around them."""
    if isinstance(part, Group) and part.parts and (len(part.parts) == 1 or _together(part, denied) is together):
        inner = denied is not (part.how == "none")
        return [fact for one in part.parts for fact in _flat(one, inner, together)]
    return [(part, denied)]


def _denies(part: Part, denied: bool) -> bool:
    """Whether it is said with a "not" or a "never"."""
    if isinstance(part, Group):
        return False
    never = part.condition.name == "deed" and part.values["how"] != "at_least" and part.values["times"] == 0
    return denied is not never


def _listed(clauses: list[str], two: str, several: str) -> str:
    """ "a and b"; "a, b, and c", whose comma keeps apart what has an "and" of its own."""
    *these, last = clauses
    if not these:
        return last
    return (two if len(these) == 1 else several) % {"these": ", ".join(these), "last": last}
