"""Journeys at headquarters: built by clicking, told in sentences, tried on last month, published, answered."""

import pytest
from django.db import connection
from django.urls import reverse

from groundswell.journeys import definitions, lists, rules, services, starters
from groundswell.journeys.models import Ask, Journey, Walk
from groundswell.journeys.tests.conftest import agrees, mail, somebody, wait
from groundswell.ledger import hooks as ledger
from groundswell.ledger.models import Entry
from groundswell.messaging.models import Delivery
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.people.verbs import SEE
from groundswell.powers.services import give
from tests.cast import sign_in

pytestmark = pytest.mark.django_db
VERMONT = "movement.place.us.vt"
BEGINS = {"name": "Welcome", "t:is": "deed", "t:kind": "consent.given", "t:on": ""}
WAITS = {"s.0:is": "wait", "s.0:number": "2", "s.0:unit": "days"}


@pytest.fixture
def page(world):
    return world.client("dana")


@pytest.fixture
def alice(world, dana):
    """Writes, sends and sees people in Vermont."""
    for verb in (WRITE, SEND, SEE):
        give(dana, world.users["alice"], verb, VERMONT)
    client = world.client("alice")
    sign_in(client, world.users["alice"], strong=True)
    return client


def at(name, journey):
    return reverse(f"journeys:{name}", args=[journey.pk])


def press(page, journey, do, fields, **more):
    return page.post(at("edit", journey), {**BEGINS, **fields, **more, "do": do})


def test_it_is_built_by_clicking_without_a_script(world, page):
    page.post(reverse("journeys:new"))
    made = Journey.objects.latest("made_at")
    shown = press(page, made, "add:s", {"s:new": "wait"}).content.decode()
    assert 'name="s.0:is" value="wait"' in shown and 'name="s.0:number" value="1"' in shown
    shown = press(page, made, "add:s", WAITS | {"s:new": "ask"}).content.decode()
    assert 'name="s.1:is" value="ask"' in shown and 'name="s.1.then:new"' in shown
    fork = WAITS | {"s.1:is": "ask", "s.1:who": "verb:people.see", "s.1:words": "Call <them>.", "s.1:hours": "12"}
    shown = press(page, made, "add:s.1.else", fork | {"s.1.else:new": "wait"}).content.decode()
    assert 'name="s.1.else.0:is" value="wait"' in shown
    shown = press(page, made, "up:s.1", fork).content.decode()
    assert 'name="s.0:is" value="ask"' in shown and 'name="s.1:number" value="2"' in shown
    shown = press(page, made, "remove:s.0", fork).content.decode()
    assert "s.1" not in shown and "Call &lt;them&gt;." in shown
    assert press(page, made, "save", fork).status_code == 302
    told = page.get(at("journey", made)).content.decode()
    assert "Whoever did this sets out: agreed." in told
    assert "Wait 2 days." in told
    assert "Ask whoever may there: see people and how to reach them: “Call &lt;them&gt;.” They have 12 hours." in told


def test_with_a_script_only_the_builder_changes(world, page):
    reply = page.post(
        at("edit", world.journey), {**BEGINS, "do": "add:s", "s:new": "end"}, headers={"HX-Target": "builder"}
    )
    assert "<html" not in reply.content.decode() and 'value="end"' in reply.content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Add a step"),
        (WAITS | {"s.0:number": "0"}, "Write a whole number from 1 to 365."),
        (WAITS | {"name": ""}, "Please write a name"),
        (WAITS | {"t:kind": "no.such"}, "Choose one of the list."),
        (WAITS | {"t:is": "segment", "t:segment": ""}, "Choose one of the list."),
        ({f"s.0:{name}": value for name, value in mail(body="{password}").items()}, "There is no field “password”"),
        ({f"s.0:{name}": value for name, value in mail(subject="{first_name").items()}, "without its other half"),
        ({f"s.0:{name}": value for name, value in (mail() | {"body_es": ""}).items()}, "Mail, Spanish"),
        ({"s.0:is": "ask", "s.0:who": "user:x", "s.0:words": "Call.", "s.0:hours": "5"}, "Choose one of the list."),
    ],
)
def test_what_is_wrong_is_told_at_its_place_and_nothing_is_published(world, page, fields, said):
    reply = press(page, world.journey, "publish", fields)
    assert reply.status_code == 422
    assert said in reply.content.decode()
    world.journey.refresh_from_db()
    assert world.journey.version is None


def test_only_deeds_that_name_somebody_are_offered(world, page):
    assert set(lists.OFFERED) <= set(ledger.kinds)
    shown = page.get(at("edit", world.journey)).content.decode()
    for kind in ("consent.given", "event.rsvp"):
        assert f'value="{kind}"' in shown
    for kind in ("people.field_defined", "mailing.finished"):
        assert f'value="{kind}"' not in shown
        assert press(page, world.journey, "publish", WAITS | {"t:kind": kind}).status_code == 422


def test_the_starter_can_be_published_as_it_is(world, page, dana):
    made = services.make(*starters.newcomer(), by=dana)
    data = {"name": made.name, "t:is": "deed", "t:kind": "consent.given", "t:on": ""}
    for path, step in rules.walked(made.draft["steps"]):
        data |= {f"s.{path}:{name}": value for name, value in step.items() if name not in rules.BRANCHES}
    assert page.post(at("edit", made), {**data, "do": "publish"}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.version.number) == ("running", 1)
    assert made.version.definition["steps"] == definitions.read(made.draft)["steps"]
    assert "hears from a human" in page.get(at("journey", made)).content.decode()
    assert "Esperar 1 día." in page.get("/es" + at("journey", made)).content.decode()


def test_the_numbers_stand_at_each_step(journey, later, page):
    made = journey(wait(1), mail())
    for name in ("frida", "greta"):
        agrees(somebody(name))
    later(seconds=1)
    shown = page.get(at("journey", made)).content.decode()
    assert "2 set out" in shown and "2 wait here" in shown
    later(days=1)
    shown = page.get(at("journey", made)).content.decode()
    assert "2 at the end" in shown and "2 passed" in shown and "2 mails" in shown


def test_it_pauses_and_goes_on(journey, page):
    made = journey(wait(1))
    page.post(at("turn", made), {"do": "pause"})
    made.refresh_from_db()
    assert made.state == "paused"
    page.post(at("turn", made), {"do": "resume"})
    made.refresh_from_db()
    assert made.state == "running"


# --- trying --------------------------------------------------------------------------------------------------------
def test_a_dry_run_shows_last_month_and_writes_nothing(world, page, later, dana):
    frida, greta = somebody("frida"), somebody("greta")
    agrees(frida)
    later(days=3)
    agrees(greta)
    agrees(frida)
    later(days=10)
    made = services.make(
        "Welcome",
        {
            "trigger": {"is": "deed", "kind": "consent.given", "on": ""},
            "steps": [mail(), wait(5), mail(subject="Later")],
        },
        dana,
    )
    entries = Entry.objects.count()
    reply = page.get(at("try", made))
    tried = reply.context["tried"]
    assert tried.entered == 2  # frida was on her way still when she agreed again; the world's own was by the system
    assert sum(mails for _day, mails, _asks in tried.days) == 4
    assert "Frida" in reply.content.decode() and "Later" in reply.content.decode()
    assert (Entry.objects.count(), Walk.objects.count()) == (entries, 0)
    assert not Delivery.objects.filter(key__startswith="journeys").exists()


def test_a_dry_run_keeps_to_the_reach_of_who_looks(world, page, alice, later, dana):
    near, far = somebody("frida", postal_code="05401"), somebody("greta", postal_code="94103")
    agrees(near)
    agrees(far)
    later(days=1)
    made = services.make(
        "Welcome", {"trigger": {"is": "deed", "kind": "consent.given", "on": ""}, "steps": [mail()]}, dana
    )
    assert page.get(at("try", made)).context["tried"].entered == 2
    reply = alice.get(at("try", made))
    assert reply.context["tried"].entered == 1
    assert "Greta" not in reply.content.decode()


def test_looking_and_trying_writes_no_row(world, page, journey):
    made = journey(wait(1), mail())
    for name in ("journey", "try", "edit"):
        before = written()
        assert page.get(at(name, made)).status_code == 200
        assert written() == before


def written():
    """How many rows of this floor's tables this transaction has written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables WHERE relname LIKE 'journeys%'"
        )
        return cursor.fetchone()


# --- who may -------------------------------------------------------------------------------------------------------
def test_others_change_only_their_own_and_publish_only_with_the_power(world, page, alice, dana):
    assert alice.get(at("journey", world.journey)).status_code == 200
    assert alice.get(at("edit", world.journey)).status_code == 404
    alice.post(reverse("journeys:new"), {"starter": "newcomer"})
    mine = Journey.objects.latest("made_at")
    assert mine.made_by == world.users["alice"]
    assert alice.get(at("edit", mine)).status_code == 200
    assert page.get(at("edit", mine)).status_code == 200
    world.users["alice"].grants.filter(verb=SEND).delete()
    assert press(alice, mine, "publish", WAITS).status_code == 404
    mine.refresh_from_db()
    assert mine.version is None


def test_charlie_finds_none_of_it(world, journey):
    made = journey(wait(1))
    charlie = world.client("charlie")
    for name in ("journey", "edit", "try"):
        assert charlie.get(at(name, made)).status_code == 404
    assert charlie.get(reverse("journeys:asks")).status_code == 404


# --- asked of you --------------------------------------------------------------------------------------------------
CALL = {"is": "ask", "who": "verb:people.see", "words": "Call them.", "hours": 12, "then": [], "else": []}


def test_whoever_sees_people_there_finds_it_on_their_list(world, page, alice, journey, later):
    journey(CALL)
    near, far = somebody("frida", postal_code="05401"), somebody("greta", postal_code="94103")
    agrees(near)
    agrees(far)
    later(seconds=1)
    shown = alice.get(reverse("journeys:asks")).content.decode()
    assert "Frida" in shown and "frida@example.org" in shown and "Greta" not in shown
    assert "Greta" in page.get(reverse("journeys:asks")).content.decode()
    hers, other = Ask.objects.get(person=near), Ask.objects.get(person=far)
    assert alice.post(reverse("journeys:answer", args=[other.pk]), {"do": "done"}).status_code == 404
    assert alice.post(reverse("journeys:answer", args=[hers.pk]), {"do": "done"}).status_code == 302
    hers.refresh_from_db()
    assert (hers.state, hers.answered_by) == ("done", world.users["alice"])
    again = page.post(reverse("journeys:answer", args=[hers.pk]), {"do": "done"}, follow=True).content.decode()
    assert "Somebody answered that already" in again


def test_who_is_asked_by_name_is_asked_alone(world, page, alice, journey, later):
    journey(CALL | {"who": f"user:{world.users['alice'].pk}"})
    agrees(somebody("frida", postal_code="05401"))
    later(seconds=1)
    assert "Frida" in alice.get(reverse("journeys:asks")).content.decode()
    assert "Frida" not in page.get(reverse("journeys:asks")).content.decode()
    alice.post(reverse("journeys:answer", args=[Ask.objects.get().pk]), {"do": "passed"})
    assert Ask.objects.get().state == "passed"
