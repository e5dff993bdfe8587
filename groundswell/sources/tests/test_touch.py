"""A source code is counted when a deed comes through it, and never stops the deed."""

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groundswell.people.services import NewPerson, find_or_add
from groundswell.sources import rules, selectors, services
from groundswell.sources.models import Source, Touch
from tests.at_once import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin():
    return find_or_add(NewPerson(given_name="Erin", email="erin@example.org"), how="test").person


def test_a_deed_through_a_link_makes_a_touch_with_person_and_page(erin):
    link = services.make_link("Flyer, Burlington", "flyer-1", actor="system:test")
    assert services.arrive("flyer-1", person=erin, page="/events/1") == link
    touch = Touch.objects.get()
    assert (touch.source, touch.person, touch.page) == (link, erin, "/events/1")


def test_a_known_code_costs_one_statement(erin):
    services.make_link("Flyer", "flyer-1", actor="system:test")
    with CaptureQueriesContext(connection) as asked:
        services.arrive("flyer-1", person=erin)
    assert len(asked) == 1


@pytest.mark.parametrize("code", ["", "x" * 65, "a b", "<script>", "'; DROP TABLE x", "é", "a\nb", "a\x00b", "🌻"])
def test_a_malformed_code_is_ignored(code, erin):
    assert services.arrive(code, person=erin) is None
    assert not Source.objects.exists()


def test_a_code_nobody_issued_becomes_an_unknown_source_once(erin):
    first = services.arrive("tw-2015", person=erin)
    assert first.kind == Source.Kind.UNKNOWN
    assert services.arrive("tw-2015") == first
    assert Touch.objects.filter(source=first).count() == 2


def test_a_flood_of_new_codes_is_dropped_and_known_ones_still_count(erin, monkeypatch):
    monkeypatch.setattr(services, "NEW_UNKNOWN_PER_HOUR", 3)
    services.make_link("Flyer", "flyer", actor="system:test")
    made = [services.arrive(f"junk{n}", person=erin) for n in range(10)]
    assert [source is not None for source in made] == [True] * 3 + [False] * 7
    assert services.arrive("flyer", person=erin) and services.arrive("junk0", person=erin)
    assert services.arrive(services.early_code(), person=erin), "a sharer's code proves itself and is not limited"


def test_an_unknown_code_can_be_given_a_label_later(erin):
    services.arrive("tw-2015", person=erin)
    link = services.make_link("Tweet", "tw-2015", actor="system:test")
    assert (link.kind, link.touches.count()) == ("link", 1)
    with pytest.raises(services.BadLink) as error:
        services.make_link("Again", "tw-2015", actor="system:test")
    assert error.value.field == "code"


@pytest.mark.parametrize(
    ("label", "code", "field"), [("", "a", "label"), ("x" * 121, "a", "label"), ("A", "a b", "code")]
)
def test_a_bad_link_names_its_field(label, code, field):
    with pytest.raises(services.BadLink) as error:
        services.make_link(label, code, actor="system:test")
    assert error.value.field == field and not Source.objects.exists()


def test_nobody_takes_a_sharers_code_for_a_link(erin):
    with pytest.raises(services.BadLink):
        services.make_link("Mine", services.sharer_code(erin), actor="system:test")


# --- sharers -------------------------------------------------------------------------------------------------------
def test_a_person_has_one_sharers_code(erin):
    code = services.sharer_code(erin)
    assert code == services.sharer_code(erin) == selectors.sharer_code(erin)
    source = Source.objects.get()
    assert (source.code, source.kind, source.person) == (code, "sharer", erin)
    assert str(erin.pk)[:8] not in code


def test_a_sharers_code_is_good_before_anything_is_stored(erin):
    code = services.early_code()
    assert not Source.objects.exists()
    source = services.arrive(code, person=None, page="/events")
    assert (source.kind, source.person) == ("sharer", None)
    assert services.claim(code, erin)
    source.refresh_from_db()
    assert source.person == erin


def test_a_claim_before_the_first_arrival_stands_too(erin):
    code = services.early_code()
    assert services.claim(code, erin)
    assert services.arrive(code).person == erin


def test_nobody_claims_what_is_another_persons(erin):
    charlie = find_or_add(NewPerson(email="charlie@example.org"), how="test").person
    assert not services.claim(services.sharer_code(erin), charlie)
    assert Source.objects.get().person == erin


@pytest.mark.parametrize(
    "spoil", [lambda code: code[:-1] + ("a" if code[-1] != "a" else "b"), lambda code: "s-" + "a" * 14]
)
def test_a_forged_sharers_code_is_an_unknown_one(spoil, erin):
    forged = spoil(services.early_code())
    assert services.arrive(forged, person=erin).kind == Source.Kind.UNKNOWN
    assert not services.claim(forged, erin)


def test_a_code_of_another_secret_proves_nothing():
    code = rules.new_sharer_code("another secret", b"1234567")
    assert rules.is_sharer_code("another secret", code)
    assert not rules.is_sharer_code(settings.SECRET_KEY, code)


def test_a_code_is_a_code_and_codes_differ():
    codes = {services.early_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(rules.is_code(code) and len(code) == 16 for code in codes)


# --- at once -------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("new_code", [lambda: "tw-2015", services.early_code])
def test_one_code_first_used_by_many_at_once_is_one_source(new_code):
    code = new_code()
    found = together(lambda n: services.arrive(code), 8)
    assert {source.pk for source in found} == {Source.objects.get().pk}
    assert Touch.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_a_code_claimed_and_used_at_once_has_its_person(erin):
    code = services.early_code()
    together(lambda n: services.claim(code, erin) if n % 2 else services.arrive(code), 8)
    assert Source.objects.get().person == erin
    assert Touch.objects.count() == 4
