"""What import-linter cannot see: foreign keys and templates that point up or sideways, and the rules of the house."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField, Model

ROOT = Path(__file__).parent.parent.parent
HOUSE = ROOT / "groundswell"
FLOORS = {
    "kit": 0,
    "ledger": 1,
    "jobs": 1,
    "powers": 2,
    "people": 3,
    "sources": 4,
    "messaging": 5,
    "journeys": 6,
    "events": 7,
    "intake": 9,
    "web": 11,
}
MODULES = [
    path
    for path in sorted(HOUSE.rglob("*.py"))
    if "migrations" not in path.parts and "tests" not in path.parts and path.stat().st_size
]


def floor_of(app: str) -> int:
    return FLOORS[app]


def app_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0]


def points_wrongly(source: str, target: str) -> bool:
    """Up, or sideways on the same floor."""
    return source != target and floor_of(target) >= floor_of(source)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_every_package_has_a_floor():
    packages = {path.name for path in HOUSE.iterdir() if (path / "__init__.py").exists()} - {"config"}
    assert packages == set(FLOORS)


def test_foreign_keys_point_down():
    wrong = [
        f"{model.__name__}.{field.name}"
        for app in FLOORS
        for model in apps.get_app_config(app).get_models()
        for field in [*model._meta.get_fields()]
        if isinstance(field, ForeignKey | ManyToManyField)
        and not field.auto_created
        and field.related_model._meta.app_label in FLOORS
        and points_wrongly(app, field.related_model._meta.app_label)
    ]
    assert wrong == []


def test_a_foreign_key_that_points_up_would_be_found():
    assert points_wrongly("people", "events")
    assert points_wrongly("ledger", "jobs")
    assert not points_wrongly("events", "people")


def calls_get_model(module: ast.Module) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "get_model" for node in ast.walk(module))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_goes_round_the_imports(path):
    assert not calls_get_model(tree(path)), "apps.get_model reaches what an import may not"


def test_a_call_of_get_model_would_be_found():
    assert calls_get_model(ast.parse("apps.get_model('events', 'Event')"))


TEMPLATE = re.compile(r"""\{%\s*(?:include|extends)\s+["']([a-z_]+)/""")


def templates_named_in(text: str) -> set[str]:
    return set(TEMPLATE.findall(text))


def test_templates_take_fragments_from_below_only():
    wrong = []
    for path in HOUSE.rglob("templates/**/*.html"):
        app = app_of(path)
        for named in templates_named_in(path.read_text()):
            if named in FLOORS and points_wrongly(app, named):
                wrong.append(f"{path.relative_to(ROOT)} takes from {named}")
    assert wrong == []


def test_a_template_that_takes_from_above_would_be_found():
    assert templates_named_in('{% include "web/nav.html" %}') == {"web"}
    assert points_wrongly("events", "web")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(tree(path)), "a module opens with its purpose and boundary"


def test_no_room_is_called_after_nothing():
    names = {"utils", "helpers", "common", "misc"}
    assert [path for path in HOUSE.rglob("*") if path.stem in names and ".venv" not in path.parts] == []


def test_apps_init_holds_no_code():
    for app in FLOORS:
        body = tree(HOUSE / app / "__init__.py").body
        assert len(body) == 1 and isinstance(body[0], ast.Expr), f"groundswell/{app}/__init__.py holds code"


def test_no_model_overrides_save():
    for app in FLOORS:
        for model in apps.get_app_config(app).get_models():
            assert model.save is Model.save or "save" not in vars(model), f"{model.__name__} overrides save()"


def listens_to_signals(module: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.db.models.signals")
        for node in ast.walk(module)
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_flow_by_signals(path):
    assert not listens_to_signals(tree(path))


def test_a_signal_would_be_found():
    assert listens_to_signals(ast.parse("from django.db.models.signals import post_save"))


def model_managers_used(module: ast.Module) -> list[int]:
    return [node.lineno for node in ast.walk(module) if isinstance(node, ast.Attribute) and node.attr == "objects"]


VIEWS = [path for path in MODULES if path.stem.endswith("views") or path.parent.name == "views"]


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: str(path.relative_to(ROOT)))
def test_views_get_objects_from_selectors_only(path):
    assert model_managers_used(tree(path)) == [], "a view asks a selector or a gate, never a manager"


def test_a_view_that_uses_a_manager_would_be_found():
    assert model_managers_used(ast.parse("def page(request): return Person.objects.get(pk=1)")) == [1]


INLINE = re.compile(
    r"""\sstyle\s*=|\son[a-z]+\s*=\s*["']|<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)[^>]*>"""
)


def test_no_inline_style_or_script():
    wrong = [str(path) for path in HOUSE.rglob("templates/**/*.html") if INLINE.search(path.read_text())]
    assert wrong == []


def test_inline_style_and_script_would_be_found():
    for bad in ('<p style="x">', "<script>alert(1)</script>", '<a onclick="x()">'):
        assert INLINE.search(bad)
    for good in ('<script src="x.js" defer></script>', '<script type="application/ld+json">{}</script>', "<p>"):
        assert not INLINE.search(good)
