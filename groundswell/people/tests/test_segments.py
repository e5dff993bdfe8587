"""A segment holds whom its conditions say, whatever is put together; what people write never becomes SQL."""

import random
import re
from contextlib import suppress

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundswell.people import counting, hooks, lists, segments
from groundswell.people.conditions import Condition, Sql, one_of
from groundswell.people.models import Person
from groundswell.people.tests.population import ASKED, holds, populate
from groundswell.people.tests.trees import LEAVES, MOMENT, TREES, hostile

STRUCTURE = re.compile(r" AND | OR |\(NOT |TRUE|FALSE|[()]")


def found(tree, one_by_one=False) -> set[str]:
    held = counting._Holds(segments.compile(segments.read(tree), MOMENT, one_by_one=one_by_one))
    return set(Person.objects.filter(held).values_list("given_name", flat=True))


# --- who is in it --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("one_by_one", [False, True])
def test_any_tree_holds_whom_the_oracle_says(one_by_one):
    population = populate()

    @given(TREES)
    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    def check(tree):
        assert found(tree, one_by_one) == {one.person.given_name for one in population if holds(tree, one)}

    check()


@pytest.mark.django_db
def test_the_oracle_tells_conditions_apart():
    """The control: every condition holds for some of the population and not for others."""
    population = populate()
    split = set()

    @given(LEAVES)
    @settings(max_examples=300, database=None, suppress_health_check=list(HealthCheck))
    def look(leaf):
        if 0 < sum(holds(leaf, one) for one in population) < len(population):
            split.add(leaf["is"])

    look()
    assert split == set(ASKED)


@pytest.mark.django_db
def test_groups_obey_the_algebra_of_sets():
    everybody = {one.person.given_name for one in populate(30)}

    @given(st.lists(LEAVES, min_size=1, max_size=3))
    @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
    def check(parts):
        each = [found({"all": [part]}) for part in parts]
        assert found({"all": parts}) == everybody.intersection(*each)
        assert found({"any": parts}) == set().union(*each)
        assert found({"none": parts}) == everybody - set().union(*each)
        assert found({"none": [{"any": parts}]}) == found({"none": parts})
        assert found({"none": [{"none": parts}]}) == found({"any": parts})

    check()
    assert found({"all": []}) == found({"none": []}) == everybody
    assert found({"any": []}) == set()


@pytest.mark.django_db
def test_the_condition_speaks_of_the_person_also_inside_another_query():
    population = populate(30)
    tree = {"all": [{"is": "tag", "tag": "nurse"}]}
    held = counting._Holds(segments.compile(segments.read(tree), MOMENT))
    inside = Person.objects.filter(pk__in=Person.objects.filter(held).values("pk"))
    assert {one.given_name for one in inside} == {one.person.given_name for one in population if "nurse" in one.tags}


# --- SQL -----------------------------------------------------------------------------------------------------------
def vocabulary() -> set[str]:
    """Every text that a condition compiles to where nobody means ill."""
    die, told = random.Random(0), set()
    for _n in range(10_000):
        with suppress(segments.BadSegment):
            tree = segments.read({"all": [hostile(die, deep=0, share=0)]})
            told |= pieces(segments.compile(tree, MOMENT).text)
    return told


def pieces(sql: str) -> frozenset[str]:
    return frozenset(piece.strip() for piece in STRUCTURE.split(sql) if piece.strip())


def test_what_people_write_is_in_the_parameters_only():
    die, known = random.Random(1), vocabulary()
    compiled = 0
    for _n in range(50_000):
        try:
            tree = segments.read({"all": [hostile(die)]})
        except segments.BadSegment:
            continue
        sql = segments.compile(tree, MOMENT)
        compiled += 1
        assert pieces(sql.text) <= known
        assert sql.text.count("%s") == len(sql.params)
    assert compiled > 10_000


@pytest.mark.django_db
def test_what_people_write_never_breaks_the_statement():
    die, compiled = random.Random(2), 0
    while compiled < 150:
        try:
            found({"all": [hostile(die)]}, one_by_one=die.random() < 0.5)
        except segments.BadSegment:
            continue
        compiled += 1


def test_a_text_in_the_sql_would_be_found(monkeypatch):
    """The control: a condition that writes a value into its SQL."""
    loose = Condition(
        "loose", "", (), lambda values, denied, label: "", lambda values, moment: Sql("people_person.language = 'es'")
    )
    known = vocabulary()
    monkeypatch.setitem(hooks.conditions, "loose", loose)
    assert not pieces(segments.compile(segments.read({"all": [{"is": "loose"}]}), MOMENT).text) <= known


@pytest.mark.parametrize(
    "data",
    [
        None, [], "all", {}, {"some": []}, {"all": {}}, {"all": [], "any": []}, {"all": [None]}, {"all": ["tag"]},
        {"is": "tag", "tag": "x"}, {"all": [{"is": "nothing"}]}, {"all": [{"is": ["tag"]}]},
        {"all": [{"is": "tag", "tag": ""}]}, {"all": [{"is": "tag", "tag": "x" * 61}]},
        {"all": [{"is": "tag", "tag": 1}]},
        {"all": [{"is": "near", "place": "Nowhere at all", "within": 5, "unit": "mi"}]},
        {"all": [{"is": "near", "place": "05401", "within": 0, "unit": "mi"}]},
        {"all": [{"is": "area", "scope": "movement.'; --"}]},
        {"all": [{"is": "known", "how": "since", "day": "9999-12-31"}]},
        {"all": [{"is": "deed", "kind": "event.attended", "times": "1e3"}]},
        {"all": [{"all": [{"all": [{"all": [{"all": [{"all": []}]}]}]}]}]},
        {"all": [{"is": "tag", "tag": "x"}] * 61},
    ],
)  # fmt: skip
def test_what_is_no_segment_is_refused(data):
    with pytest.raises(segments.BadSegment):
        segments.read(data)


def test_the_part_and_the_field_that_are_wrong_are_named():
    data = {
        "all": [{"is": "tag", "tag": "x"}, {"any": [{"is": "language", "language": "en"}, {"is": "tag", "tag": ""}]}]
    }
    with pytest.raises(segments.BadSegment) as error:
        segments.read(data)
    assert (error.value.path, error.value.field) == ((1, 1), "tag")


@given(TREES)
def test_a_tree_is_stored_and_read_again(tree):
    read = segments.read(tree)
    assert segments.read(segments.written(read)) == read


# --- words ---------------------------------------------------------------------------------------------------------
NEWS = {"is": "consent", "state": "given", "purpose": "news", "channel": "email"}
NEAR = {"is": "near", "within": 25, "unit": "mi", "place": "Burlington, VT"}
CAME = {"is": "deed", "kind": "event.attended", "how": "at_least", "times": 1, "when": "last", "days": 60}
HOSTED = {"is": "deed", "kind": "event.created", "how": "at_least", "times": 1, "when": "ever"}


def said(tree, language="en"):
    with translation.override(language):
        return segments.sentence(segments.read(tree), lists.label)


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"all": []}, "Everybody."),
        ({"any": []}, "Nobody."),
        ({"all": [NEWS]}, "People who agree to news by email."),
        (
            {"all": [NEWS, NEAR, CAME, {"none": [HOSTED]}]},
            "People who agree to news by email, live within 25 miles of Burlington, VT, and came to an event in the"
            " last 60 days, but never set up an event.",
        ),
        ({"any": [NEWS, HOSTED]}, "People who agree to news by email or set up an event."),
        (
            {"all": [NEAR, {"any": [NEWS, HOSTED]}]},
            "People who live within 25 miles of Burlington, VT and (agree to news by email or set up an event).",
        ),
        ({"none": [{"all": [NEWS, HOSTED]}]}, "People who do not agree to news by email or never set up an event."),
        ({"none": [{"none": [NEWS]}]}, "People who agree to news by email."),
        ({"none": [HOSTED | {"times": 3}]}, "People who set up an event at most 2 times."),
        ({"all": [HOSTED | {"how": "exactly", "times": 0}]}, "People who never set up an event."),
        ({"none": [HOSTED | {"how": "exactly", "times": 0}]}, "People who set up an event."),
        ({"none": [HOSTED | {"how": "at_most", "times": 2}]}, "People who set up an event at least 3 times."),
        (
            {"all": [HOSTED | {"kind": "person.tagged"}]},
            "People who have “was tagged” on their record.",
        ),
    ],
)  # fmt: skip
def test_a_segment_is_told_in_a_sentence(tree, sentence, db):
    assert said(tree) == sentence


def test_a_segment_is_told_in_spanish(db):
    assert said({"all": [NEWS, NEAR, CAME, {"none": [HOSTED, {"is": "tag", "tag": "x"}]}]}, "es") == (
        "Personas que aceptan noticias por correo electrónico, viven a 25 millas o menos de Burlington, VT, y"
        " asistieron a un evento en los últimos 60 días, pero nunca organizaron un evento y no tienen la etiqueta «x»."
    )


@given(TREES)
@settings(max_examples=150)
def test_every_sentence_is_whole(tree):
    said = segments.sentence(segments.read(tree))
    assert said.endswith(".") and "%(" not in said and said.count("(") == said.count(")")


# --- floors above --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_floor_above_adds_a_condition_of_its_own(monkeypatch):
    population = populate(30)
    odd = Condition(
        "odd",
        "Odd names",
        (one_of("end", "Ends with", (("1", "one"), ("2", "two"))),),
        lambda values, denied, label: f"{'do not ' if denied else ''}end with {values['end']}",
        lambda values, moment: Sql(
            "EXISTS (SELECT FROM people_person other WHERE other.id = people_person.id"
            " AND right(other.given_name, 1) = %s {fence})",
            (values["end"],),
        ),
    )
    monkeypatch.setattr(hooks, "conditions", dict(hooks.conditions))
    hooks.register_condition(odd)
    tree = {"all": [{"is": "odd", "end": "2"}, {"none": [{"is": "tag", "tag": "nurse"}]}]}
    assert found(tree) == {
        one.person.given_name for one in population if one.person.given_name.endswith("2") and "nurse" not in one.tags
    }
    assert said(tree) == "People who end with 2, but are not tagged “nurse”."
    with pytest.raises(ValueError, match="registered twice"):
        hooks.register_condition(Condition("odd", "", (), odd.clause, odd.compile))
