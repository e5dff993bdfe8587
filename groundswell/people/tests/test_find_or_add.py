"""One person, however often and however spelled they come in."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groundswell.ledger import selectors as ledger
from groundswell.people.models import ContactPoint, Person
from groundswell.people.services import BadDetails, NewPerson, finding
from groundswell.people.services import find_or_add as _find_or_add
from tests.at_once import STOP_AT_GATE, gate, together
from tests.functions import without

pytestmark = pytest.mark.django_db


def find_or_add(how="test", actor=None, **details):
    return _find_or_add(NewPerson(**details), how=how, actor=actor)


def kinds_of(person):
    return [entry.kind for entry in ledger.of_person(person.id)]


def test_a_new_person_is_added_and_recorded_by_themselves():
    found = find_or_add(given_name="Erin", family_name="Øst", email="erin@example.org", postal_code="05401")
    assert found.added
    kept = Person.objects.get()
    assert kept == found.person
    assert (kept.name, kept.postal_code, kept.scope) == ("Erin Øst", "05401", "movement.place.us.vt")
    assert kept.scope == found.person.scope
    entry = ledger.of_person(kept.id)[0]
    assert (entry.kind, entry.actor, entry.data) == ("person.added", f"person:{kept.id}", {"how": "test"})


@pytest.mark.parametrize(
    "spelled",
    [
        "Erin@Example.org",
        "  erin@example.org\t",
        "ERIN@EXAMPLE.ORG",
        "erin@ｅｘａｍｐｌｅ.org",
        "erin@example.org\u200b",
    ],
)
def test_an_email_in_another_spelling_names_the_same_person(spelled):
    person = find_or_add(email="erin@example.org").person
    found = find_or_add(email=spelled)
    assert (found.person, found.added) == (person, False)


def test_a_domain_in_letters_and_in_punycode_names_the_same_person():
    person = find_or_add(email="erin@bücher.example").person
    assert find_or_add(email="Erin@xn--bcher-kva.EXAMPLE").person == person


def test_an_external_id_names_the_person_within_its_system():
    person = find_or_add(email="erin@example.org", external=("mobilize", "17")).person
    assert find_or_add(external=("mobilize", "17"), given_name="E").person == person
    assert find_or_add(external=("van", "17"), given_name="E").added


def test_email_wins_over_external_id_and_nothing_moves():
    erin = find_or_add(email="erin@example.org").person
    bob = find_or_add(external=("van", "1")).person
    assert find_or_add(email="erin@example.org", external=("van", "1")).person == erin
    assert ContactPoint.objects.get(channel="external").person == bob


def test_a_phone_names_a_person_who_alone_has_it_and_says_the_same_first_name():
    ann = find_or_add(given_name="Ann", phone="(802) 555-0123").person
    assert find_or_add(given_name="ÀNN", phone="+1 802 555 0123").person == ann
    assert find_or_add(given_name="Bob", phone="802-555-0123").added
    assert find_or_add(given_name="Ann", phone="802.555.0123").added, "a phone two people share names nobody"


def test_a_phone_without_a_name_names_nobody():
    find_or_add(phone="802-555-0123")
    assert find_or_add(phone="802-555-0123").added


def test_a_stranger_cannot_put_their_address_on_a_record_by_knowing_its_phone_and_name():
    ann = find_or_add(given_name="Ann", phone="802-555-0123").person
    found = find_or_add(given_name="Ann", phone="802-555-0123", email="mallory@example.org")
    assert found.added and found.person != ann


def test_a_form_fills_what_is_empty_and_changes_nothing_that_is_there():
    find_or_add(given_name="Erin", email="erin@example.org")
    found = find_or_add(
        given_name="Mallory", family_name="Mallory", email="erin@example.org", postal_code="05401", phone="802-555-0123"
    )
    person = Person.objects.get()
    assert (person.given_name, person.family_name, person.postal_code) == ("Erin", "", "05401")
    assert person.scope == "movement.place.us.vt"
    assert [getattr(found.person, name) for name in finding._FILLED] == [
        getattr(person, name) for name in finding._FILLED
    ]
    find_or_add(email="erin@example.org", postal_code="10001", given_name="erin", family_name="Hill")
    person.refresh_from_db()
    assert (person.family_name, person.postal_code, person.scope) == ("Hill", "05401", "movement.place.us.vt")
    assert {point.value: point.verified_at for point in person.contact_points.all()} == {
        "erin@example.org": None,
        "+18025550123": None,
    }
    assert kinds_of(person)[::-1] == ["person.added", "person.changed", "person.contact_added", "person.changed"]


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"email": "erin"}, "email"),
        ({"email": ""}, "email"),
        ({"phone": "12"}, "phone"),
        ({"email": "e@example.org", "given_name": "x" * 101}, "given_name"),
        ({"email": "e@example.org", "family_name": "x" * 10_000}, "family_name"),
        ({"email": "e@example.org", "postal_code": "1" * 13}, "postal_code"),
        ({"external": ("", "1")}, "external"),
    ],
)
def test_what_cannot_be_kept_names_its_field_and_writes_nothing(details, field):
    with pytest.raises(BadDetails) as error:
        find_or_add(**details)
    assert error.value.field == field and str(error.value)
    assert not Person.objects.exists() and not ContactPoint.objects.exists()


@pytest.mark.parametrize("name", ["🌻 Zoë", "محمد علي", "<script>alert(1)</script>", "李", "O’Brien-Łukasz", "x" * 100])
def test_names_are_kept_as_text(name):
    find_or_add(given_name=name, email="e@example.org")
    assert Person.objects.get().given_name == name


def test_a_name_is_one_line_and_cannot_turn_the_page_around():
    find_or_add(given_name="\u202eEr\x00in\n\tHill ", email="e@example.org")
    assert Person.objects.get().given_name == "Erin Hill"


def test_a_person_costs_one_statement_known_or_new():
    details = {"given_name": "Erin", "email": "erin@example.org", "phone": "802-555-0123", "postal_code": "05401"}
    find_or_add(email="warm@example.org")
    with CaptureQueriesContext(connection) as new:
        find_or_add(**details)
    with CaptureQueriesContext(connection) as known:
        find_or_add(**details)
    asked_once = "ledger_ensure_months"  # per process and month
    assert [len([q for q in queries if asked_once not in q["sql"]]) for queries in (new, known)] == [1, 1]


# --- at once -------------------------------------------------------------------------------------------------------
THREADS = 50


@contextmanager
def unlocked():
    """Nobody waits for anybody who names the same person; and everybody has looked before anybody writes."""
    write = "INSERT INTO people_contactpoint"
    with (
        without("people_find_or_add", "pg_advisory_xact_lock(", "abs("),
        without("people_find_or_add", write, f"{STOP_AT_GATE} {write}"),
        gate(THREADS),
    ):
        yield


@pytest.mark.django_db(transaction=True)
def test_fifty_forms_at_once_add_one_person():
    found = together(lambda n: find_or_add(email=("erin@example.org", "ERIN@example.org")[n % 2]), THREADS)
    assert Person.objects.count() == 1 and ContactPoint.objects.count() == 1
    assert sum(one.added for one in found) == 1
    assert {one.person.id for one in found} == {Person.objects.get().id}


@pytest.mark.django_db(transaction=True)
def test_without_lock_and_constraint_fifty_forms_add_several():
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX contact_names_one_person")
    try:
        with unlocked():
            together(lambda n: find_or_add(email="erin@example.org"), THREADS)
        assert Person.objects.count() > 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE people_person CASCADE")
            cursor.execute(
                "CREATE UNIQUE INDEX contact_names_one_person ON people_contactpoint (channel, system, value)"
                " WHERE channel IN ('email', 'external')"
            )


@pytest.mark.django_db(transaction=True)
def test_fifty_forms_with_one_phone_add_one_person():
    together(lambda n: find_or_add(given_name="Ann", phone="802-555-0123"), THREADS)
    assert Person.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_one_phone_makes_several():
    with unlocked():
        together(lambda n: find_or_add(given_name="Ann", phone="802-555-0123"), THREADS)
    assert Person.objects.count() > 1


@pytest.mark.django_db(transaction=True)
def test_a_form_and_an_import_at_once_add_one_person():
    def work(n):
        if n % 2:
            return find_or_add(email="erin@example.org", phone="802-555-0123").person.id
        return finding.add_many([NewPerson(email="erin@example.org")], actor="system:import", how="import")[0]

    assert set(together(work, 20)) == {Person.objects.get().id}
    assert ContactPoint.objects.filter(channel="email").count() == 1
