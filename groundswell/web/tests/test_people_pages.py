"""The pages about people, through HTTP, with charlie at every door."""

from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from groundswell.ledger import selectors as ledger
from groundswell.people import selectors, services
from groundswell.people.models import Person
from groundswell.people.services import NewPerson, find_or_add, person_of_user
from groundswell.people.verbs import CHANGE, SEE
from groundswell.powers.models import User
from groundswell.powers.services import found_movement, give
from groundswell.powers.viewer import Viewer
from groundswell.sources import services as sources
from groundswell.sources.verbs import LINKS

VERMONT = "movement.place.us.vt"
CANARY = "canary-7q"  # in every field of erin, who is out of alice's and charlie's reach


@dataclass
class House:
    dana: Client
    alice: Client
    charlie: Client
    stranger: Client
    bob: Person
    erin: Person
    link: str


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def house(db, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    owner = found_movement("dana@example.org")
    alice, charlie = (User.objects.create_user(f"{name}@example.org") for name in ("alice", "charlie"))
    for verb in (SEE, CHANGE):
        give(owner, alice, verb, VERMONT)
    for user, given in ((owner, "Dana"), (alice, "Alice"), (charlie, "Charlie")):
        find_or_add(NewPerson(given_name=given, email=str(user.email)), how="test")
        person_of_user(user)
    bob = find_or_add(
        NewPerson(
            given_name="Bob", family_name="Øst", email="bob@example.org", phone="802-555-0123", postal_code="05401"
        ),
        how="test",
    ).person
    erin = find_or_add(
        NewPerson(given_name=CANARY, family_name="Hill", email=f"{CANARY}@example.net", phone="212-555-0199",
                  postal_code="10001", external=(CANARY, "17")),
        how="test",
    ).person  # fmt: skip
    services.agree(erin, "news", "email", f"{CANARY}: yes", "/events", actor=f"person:{erin.pk}")
    services.tag(erin, f"tag {CANARY}", actor="system:test")
    field = services.define_field("Best day", "choice", ["Saturday", "Sunday"], actor="system:test")
    services.define_field("Shirts", "number", actor="system:test")
    services.set_field(erin, field, "Sunday", actor="system:test")
    link = sources.make_link("Flyer", "flyer", actor="system:test")
    sources.arrive("flyer", person=bob)
    return House(*map(signed_in, (owner, alice, charlie)), Client(), bob, erin, link.code)


def page(name, *args):
    return reverse(f"web:{name}", args=args)


def body(answer):
    return answer.content.decode()


# --- charlie -------------------------------------------------------------------------------------------------------
def addresses(house):
    for person in (house.bob, house.erin):
        yield "get", page("person", person.pk)
        yield "post", page("tag", person.pk)
        yield "post", page("facts", person.pk)
        yield "post", page("untag", person.pk, uuid4())
    yield "get", page("people")
    yield "get", page("people") + "?q=" + CANARY
    yield "get", page("fields")
    yield "get", page("sources")
    yield "post", page("sources")


def test_charlie_finds_nothing_at_any_door_and_changes_nothing(house):
    before = len(ledger.newest(limit=500))
    for method, address in addresses(house):
        answer = getattr(house.charlie, method)(address, {"tag": "x", "label": "x", "fact-shirts": "3"})
        assert answer.status_code == 404, (method, address)
        assert CANARY not in body(answer).replace(address, "")
    assert len(ledger.newest(limit=500)) == before


def test_a_stranger_is_asked_to_sign_in(house):
    for method, address in addresses(house):
        answer = getattr(house.stranger, method)(address)
        assert answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))


def test_alice_reaches_bob_and_nothing_of_erin(house):
    assert house.alice.get(page("person", house.bob.pk)).status_code == 200
    for address in (
        page("people"),
        page("people") + "?q=canary",
        page("people") + "?q=Hill",
        page("people") + "?q=0199",
    ):
        answer = house.alice.get(address)
        assert answer.status_code == 200
        assert CANARY not in body(answer) and "erin" not in body(answer).lower()
    for method, address in addresses(house):
        if str(house.erin.pk) in address:
            assert getattr(house.alice, method)(address, {"tag": "x"}).status_code == 404


def test_out_of_reach_and_not_there_answer_alike(house):
    there, nowhere = (house.alice.get(page("person", pk)) for pk in (house.erin.pk, uuid4()))
    assert there.status_code == nowhere.status_code == 404
    assert body(there).replace(str(house.erin.pk), "") == body(nowhere).replace(
        nowhere.request["PATH_INFO"].rsplit("/", 1)[1], ""
    )


def test_without_a_second_factor_the_door_asks_for_one(house, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    for address in (page("people"), page("person", house.bob.pk)):
        answer = house.alice.get(address)
        assert answer.status_code == 302 and answer["Location"].startswith(reverse("mfa_index"))


def test_a_get_changes_nothing_where_a_post_is_meant(house):
    for name in ("tag", "facts"):
        assert house.dana.get(page(name, house.bob.pk)).status_code == 405


# --- search --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("query", ["bob", "ØST", "0123", "bob@exam", "(802) 555-0123"])
def test_search_shows_people_with_how_to_reach_them(query, house):
    shown = body(house.alice.get(page("people"), {"q": query}))
    assert page("person", house.bob.pk) in shown
    assert 'href="mailto:bob@example.org"' in shown and 'href="tel:+18025550123"' in shown
    assert "Burlington, VT 05401" in shown


def test_live_search_gets_the_table_alone(house):
    shown = body(house.alice.get(page("people"), {"q": "bob"}, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="found"))
    assert "<html" not in shown and page("person", house.bob.pk) in shown and 'role="status"' in shown


@pytest.mark.parametrize("query", ["nobody like this", "<script>alert(1)</script>", "\x00", "%" * 300, "'; --", "🌻"])
def test_a_search_that_finds_nobody_says_so_calmly(query, house):
    answer = house.alice.get(page("people"), {"q": query})
    assert answer.status_code == 200 and "<script>alert" not in body(answer)


def test_a_search_with_too_many_results_says_that_there_are_more(house, monkeypatch):
    from groundswell.web.views import people

    monkeypatch.setattr(people, "FOUND", 2)
    shown = body(house.dana.get(page("people")))
    assert "The 2 we met last of many" in shown and shown.count('<th scope="row">') == 2


# --- one person ----------------------------------------------------------------------------------------------------
def test_a_persons_page_shows_all_that_is_kept(house):
    shown = body(house.dana.get(page("person", house.erin.pk)))
    for text in (f"{CANARY}@example.net", "+1 212-555-0199", 'href="sms:+12125550199"', f"{CANARY}: yes",
                 f"tag {CANARY}", "New York, NY 10001", "Became known to us", "Was tagged"):  # fmt: skip
        assert text in shown or text.replace("+", "&#x2B;") in shown, text
    assert 'value="Sunday" selected' in shown
    assert "Flyer" in body(house.dana.get(page("person", house.bob.pk)))


def test_the_page_says_why_it_can_be_seen_and_counts_the_look(house):
    shown = body(house.alice.get(page("person", house.bob.pk)))
    assert "Why can I see this?" in shown and "dana" in shown.lower()
    house.alice.get(page("person", house.bob.pk))
    alice = User.objects.get(email="alice@example.org")
    looks = [entry.actor for entry in ledger.of_person(house.bob.pk) if entry.kind == "person.looked_at"]
    assert looks == [f"user:{alice.pk}"]


def test_names_are_shown_as_text(house):
    evil = find_or_add(
        NewPerson(given_name="<img src=x onerror=alert(1)>", family_name='" onmouseover="x', email="e@example.org"),
        how="test",
    ).person
    for address in (page("person", evil.pk), page("people")):
        shown = body(house.dana.get(address))
        assert "<img src=x" not in shown and '" onmouseover="x' not in shown
        assert "&lt;img src=x" in shown


def test_tags_go_on_and_come_off(house):
    answer = house.alice.post(page("tag", house.bob.pk), {"tag": "  Phone  bank "}, follow=True)
    assert "Phone bank" in body(answer)
    tag = selectors.tags_of(house.bob)[0]
    house.alice.post(page("untag", house.bob.pk, tag.pk))
    assert selectors.tags_of(house.bob) == []


def test_a_tag_that_is_too_long_is_refused_and_not_lost(house):
    answer = house.alice.post(page("tag", house.bob.pk), {"tag": "x" * 61})
    assert answer.status_code == 422 and "x" * 61 in body(answer)
    assert selectors.tags_of(house.bob) == []


def test_facts_are_kept_together_or_not_at_all(house):
    address = page("facts", house.bob.pk)
    wrong = house.alice.post(address, {"fact-best-day": "Saturday", "fact-shirts": "many"})
    assert wrong.status_code == 422 and "please write a number" in body(wrong) and 'value="many"' in body(wrong)
    assert selectors.field_values(house.bob) == {}
    house.alice.post(address, {"fact-best-day": "Saturday", "fact-shirts": "3"})
    house.alice.post(address, {"fact-shirts": "4", "given_name": "Mallory"})
    assert sorted(map(str, selectors.field_values(house.bob).values())) == ["4", "Saturday"]
    assert Person.objects.get(pk=house.bob.pk).given_name == "Bob"


def test_whoever_may_only_see_gets_no_forms_and_no_way_around(house):
    owner, carol = User.objects.get(email="dana@example.org"), User.objects.create_user("carol@example.org")
    give(owner, carol, SEE, VERMONT)
    client = signed_in(carol)
    shown = body(client.get(page("person", house.bob.pk)))
    assert "Bob" in shown and page("tag", house.bob.pk) not in shown and page("facts", house.bob.pk) not in shown
    assert client.post(page("tag", house.bob.pk), {"tag": "x"}).status_code == 404


def test_a_long_timeline_goes_on_page_by_page(house):
    for number in range(70):
        services.tag(house.bob, f"tag {number}", actor="system:test")
    address, seen = page("person", house.bob.pk), []
    while address:
        shown = body(house.alice.get(address))
        seen += [number for number in range(70) if f"<bdi>tag {number}</bdi></span>" in shown]
        part = shown.split('rel="next" href="')
        address = page("person", house.bob.pk) + part[1].split("#")[0].replace("&amp;", "&") if len(part) > 1 else ""
    assert sorted(seen) == list(range(70))


@pytest.mark.parametrize("before", ["", "x", "2026-01-01~1", "2026-01-01T00:00:00+00:00~x", "~", "2026-99-99T00:00Z~1"])
def test_nonsense_for_a_place_in_the_timeline_is_the_beginning(before, house):
    assert house.alice.get(page("person", house.bob.pk), {"before": before}).status_code == 200


def test_one_sees_oneself(house):
    dana = Person.objects.get(user__email="dana@example.org")
    assert "This is you." in body(house.dana.get(page("person", dana.pk)))


# --- fields and sources --------------------------------------------------------------------------------------------
def test_only_whoever_may_change_everybody_defines_a_field(house):
    assert "Define a field" in body(house.dana.get(page("fields")))
    shown = body(house.alice.get(page("fields")))
    assert "Best day" in shown and "Define a field" not in shown
    assert house.alice.post(page("fields"), {"label": "Pet", "type": "text"}).status_code == 404
    house.dana.post(page("fields"), {"label": "Pet", "type": "choice", "choices": "Cat\r\nDog\r\n"})
    assert [field.choices for field in selectors.fields() if field.label == "Pet"] == [["Cat", "Dog"]]


@pytest.mark.parametrize(
    "written",
    [{"label": "best DAY", "type": "text"}, {"label": "Pet", "type": "choice"}, {"label": "", "type": "text"}],
)
def test_a_field_that_cannot_be_defined_comes_back_filled(written, house):
    answer = house.dana.post(page("fields"), written)
    assert answer.status_code == 422 and 'role="alert"' in body(answer)
    assert len(selectors.fields()) == 2


def test_sources_are_listed_with_their_deeds_and_a_new_one_is_made(house):
    owner, alice = (User.objects.get(email=f"{name}@example.org") for name in ("dana", "alice"))
    give(owner, alice, LINKS)
    shown = body(house.alice.get(page("sources")))
    assert "Flyer" in shown and "?source=flyer" in shown
    house.alice.post(page("sources"), {"label": "Radio", "code": "wdev-radio"})
    assert "wdev-radio" in body(house.alice.get(page("sources")))
    again = house.alice.post(page("sources"), {"label": "Again", "code": "flyer"})
    assert again.status_code == 422 and "already" in body(again) and 'value="Again"' in body(again)


def test_the_timeline_is_the_viewers_own_reach(house):
    alice = User.objects.get(email="alice@example.org")
    with pytest.raises(selectors.NotFound):
        selectors.timeline(Viewer(alice, strong=True), house.erin)
