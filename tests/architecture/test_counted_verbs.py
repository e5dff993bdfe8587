"""A limit on a power means something only where each use is counted: every counted verb is spent by the code that does
it, and no other verb is."""

import ast
from importlib import import_module
from pathlib import Path

import groundswell
from groundswell.powers import hooks

ROOT = Path(groundswell.__file__).parent


def spent() -> set[str]:
    """The verbs that calls of `spend` name, outside of tests."""
    found = set()
    for path in sorted(ROOT.rglob("*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] != "spend":
                continue
            verb = node.args[1]
            assert isinstance(verb, ast.Attribute), f"{path}:{node.lineno} spends a verb that is not a constant"
            floor = path.relative_to(ROOT).parts[0]
            found.add(getattr(import_module(f"groundswell.{floor}.verbs"), verb.attr))
    return found


def test_every_counted_verb_is_spent_where_it_is_done_and_no_other():
    assert spent() == {verb.name for verb in hooks.verbs.values() if verb.counted and verb.name.split(".")[0] != "test"}


def test_some_are_counted():
    assert "events.review" in spent()
