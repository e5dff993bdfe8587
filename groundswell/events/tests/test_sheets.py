"""The sign-in sheet: what is printed, the codes, and typing them in afterwards."""

import re
from uuid import UUID

import pytest
import typst
from django.test import Client

from groundswell.events import services, sheets
from groundswell.events.models import RSVP, Host
from groundswell.events.tests import making
from groundswell.kit import clock, paper
from groundswell.kit.ids import new_id
from groundswell.ledger.models import Entry
from groundswell.people.rules import NewPerson

pytestmark = pytest.mark.django_db


@pytest.fixture
def printed(monkeypatch):
    """What goes onto the paper."""
    kept = {}
    monkeypatch.setattr(sheets, "pdf", lambda template, values: kept.update(values) or paper.pdf(template, values))
    return kept


def come(event, given, family="", guests=0):
    email = f"guest{RSVP.objects.count()}@example.org"
    return services.rsvp(making.first(event).pk, NewPerson(given, family, email), guests=guests)


def code_of(rsvp) -> str:
    return next(code for code, pk in sheets.codes(RSVP.objects.values_list("pk", flat=True)).items() if pk == rsvp.pk)


def type_in(client, event, **sent):
    return client.post(f"/events/{event.pk}/host/type-in", sent)


def today(event):
    """The event as it is the day after."""
    return making.ago(event, days=3, hours=24)


def running_now(event):
    now = clock.now()
    making.ago(event, seconds=(event.starts_at - now).total_seconds())
    return event


# --- codes ---------------------------------------------------------------------------------------------------------
def test_codes_are_short_unique_and_easy_to_read():
    found = sheets.codes(new_id() for _ in range(5_000))
    assert len(found) == 5_000
    assert {len(code) for code in found} == {4} and not set("".join(found)) & set("0O1IL2Z5S8BUQG")


def test_one_more_guest_changes_no_code_that_was_printed(monkeypatch):
    monkeypatch.setattr(sheets, "LENGTH", 1)  # so that nearly every code is wanted twice
    ids = [new_id() for _ in range(60)]
    whole = sheets.codes(ids)
    for n in range(1, 60):
        assert sheets.codes(reversed(ids[:n])).items() <= whole.items()


def test_control_a_code_that_is_drawn_twice_goes_to_one_guest(monkeypatch):
    monkeypatch.setattr(sheets, "_code", lambda pk, attempt: f"{min(attempt, 1)}{pk.int % 2}")
    first, second, third = UUID(int=2), UUID(int=4), UUID(int=5)
    assert sheets.codes([third, second, first]) == {"00": first, "10": second, "01": third}


# --- the paper -----------------------------------------------------------------------------------------------------
def test_the_sheet_is_a_pdf_with_every_guest_and_the_words_of_the_consents(world, alice, printed):
    come(world.event, "Łukasz", "Żółć", guests=2)
    reply = alice.get(f"/events/{world.event.pk}/host/sheet.pdf")
    assert reply["Content-Type"] == "application/pdf" and reply.content.startswith(b"%PDF")
    assert "no-store" in reply["Cache-Control"]
    (part,) = printed["parts"]
    assert [(row["name"], row["places"]) for row in part["guests"]] == [("Bob Canaria", 1), ("Łukasz Żółć", 3)]
    assert part["guests"][0]["code"] == code_of(world.rsvp)
    form = Client().get(f"/events/{world.event.pk}").content.decode()
    for _letter, words in printed["consents"]:
        assert words in form
    assert "EST" in printed["when"] or "EDT" in printed["when"]


def test_who_looks_at_the_sheet_is_in_the_ledger(world, alice):
    alice.get(f"/events/{world.event.pk}/host/sheet.pdf")
    assert Entry.objects.filter(kind="person.looked_at", person_id=world.bob.pk).exists()


def test_who_cancelled_is_not_on_the_sheet_and_who_waits_is_apart(world, alice, printed):
    event = making.published(Host.objects.get(event=world.event).person, shifts=[making.shift(1)])
    come(event, "Ann")
    come(event, "Wanda")
    services.cancel_rsvp(come(event, "Carl"))
    alice.get(f"/events/{event.pk}/host/sheet.pdf")
    assert [[row["name"] for row in part["guests"]] for part in printed["parts"]] == [["Ann"], ["Wanda"]]
    assert printed["parts"][1]["label"] == "Waiting list"


NAMES = ["Łukasz Żółć", "محمد علي", "李小龍", "אבי", "राम", "สมชาย", "김민준", "さくら", "Ngọc 😀", "ძმა", "አበበ"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_has_its_letters(name):
    assert glyphs(name) and not glyphs(name) & glyphs("\U00012000")  # a letter that no font has: an empty box


def glyphs(text: str) -> set[str]:
    """The shapes that are drawn for a text, with the fonts of the sheet."""
    fonts = re.search(r"font: (\(.+?\)),\n", sheets.TEMPLATE.read_text())[1]
    source = f"#set text(font: {fonts})\n#sys.inputs.name".encode()
    drawn = typst.compile(source, font_paths=paper._fonts(), sys_inputs={"name": text}, format="svg")
    return set(re.findall(r'<symbol id="(\w+)"', drawn.decode()))


def test_control_letters_that_no_font_has_are_empty_boxes():
    cuneiform = glyphs("\U00012000") & glyphs("\U00012001")
    assert cuneiform


def test_a_name_is_text_and_never_a_command(world, alice):
    come(world.event, '#panic("no")', "$ * _ [ ]")
    assert alice.get(f"/events/{world.event.pk}/host/sheet.pdf").status_code == 200


def test_a_co_host_prints_and_charlie_does_not(world):
    assert world.client("charlie").get(f"/events/{world.event.pk}/host/sheet.pdf").status_code == 404


# --- typing in -----------------------------------------------------------------------------------------------------
def test_codes_are_answered_with_names_and_wrong_ones_are_named(world, alice):
    ann = come(world.event, "Ann", guests=1)
    event = today(world.event)
    reply = type_in(alice, event, codes=f"{code_of(world.rsvp).lower()}, {code_of(ann)}\nXXXX")
    text = " ".join(re.sub(r"<[^>]+>", " ", reply.content.decode()).split())
    assert "Bob Canaria came" in text and "Ann + 1 2 of 2 came" in text
    assert "XXXX No such code on this sheet" in text
    assert set(RSVP.objects.filter(attended=True)) == {world.rsvp, ann}
    assert Entry.objects.filter(kind="event.attended").count() == 2


def places(kind):
    return sum(Entry.objects.filter(kind=kind).values_list("quantity", flat=True))


def test_of_a_party_so_many_came_as_are_typed_after_its_code(world, alice):
    event = world.event
    party = come(event, "Gus", guests=2)
    today(event)
    for typed, said, here in (("{} 2", "2 of 3 came", 2), ("{}", "was noted before", 2), ("{} 3", "3 of 3 came", 3)):
        assert said in type_in(alice, event, codes=typed.format(code_of(party))).content.decode()
        assert places("event.attended") == here and places("event.missed") == 3 - here
    assert "walked in: write them down" in type_in(alice, event, codes=f"{code_of(party)} 5").content.decode()
    type_in(alice, event, codes=f"{code_of(party)} 1 {code_of(world.rsvp)}")
    party.refresh_from_db()
    assert (party.attended, party.came, party.here) == (True, 1, 1)
    assert places("event.attended") == 2 and places("event.missed") == 2
    assert "2 came" in alice.get(f"/events/{event.pk}/host/type-in").content.decode()
    type_in(alice, event, codes=f"{code_of(party)} 0")
    party.refresh_from_db()
    assert (party.attended, party.came) == (False, None)
    assert places("event.attended") == 1 and places("event.missed") == 3


def test_a_code_typed_twice_notes_it_once(world, alice):
    event = today(world.event)
    type_in(alice, event, codes=code_of(world.rsvp))
    assert "was noted before" in type_in(alice, event, codes=code_of(world.rsvp)).content.decode()
    assert Entry.objects.filter(kind="event.attended").count() == 1


def test_a_slip_is_undone(world, alice):
    event = today(world.event)
    type_in(alice, event, codes=code_of(world.rsvp))
    assert "is not marked any more" in type_in(alice, event, undo=world.rsvp.pk).content.decode()
    world.rsvp.refresh_from_db()
    assert world.rsvp.attended is None


def test_those_who_are_not_ticked_did_not_come(world, alice):
    ann = come(world.event, "Ann")
    event = today(world.event)
    type_in(alice, event, codes=code_of(ann))
    page = alice.get(f"/events/{event.pk}/host/type-in").content.decode()
    assert "Bob Canaria" in page and "1 is not marked yet" in page
    type_in(alice, event, rest="1")
    assert dict(RSVP.objects.values_list("person__given_name", "attended")) == {"Ann": True, "Bob": False}


def test_before_its_day_nothing_is_typed_in(world, alice):
    reply = type_in(alice, world.event, codes=code_of(world.rsvp))
    assert reply.status_code == 422 and "still to come" in reply.content.decode()
    type_in(alice, world.event, rest="1")
    assert not RSVP.objects.exclude(attended=None).exists()


def test_while_the_event_runs_nobody_is_missed_yet(world, alice):
    ann = come(world.event, "Ann", guests=1)
    event = running_now(world.event)
    reply = type_in(alice, event, codes=f"{code_of(ann)} 1 {code_of(world.rsvp)} 0")
    assert reply.status_code == 422 and "It is not over yet." in reply.content.decode()
    assert not RSVP.objects.exclude(attended=None).exists()
    assert "1 of 2 came" in type_in(alice, event, codes=f"{code_of(ann)} 1").content.decode()
    today(event)
    type_in(alice, event, codes=f"{code_of(world.rsvp)} 0")
    assert RSVP.objects.get(pk=world.rsvp.pk).attended is False


def test_nothing_is_typed_in_of_an_event_that_was_called_off(world, alice):
    event = running_now(world.event)
    services.mark_attended(come(event, "Ann"), True, making.TEST)
    services.cancel(event, making.TEST)
    for sent in ({"codes": code_of(world.rsvp)}, {"undo": RSVP.objects.get(attended=True).pk}):
        reply = type_in(alice, event, **sent)
        assert reply.status_code == 422 and "This event is called off." in reply.content.decode()
    page = alice.get(f"/events/{event.pk}/host/type-in").content.decode()
    assert 'id="codes"' not in page and "Type the code" not in page
    today(event)
    page = type_in(alice, event, rest="1").content.decode()
    assert "This event is called off." in page and "did not come" not in page
    assert dict(RSVP.objects.values_list("person__given_name", "attended")) == {"Ann": True, "Bob": None}


def test_nobody_undoes_what_is_of_another_event(world, alice):
    other = making.published(making.person("gus"))
    ann = come(other, "Ann")
    making.ago(other, days=4)
    services.mark_attended(ann, True, making.TEST)
    assert type_in(alice, today(world.event), undo=ann.pk).status_code == 404
    assert type_in(alice, world.event, undo="x").status_code == 404


def test_charlie_types_nothing_in(world):
    event = today(world.event)
    assert type_in(world.client("charlie"), event, codes=code_of(world.rsvp)).status_code == 404
    assert not RSVP.objects.exclude(attended=None).exists()
