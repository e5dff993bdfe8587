"""Writing a mailing at headquarters: drafts side by side, in each language, previewed, kept as templates."""

import re
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from groundswell.messaging.models import Delivery, Draft, Mailing, Template
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.people import counting
from groundswell.people import services as people
from groundswell.people.services import NewPerson
from groundswell.people.verbs import SEE
from groundswell.powers.services import give
from tests.cast import sign_in

VERMONT = "movement.place.us.vt"
HTMX = {"HX-Request": "true", "HX-Target": "beside"}


@pytest.fixture
def dana(world):
    return world.client("dana")


@pytest.fixture
def alice(world):
    """Writes and sends mailings in Vermont, with a second factor; sees nobody."""
    for verb in (WRITE, SEND):
        give(world.users["dana"], world.users["alice"], verb, VERMONT)
    client = world.client("alice")
    sign_in(client, world.users["alice"], strong=True)
    return client


def url(world, name="write", **query):
    address = reverse(f"messaging:{name}", args=[world.mailing.pk])
    return f"{address}?{'&'.join(f'{key}={value}' for key, value in query.items())}"


def seen(client, world, **query) -> str:
    page = client.get(url(world, **query)).content.decode()
    return re.search(r'name="seen" id="seen" value="([0-9a-f]*)"', page)[1]


def save(client, world, *, draft=0, language="en", do="save", headers=None, stamp=None, **fields):
    query = {"draft": draft, "language": language}
    stamp = seen(client, world, **query) if stamp is None else stamp
    return client.post(url(world, **query), {"seen": stamp, "do": do, **fields}, headers=headers)


def text(world, draft=0, language="en"):
    version = world.mailing.drafts.get(number=draft).versions.filter(language=language).first()
    return version and (version.preview, version.body, {one.number: one.text for one in version.subjects.all()})


# --- writing -------------------------------------------------------------------------------------------------------
def test_a_draft_is_saved_with_its_subjects_and_preview(world, dana):
    reply = save(
        dana, world, subject_0="One", subject_2="Three", preview="P", body="Dear {first_name|friend},\r\nCome."
    )
    assert reply.status_code == 302
    assert text(world) == ("P", "Dear {first_name|friend},\nCome.", {0: "One", 2: "Three"})
    assert save(dana, world, subject_0="Only", body="Come.").status_code == 302
    assert text(world) == ("", "Come.", {0: "Only"})


def test_a_draft_is_written_in_each_language(world, dana):
    save(dana, world, language="es", subject_0="Esta noche", body="Ven.")
    assert text(world, language="es") == ("", "Ven.", {0: "Esta noche"})
    assert text(world)[1] == "Dear {first_name|friend}, come."


def test_saved_by_itself_it_says_so_and_shows_the_mail(world, dana):
    page = save(dana, world, headers=HTMX, subject_0="Hi {first_name}", body="Come.").content.decode()
    assert "Saved." in page and "Hi Dana" in page and "<iframe sandbox" in page and "<html" not in page
    stamp = re.search(r'id="seen" value="([0-9a-f]+)" hx-swap-oob', page)[1]
    again = save(dana, world, headers=HTMX, stamp=stamp, subject_0="Hi", body="Come again.").content.decode()
    assert "Saved." in again and text(world)[1] == "Come again."


def test_saved_by_itself_the_languages_say_what_is_written_by_now(world, dana):
    before = dana.get(url(world, language="es")).content.decode()
    after = save(dana, world, language="es", headers=HTMX, subject_0="Esta noche", body="Ven.").content.decode()
    assert before.count("not yet") == 1
    assert 'id="tongues"' in after and after.count("hx-swap-oob") == 3 and "not yet" not in after


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"body": "One\nTwo {frist_name}"}, "Line 2: There is no field “frist_name”"),
        ({"subject_1": "Hi {name}"}, "Subject 2"),
        ({"preview": "In {town}"}, "There is no field “town”"),
        ({"body": "[[petition: x]]"}, "There is no block “petition”"),
        ({"subject_0": "One\r\nBcc: all@example.org"}, "A subject is one line"),
        ({"subject_0": "One\nTwo"}, "A subject is one line"),
        ({"subject_0": "One\0"}, "a character that cannot be written"),
        ({"body": "x\0"}, "a character that cannot be written"),
        ({"body": "x" * 100_001}, "This text has 100,001 characters"),
        ({"body": "x" * 2 * 1024 * 1024}, "This text has 2,097,152 characters"),
        ({"subject_0": "x" * 201}, "200"),
    ],
)
def test_what_cannot_go_is_not_saved_and_the_field_is_named(world, dana, fields, told):
    before = text(world)
    reply = save(dana, world, **{"subject_0": "S", "body": "B"} | fields)
    assert reply.status_code == 422 and told in reply.content.decode()
    page = save(dana, world, headers=HTMX, **{"subject_0": "S", "body": "B"} | fields)
    assert page.status_code == 200 and "Not saved yet" in page.content.decode() and told in page.content.decode()
    assert text(world) == before


def test_who_saves_second_does_not_wipe_out_what_another_wrote(world, dana, alice):
    stamp = seen(dana, world)
    save(dana, world, subject_0="Dana's", body="Dana's words.")
    reply = save(dana, world, stamp=stamp, subject_0="Old", body="From an old page.")
    assert reply.status_code == 422 and "somebody else changed this text" in reply.content.decode()
    assert text(world)[1] == "Dana's words."
    assert save(dana, world, do="over", stamp=stamp, subject_0="Old", body="From an old page.").status_code == 302
    assert text(world)[1] == "From an old page."


def test_buttons_put_blocks_and_fields_into_the_text_without_a_script(world, dana):
    page = save(dana, world, do="block:button", body="Hello").content.decode()
    assert "Hello\n\n[[button: Come along | https://]]" in page
    page = save(dana, world, do="field:city", body="In ").content.decode()
    assert "In {city|your town}" in page
    assert text(world)[1] == "Dear {first_name|friend}, come."


def test_drafts_stand_side_by_side(world, dana):
    for do in ("new", "copy"):
        assert dana.post(url(world, "drafts", draft=0), {"do": do}).status_code == 302
    assert text(world, 1) is None and text(world, 2) == text(world)
    page = dana.get(url(world, draft=2)).content.decode()
    assert page.count('class="letter"') == 3 and ">C</span>" in page
    dana.post(url(world, "drafts", draft=1), {"do": "remove"})
    assert [draft.number for draft in world.mailing.drafts.all()] == [0, 2]
    assert dana.get(url(world, draft=1)).status_code == 404
    for _n in range(6):
        reply = dana.post(url(world, "drafts", draft=0), {"do": "new"}, follow=True)
    assert world.mailing.drafts.count() == 6 and "At most 6 drafts" in reply.content.decode()


def test_the_last_draft_is_emptied_not_lost(world, dana):
    dana.post(url(world, "drafts"), {"do": "remove"})
    assert world.mailing.drafts.count() == 1 and text(world) is None
    assert dana.get(url(world)).status_code == 200


def test_a_draft_is_kept_as_a_template_and_begun_from(world, dana):
    save(dana, world, language="es", subject_1="Hola", body="Ven.")
    dana.post(url(world, "drafts"), {"do": "keep", "template_name": " Meeting "})
    kept = Template.objects.get(name="Meeting")
    dana.post(url(world, "drafts"), {"do": "begin", "template": kept.pk})
    assert text(world, 1) == text(world) and text(world, 1, "es") == ("", "Ven.", {1: "Hola"})
    assert "Meeting" in dana.get(reverse("messaging:templates")).content.decode()
    dana.post(reverse("messaging:remove_template", args=[kept.pk]))
    assert not Template.objects.filter(pk=kept.pk).exists() and text(world, 1)
    reply = dana.post(url(world, "drafts"), {"do": "keep", "template_name": " "}, follow=True)
    assert "Please write a name" in reply.content.decode()


@pytest.mark.parametrize("state", sorted(set(Mailing.State.values) - {"draft"}))
def test_words_that_are_settled_stay(world, dana, state):
    stamp = seen(dana, world)
    Mailing.objects.update(state=state)
    assert dana.get(url(world)).url == reverse("messaging:preview", args=[world.mailing.pk])
    save(dana, world, stamp=stamp, subject_0="Late", body="Late.")
    for do in ("new", "copy", "remove"):
        dana.post(url(world, "drafts"), {"do": do})
    assert text(world)[1] == "Dear {first_name|friend}, come." and world.mailing.drafts.count() == 1


# --- who may -------------------------------------------------------------------------------------------------------
def test_whoever_writes_elsewhere_sees_a_mailing_and_changes_only_their_own(world, dana, alice):
    assert alice.get(url(world)).status_code == 404
    assert alice.post(url(world), {"body": "x"}).status_code == 404
    assert alice.get(url(world, "preview")).status_code == 200
    Mailing.objects.update(made_by=world.users["alice"])
    assert alice.get(url(world)).status_code == 200
    charlie = world.client("charlie")
    for name in ("write", "preview", "shown"):
        assert charlie.get(url(world, name)).status_code == 404


# --- preview -------------------------------------------------------------------------------------------------------
def crowd(count):
    for n in range(count):
        person = people.find_or_add(NewPerson(f"Name{n:02}", "Hill", email=f"h{n}@example.org"), how="test").person
        people.tag(person, "canary-tag", actor="system:test")
    long = people.find_or_add(
        NewPerson("Wolfeschlegelsteinhausen", "Bergerdorff-Longest", email="l@example.org"), how="test"
    )
    bare = people.find_or_add(NewPerson("", "", email="bare@example.org"), how="test")
    for found in (long, bare):
        people.tag(found.person, "canary-tag", actor="system:test")
    return long.person, bare.person


def test_ten_people_of_the_audience_among_them_the_longest_and_the_emptiest(world, dana):
    long, bare = crowd(30)
    page = dana.get(url(world, "preview")).content.decode()
    assert page.count('class="person-chip"') == 10
    assert str(long.pk) in page and "the longest" in page and str(bare.pk) in page and "of whom we know least" in page
    assert "Wolfeschlegelsteinhausen: tonight" in page
    page = dana.get(url(world, "preview", person=bare.pk)).content.decode()
    assert "You: tonight" in page and "Dear friend, come." in page


def test_an_audience_that_takes_too_long_is_said_to(world, dana, monkeypatch):
    def too_slow(*_):
        raise counting.TooSlow

    monkeypatch.setattr(counting, "some", too_slow)
    page = dana.get(url(world, "preview")).content.decode()
    assert "takes too long to look through" in page and "You: tonight" in page
    assert dana.get(url(world, "checks")).status_code == 200


def test_a_large_audience_is_looked_up_in_a_sample(world, dana, monkeypatch):
    crowd(10)
    timeouts, real = [], counting._at_most

    def at_most(ms):
        timeouts.append(ms)
        if len(timeouts) == 1:
            raise counting.TooSlow
        return real(ms)

    monkeypatch.setattr(counting, "_at_most", at_most)
    assert "Wolfeschlegelsteinhausen" in dana.get(url(world, "preview")).content.decode()
    assert len(timeouts) == 2


def test_only_people_within_reach_are_shown(world, alice):
    page = alice.get(url(world, "preview")).content.decode()
    assert "Canaria" not in page and "Nobody of the audience is within your reach" in page
    assert alice.get(url(world, "shown", person=world.erin.pk)).status_code == 404
    give(world.users["dana"], world.users["alice"], SEE, VERMONT)
    page = alice.get(url(world, "preview")).content.decode()
    assert "Erin" in page
    assert "Dear Erin, come." in alice.get(url(world, "shown", person=world.erin.pk)).content.decode()


def test_the_frame_lets_nothing_act(world, dana):
    save(dana, world, subject_0="x", body="<script>alert(1)</script> {first_name}")
    reply = dana.get(url(world, "shown"))
    policy = reply["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and policy.endswith("; sandbox") and "script-src" not in policy
    assert "<script" not in reply.content.decode() and "&lt;script&gt;" in reply.content.decode()
    assert '<iframe class="tall" sandbox title=' in dana.get(url(world, "preview")).content.decode()


def test_a_reader_gets_their_language(world, dana):
    save(dana, world, language="es", subject_0="Esta noche", body="Ven, {first_name|amiga}.")
    world.erin.language = "es"
    world.erin.save()
    page = dana.get(url(world, "preview", person=world.erin.pk)).content.decode()
    assert "Esta noche" in page and "Ven, Erin." in page


# --- a test copy ---------------------------------------------------------------------------------------------------
def test_a_test_goes_to_oneself_under_each_subject(world, dana):
    save(dana, world, subject_0="Hi {first_name}", subject_1="Tonight", body="Dear {first_name|friend}, come.")
    reply = dana.post(url(world, "test"), follow=True)
    assert "A copy is on its way to dana@example.org" in reply.content.decode()
    rows = Delivery.objects.filter(key__startswith="mailing.test:")
    assert {row.subject for row in rows} == {"Test: Hi Dana", "Test: Tonight"}
    assert {row.address for row in rows} == {"dana@example.org"}
    assert all("Dear Dana, come." in row.text and "Dear Dana, come." in row.html for row in rows)


def test_in_a_test_nothing_leads_nowhere(world, dana):
    save(dana, world, subject_0="Tonight", body="Come.")
    dana.post(url(world, "test"))
    (row,) = Delivery.objects.filter(key__startswith="mailing.test:")
    assert 'href="#"' not in row.html and "Read this in the browser" not in row.html
    assert row.unsubscribe in row.html and row.unsubscribe in row.text
    assert dana.get(urlsplit(row.unsubscribe).path).status_code == 200
    assert "Read this in the browser" in dana.get(url(world, "shown")).content.decode()


def test_without_a_subject_there_is_nothing_to_test(world, dana):
    Draft.objects.all().delete()
    Draft.objects.create(mailing=world.mailing, number=0)
    reply = dana.post(url(world, "test"), follow=True)
    assert (
        "There is nothing to send yet" in reply.content.decode() and not Delivery.objects.filter(mailing=None).exists()
    )
