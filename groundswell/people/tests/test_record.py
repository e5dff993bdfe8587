"""Tags, typed fields, addresses and the timeline of a person."""

import pytest

from groundswell.ledger import selectors as ledger
from groundswell.ledger.models import Entry
from groundswell.people import hooks, selectors, services
from groundswell.people.models import ContactPoint, Field, Person, Tag
from groundswell.people.services import BadDetails, BadValue, NewPerson, find_or_add
from groundswell.powers import hooks as powers
from groundswell.powers.models import User

ACTOR = "system:test"


def kinds_of(person):
    return [entry.kind for entry in ledger.of_person(person.pk)]


# --- tags ----------------------------------------------------------------------------------------------------------
def test_a_tag_is_one_word_in_any_case_and_put_once(cast):
    first = services.tag(cast.erin, "Phone bank", actor=ACTOR)
    assert services.tag(cast.erin, "  PHONE  BANK ", actor=ACTOR) == first
    assert services.tag(cast.bob, "phone bank", actor=ACTOR) == first
    assert [tag.name for tag in selectors.tags_of(cast.erin)] == ["Phone bank"]
    assert kinds_of(cast.erin).count("person.tagged") == 1


def test_a_tag_comes_off(cast):
    tag = services.tag(cast.erin, "host", actor=ACTOR)
    services.untag(cast.erin, tag.pk, actor=ACTOR)
    services.untag(cast.erin, tag.pk, actor=ACTOR)
    assert selectors.tags_of(cast.erin) == [] and kinds_of(cast.erin)[0] == "person.untagged"
    assert kinds_of(cast.erin).count("person.untagged") == 1


@pytest.mark.parametrize("name", ["", " \n ", "x" * 61])
def test_a_bad_tag_names_its_field(name, cast):
    with pytest.raises(BadDetails) as error:
        services.tag(cast.erin, name, actor=ACTOR)
    assert error.value.field == "tag" and not Tag.objects.exists()


# --- fields --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("type", "written", "kept"),
    [
        ("text", " <b>hi</b> 🌻\n", "<b>hi</b> 🌻"),
        ("number", "12", 12),
        ("number", "-3.50", -3.5),
        ("date", "2026-02-27", "2026-02-27"),
        ("yes_no", "yes", True),
        ("yes_no", "no", False),
        ("choice", "Saturday", "Saturday"),
    ],
)
def test_a_value_is_kept_in_its_type_and_emptied_by_nothing(type, written, kept, cast):
    field = services.define_field("Best day", type, ["Saturday", "Sunday"], actor=ACTOR)
    services.set_field(cast.erin, field, written, actor=ACTOR)
    services.set_field(cast.erin, field, written, actor=ACTOR)
    assert selectors.field_values(cast.erin) == {field.pk: kept}
    assert kinds_of(cast.erin).count("person.field_set") == 1, "the same again is no change"
    services.set_field(cast.erin, field, " ", actor=ACTOR)
    assert selectors.field_values(cast.erin) == {}
    assert kinds_of(cast.erin).count("person.field_set") == 2


@pytest.mark.parametrize(
    ("type", "written"),
    [
        ("text", "x" * 2001), ("number", "twelve"), ("number", "NaN"), ("number", "inf"), ("number", "1e400"),
        ("date", "27.2.2026"), ("date", "2026-02-30"), ("yes_no", "maybe"), ("choice", "Monday"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_what_was_expected(type, written, cast):
    field = services.define_field("Best day", type, ["Saturday", "Sunday"], actor=ACTOR)
    with pytest.raises(BadValue, match="Best day"):
        services.set_field(cast.erin, field, written, actor=ACTOR)
    assert selectors.field_values(cast.erin) == {}


@pytest.mark.parametrize(
    ("label", "type", "choices", "named"),
    [
        ("", "text", [], "label"),
        ("x" * 81, "text", [], "label"),
        ("Day", "colour", [], "type"),
        ("Day", "choice", ["Saturday", "Saturday"], "choices"),
    ],
)
def test_a_field_that_cannot_be_defined_names_what_is_wrong(label, type, choices, named, db):
    with pytest.raises(BadDetails) as error:
        services.define_field(label, type, choices, actor=ACTOR)
    assert error.value.field == named and not Field.objects.exists()


def test_a_label_in_any_script_makes_a_field_and_the_same_one_twice_does_not(db):
    assert services.define_field("最喜欢的日子", "text", actor=ACTOR).name
    services.define_field("Best day", "text", actor=ACTOR)
    with pytest.raises(BadDetails):
        services.define_field("best  DAY", "number", actor=ACTOR)


# --- addresses -----------------------------------------------------------------------------------------------------
def test_a_proven_address_is_used_before_another_and_a_dead_one_never(cast):
    old = cast.erin.contact_points.get()
    new = ContactPoint.objects.create(person=cast.erin, channel="email", value="erin@new.example")
    assert selectors.email_of(cast.erin) == "erin@example.net"
    services.verify(new)
    assert selectors.email_of(cast.erin) == "erin@new.example"
    services.verify(new)
    services.mark(new, ContactPoint.Status.BOUNCES)
    assert selectors.email_of(cast.erin) == "erin@example.net"
    services.mark(old, ContactPoint.Status.WRONG)
    assert (selectors.email_of(cast.erin), selectors.phone_of(cast.erin)) == ("", "")
    assert kinds_of(cast.erin).count("person.contact_verified") == 1


# --- sign-in -------------------------------------------------------------------------------------------------------
def test_a_user_is_the_person_with_their_proven_address(cast):
    user = User.objects.create_user("ERIN@example.net")
    person = services.person_of_user(user)
    assert person == cast.erin and person.user == user
    assert person.contact_points.get().verified_at
    assert services.person_of_user(user) == cast.erin
    assert powers.display_name(user) == "Erin Hill"


def test_a_user_we_never_met_becomes_a_person(db):
    person = services.person_of_user(User.objects.create_user("new@example.org"))
    assert person.contact_points.get().value == "new@example.org"


def test_an_address_on_anothers_record_moves_to_whoever_proves_it(cast):
    alice = Person.objects.get(user=cast.alice.user)
    ContactPoint.objects.create(person=alice, channel="email", value="mallory@example.org")
    mallory = User.objects.create_user("mallory@example.org")
    person = services.person_of_user(mallory)
    assert person != alice and person.user == mallory
    assert selectors.email_of(person) == "mallory@example.org"
    assert selectors.search(cast.dana, "mallory@") == [person]
    noted = Entry.objects.filter(kind__in=("person.contact_lost", "person.contact_added"), actor=f"user:{mallory.pk}")
    assert dict(noted.values_list("kind", "person_id")) == {
        "person.contact_lost": alice.pk,
        "person.contact_added": person.pk,
    }
    alice.refresh_from_db()
    assert alice.user == cast.alice.user


# --- timeline ------------------------------------------------------------------------------------------------------
def test_a_timeline_tells_what_happened_newest_first(cast, monkeypatch):
    tag = services.tag(cast.bob, "host", actor=f"user:{cast.alice.user.pk}")
    newest, first = selectors.timeline(cast.alice, cast.bob)
    assert (newest.sentence, newest.subject, newest.actor) == ("was tagged", "host", "Alice")
    assert (first.sentence, first.actor) == ("became known to us", "")
    monkeypatch.setitem(hooks.subjects, "tag", lambda ids: {tag.pk: ("a label", "/there")})
    line = selectors.timeline(cast.alice, cast.bob, limit=1)[0]
    assert (line.subject, line.address) == ("a label", "/there")


def test_a_timeline_goes_on_from_where_a_page_ended(cast):
    for number in range(7):
        services.tag(cast.bob, f"tag {number}", actor=ACTOR)
    whole = selectors.timeline(cast.alice, cast.bob)
    first = selectors.timeline(cast.alice, cast.bob, limit=5)
    rest = selectors.timeline(cast.alice, cast.bob, limit=5, before=first[-1].mark)
    assert first + rest == whole and len(whole) == 8


# --- many ----------------------------------------------------------------------------------------------------------
def add_many(*people, **options):
    return services.add_many(list(people), actor="system:import", how="import", **options)


def test_many_are_added_in_order_each_once(cast):
    ids = add_many(
        NewPerson(given_name="New", email="new@example.org", postal_code="05401"),
        NewPerson(email="BOB@example.org", given_name="Robert"),
        NewPerson(email="NEW@example.org"),
        NewPerson(external=("van", "9"), phone="802-555-0123"),
        batch=2,
    )
    new = Person.objects.get(pk=ids[0])
    assert (new.name, new.scope) == ("New", "movement.place.us.vt")
    assert ids[1] == cast.bob.pk and Person.objects.get(pk=ids[1]).given_name == "Bob"
    assert ids[2] == new.pk
    assert {point.channel for point in ContactPoint.objects.filter(person=ids[3])} == {"external", "phone"}
    assert kinds_of(new) == ["person.added"] and kinds_of(cast.bob) == ["person.added"]
    assert add_many(NewPerson(external=("van", "9"))) == [ids[3]]
    assert selectors.search(cast.dana, "new@") == [new]


def test_one_bad_row_stops_many_before_anything_is_written(cast):
    before = Person.objects.count()
    for bad in (NewPerson(email="nonsense"), NewPerson(given_name="Ann", phone="802-555-0123")):
        with pytest.raises(BadDetails):
            add_many(NewPerson(email="good@example.org"), bad, batch=1)
    assert Person.objects.count() == before


def test_a_person_found_later_by_form_is_one_that_came_in_bulk(db):
    ids = add_many(NewPerson(email="new@example.org"))
    assert find_or_add(NewPerson(email="New@example.org"), how="test").person.pk == ids[0]
