"""Segments at headquarters: built by clicking, counted within reach, saved, frozen, sampled, compared, removed."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from groundswell.ledger.models import Entry
from groundswell.people import counting, services
from groundswell.people.models import Person, Segment
from groundswell.people.verbs import SEE
from groundswell.powers.services import give
from groundswell.powers.viewer import Viewer
from tests.cast import sign_in

VERMONT = "movement.place.us.vt"
NEW = "/hq/segments/new"
TAGGED = {"t:how": "all", "t.0:is": "tag", "t.0:tag": "canary-tag"}
EVERYBODY = {"t:how": "all"}
KEPT = {"name": "Everybody", "keeps": "living", "sample": "all", "sample_size": "", "seed": "7"}


@pytest.fixture
def dana(world):
    return world.client("dana")


@pytest.fixture
def alice(world):
    """Leads Vermont: sees people there, with a second factor."""
    give(world.users["dana"], world.users["alice"], SEE, VERMONT)
    client = world.client("alice")
    sign_in(client, world.users["alice"], strong=True)
    return client


def viewer(world, name):
    return Viewer(world.users[name], strong=True)


def people_in(page) -> int:
    found = re.search(r'<strong class="number">([\d,]+)</strong>', page.content.decode())
    return int(found[1].replace(",", ""))


def mine():
    """The segments that a test saved."""
    return Segment.objects.exclude(name="Canaries")


def press(client, do, **fields):
    return client.post(NEW, {**KEPT, **fields, "do": do})


# --- building ------------------------------------------------------------------------------------------------------
def test_the_count_the_sentence_and_the_people_are_shown_while_building(world, dana):
    page = press(dana, "count", **TAGGED)
    assert people_in(page) == 1
    text = page.content.decode()
    assert "People who are tagged “canary-tag”." in text
    assert "Erin Canaria" in text and reverse("web:person", args=[world.erin.pk]) in text


def test_conditions_and_groups_are_added_and_taken_out_by_buttons(world, dana):
    page = press(dana, "add:t", **EVERYBODY, **{"t:new": "near"}).content.decode()
    assert 'name="t.0:place"' in page and "Not complete yet" in page and "aria-invalid" not in page
    near = {"t:how": "all", "t.0:is": "near", "t.0:within": "30", "t.0:unit": "mi", "t.0:place": "05401"}
    page = press(dana, "group:t", **near).content.decode()
    assert 'name="t.1:how"' in page and 'value="30"' in page
    page = press(dana, "group:t.1", **near, **{"t.1:how": "none"}).content.decode()
    assert 'name="t.1.0:how"' in page
    page = press(
        dana, "add:t.1.0", **near, **{"t.1:how": "none", "t.1.0:how": "any", "t.1.0:new": "tag"}
    ).content.decode()
    assert 'name="t.1.0.0:tag"' in page
    page = press(dana, "remove:t.0", **near, **{"t.1:how": "none"}).content.decode()
    assert 'name="t.0:how"' in page and "t.0:place" not in page


def test_a_group_that_holds_nothing_yet_asks_for_nothing(world, dana):
    page = press(dana, "group:t", **TAGGED)
    assert people_in(page) == 1 and "People who are tagged “canary-tag”." in page.content.decode()
    press(dana, "save", **TAGGED, **{"t.1:how": "any", "t.1.0:how": "none"})
    assert mine().get().tree == {"all": [{"is": "tag", "tag": "canary-tag"}]}


@pytest.mark.parametrize("do", ["remove:t.9", "remove:t", "add:t.7.7", "add:", "group:x", "add:t.0", "nothing", "%s"])
def test_a_button_that_leads_nowhere_changes_nothing(do, world, dana):
    page = press(dana, do, **TAGGED)
    assert page.status_code == 200 and people_in(page) == 1


def test_what_is_wrong_is_said_at_its_field(world, dana):
    near = {"t:how": "all", "t.0:is": "near", "t.0:within": "30", "t.0:unit": "mi", "t.0:place": "Nowhere at all"}
    page = press(dana, "count", **near).content.decode()
    assert 'id="t-0-place-wrong"' in page and "We do not know this place" in page
    reply = press(dana, "save", **near)
    assert reply.status_code == 422 and not mine().exists()


def test_the_count_alone_is_sent_to_who_asks_for_it(world, dana):
    part = dana.post(NEW, {**KEPT, **TAGGED, "do": "count"}, headers={"HX-Request": "true", "HX-Target": "result"})
    assert people_in(part) == 1 and b"<html" not in part.content and b"<form" not in part.content


def test_looking_and_counting_keep_nothing(world, dana):
    entries = Entry.objects.count()
    press(dana, "count", **TAGGED)
    assert not mine().exists() and Entry.objects.count() == entries


# --- saving --------------------------------------------------------------------------------------------------------
def test_a_segment_is_saved_changed_and_removed_and_the_ledger_says_so(world, dana):
    saved = press(dana, "save", **TAGGED)
    segment = mine().get()
    assert saved.headers["Location"] == reverse("people:segment", args=[segment.pk])
    assert segment.made_by == world.users["dana"]
    page = dana.get(saved.headers["Location"])
    assert people_in(page) == 1 and b"Erin Canaria" in page.content
    edit = reverse("people:edit_segment", args=[segment.pk])
    assert b"canary-tag" in dana.get(edit).content
    dana.post(edit, {**KEPT, **EVERYBODY, "name": "All", "do": "save"})
    segment.refresh_from_db()
    assert (segment.name, segment.tree) == ("All", {"all": []})
    assert b"All" in dana.get("/hq/segments").content
    dana.post(reverse("people:remove_segment", args=[segment.pk]))
    assert not mine().exists()
    kinds = Entry.objects.filter(on_kind="segment", on_id=segment.pk).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["segment.made", "segment.changed", "segment.removed"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "Name"), ({"name": "x" * 81}, "Name"), ({"sample": "percent", "sample_size": "101"}, "How many"),
     ({"sample": "number", "sample_size": ""}, "How many"), ({"sample": "some"}, "Of these"),
     ({"keeps": "x"}, "It means")],
)  # fmt: skip
def test_what_cannot_be_saved_is_named(wrong, field, world, dana):
    reply = dana.post(NEW, {**KEPT, **TAGGED, **wrong, "do": "save"})
    assert reply.status_code == 422 and not mine().exists()
    assert field.encode() in reply.content.split(b'role="alert"')[1][:400]


def test_a_living_segment_keeps_up_and_a_frozen_one_stays(world, dana):
    press(dana, "save", **TAGGED, name="living")
    press(dana, "save", **TAGGED, name="frozen", keeps="frozen")
    services.tag(world.bob, "canary-tag", actor="system:test")
    who = viewer(world, "dana")
    held = {one.name: counting.count(who, one).people for one in mine()}
    assert held == {"living": 2, "frozen": 1}


def test_a_sample_is_as_large_as_asked_and_the_same_seed_draws_the_same(world, dana):
    who = viewer(world, "dana")
    for n in range(60):
        services.find_or_add(services.NewPerson(email=f"p{n}@example.org"), how="test")

    def drawn(sample, size, seed):
        segment = Segment(tree={"all": []}, sample=sample, sample_size=size, seed=seed)
        return set(counting.members(who, segment).values_list("pk", flat=True))

    assert (
        len(drawn("number", 10, 1))
        == 10
        == counting.count(who, Segment(tree={"all": []}, sample="number", sample_size=10, seed=1)).people
    )
    assert drawn("number", 10, 1) == drawn("number", 10, 1) < drawn("number", 20, 1)
    assert drawn("number", 10, 1) != drawn("number", 10, 2)
    assert drawn("percent", 20, 1) < drawn("percent", 60, 1) < drawn("percent", 100, 1)
    assert 10 < len(drawn("percent", 50, 1)) < 55 and len(drawn("percent", 100, 1)) == Person.objects.count()


def test_two_segments_are_compared(world, dana):
    people = [services.find_or_add(services.NewPerson(email=f"p{n}@example.org"), how="test").person for n in range(6)]
    for n, person in enumerate(people):
        for tag in ["one"] * (n < 4) + ["other"] * (n > 2):
            services.tag(person, tag, actor="system:test")
    for tag in ("one", "other"):
        press(dana, "save", **(TAGGED | {"t.0:tag": tag}), name=tag)
    one, other = Segment.objects.get(name="one"), Segment.objects.get(name="other")
    compared = counting.compare(viewer(world, "dana"), one, other)
    assert (compared.only_one.people, compared.both.people, compared.only_other.people) == (3, 1, 2)
    page = dana.get(reverse("people:compare_segments"), {"one": one.pk, "other": other.pk}).content.decode()
    assert re.findall(r'<span class="figure">(\d+)</span>', page) == ["3", "1", "2"]
    assert dana.get(reverse("people:compare_segments"), {"one": "x"}).status_code == 200


# --- estimates -----------------------------------------------------------------------------------------------------
def test_what_takes_too_long_is_estimated_and_the_page_says_so(world, dana, monkeypatch):
    def never(*args):
        raise counting.TooSlow

    for n in range(250):
        services.find_or_add(services.NewPerson(email=f"p{n}@example.org"), how="test")
    monkeypatch.setattr(counting, "_exact", never)
    monkeypatch.setattr(counting, "_people", lambda: 10_000)
    page = press(dana, "count", **EVERYBODY).content.decode()
    assert "about " in page and "Estimated from a sample" in page
    monkeypatch.setattr(counting, "_estimate", never)
    page = press(dana, "count", **EVERYBODY).content.decode()
    assert "takes too long to count" in page


def test_a_sample_of_everybody_is_exact(world, monkeypatch):
    """The control: where the sample is all of them, nothing is estimated."""
    dana = viewer(world, "dana")
    whole = counting._estimate(dana, counting._holds(dana, Segment(tree={"all": []})), 1, counting.SAMPLE_MS)
    assert (whole.people, whole.estimated) == (Person.objects.count(), False)


# --- reach ---------------------------------------------------------------------------------------------------------
def test_a_leaders_segment_never_counts_or_shows_who_is_out_of_reach(world, dana, alice):
    Person.objects.filter(pk=world.erin.pk).update(scope="movement.place.us.ny")
    assert people_in(press(dana, "count", **TAGGED)) == 1
    for client_do in ("count", "group:t"):
        page = press(alice, client_do, **TAGGED)
        assert people_in(page) == 0 and b"Canaria" not in page.content
    assert people_in(press(alice, "count", **EVERYBODY)) == Person.objects.filter(scope__within=VERMONT).count() + 1
    press(dana, "save", **TAGGED, name="all of it", keeps="frozen")
    segment = mine().get()
    page = alice.get(reverse("people:segment", args=[segment.pk]))
    assert people_in(page) == 0 and b"Canaria" not in page.content
    for sample in ("number", "percent"):
        drawn = Segment(tree={"all": []}, sample=sample, sample_size=100, seed=1)
        assert world.erin not in counting.members(viewer(world, "alice"), drawn)
        assert world.erin in counting.members(viewer(world, "dana"), drawn)
    compared = counting.compare(viewer(world, "alice"), segment, Segment(tree={"all": []}))
    assert compared.both.people == 0


def test_a_frozen_segment_of_a_leader_holds_nobody_out_of_reach(world, dana, alice):
    Person.objects.filter(pk=world.erin.pk).update(scope="movement.place.us.ny")
    press(alice, "save", **TAGGED, keeps="frozen")
    assert people_in(dana.get(reverse("people:segment", args=[mine().get().pk]))) == 0


def test_a_sentence_names_nobody_out_of_reach(world, dana, alice):
    Person.objects.filter(pk=world.erin.pk).update(scope="movement.place.us.ny")
    brought = {"t:how": "all", "t.0:is": "brought", "t.0:by": str(world.erin.pk)}
    press(dana, "save", **brought)
    address = reverse("people:segment", args=[mine().get().pk])
    assert "Erin Canaria" in dana.get(address).content.decode()
    page = alice.get(address).content.decode()
    assert "Erin" not in page and "somebody out of your reach" in page


def test_only_its_maker_and_who_sees_everybody_change_a_segment(world, dana, alice):
    press(dana, "save", **TAGGED, name="of dana")
    press(alice, "save", **TAGGED, name="of alice")
    danas, alices = (Segment.objects.get(name=f"of {name}").pk for name in ("dana", "alice"))
    assert alice.get(reverse("people:edit_segment", args=[danas])).status_code == 404
    assert alice.post(reverse("people:remove_segment", args=[danas])).status_code == 404
    assert alice.get(reverse("people:edit_segment", args=[alices])).status_code == 200
    assert dana.post(reverse("people:remove_segment", args=[alices])).status_code == 302


def test_charlie_finds_no_such_page(world):
    charlie = world.client("charlie")
    for address in ("/hq/segments", NEW, "/hq/segments/compare"):
        assert charlie.get(address).status_code == 404


def test_the_pages_are_told_in_spanish(world, dana):
    press(dana, "save", **TAGGED)
    with translation.override("es"):
        page = dana.get(reverse("people:segment", args=[mine().get().pk])).content.decode()
    assert "Personas que tienen la etiqueta «canary-tag»." in page and "a tu alcance" in page
