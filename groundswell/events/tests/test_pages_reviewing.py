"""Reviewing: who decides on which event, on what they read, and what is looked over again."""

import html

import pytest
from django.test import Client

from groundswell.events import services, verbs
from groundswell.events.models import Event
from groundswell.events.services import hosting
from groundswell.events.tests import making
from groundswell.events.tests.filling import answers, decision
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import user_actor
from groundswell.people.services import person_of_user as people_of_user
from groundswell.powers.services import give, proved_address
from tests import cast as people_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_time_trap")]


def test_reviewers_publish_or_send_back_with_a_note(world):
    client = world.client("dana")
    text = client.get("/hq/review").content.decode()
    assert "first" in text and "Send back with this note" in text
    client.post(*decision(world.waiting, "send_back", note=""))
    world.waiting.refresh_from_db()
    assert world.waiting.state == "waiting"
    client.post(*decision(world.waiting, "send_back", note="Please say where to park."))
    world.waiting.refresh_from_db()
    assert world.waiting.state == "draft" and world.waiting.note == "Please say where to park."
    services.submit(world.waiting)
    client.post(*decision(world.waiting))
    client.post(*decision(world.waiting))  # a colleague was quicker: told, no error
    world.waiting.refresh_from_db()
    assert world.waiting.state == "published"


def test_the_queue_says_who_else_may_decide_and_where(world, client):
    dana, alice, charlie = (world.users[name] for name in ("dana", "alice", "charlie"))
    assert "Nobody else may decide so far." in world.client("dana").get("/hq/review").text
    give(dana, alice, "events.review", "movement.place.us.vt")
    give(dana, charlie, "events.review", "movement.place.us.tx")
    assert "Alice (Vermont), Charlie (Texas) may decide, too." in world.client("dana").get("/hq/review").text
    people_cast.sign_in(client, alice, strong=True)
    assert ">Dana may decide, too." in client.get("/hq/review").text


@pytest.mark.parametrize("how", [{"act": "publish"}, {"act": "send_back", "note": "Nearly there."}])
@pytest.mark.parametrize("version", ["0", "", "x", "-1"])
def test_a_decision_is_on_what_was_read(world, how, version):
    client = world.client("dana")
    assert 'name="version" value="0"' in client.get("/hq/review").content.decode()
    services.change(world.waiting, making.TEST, title="Something else")
    reply = client.post(*decision(world.waiting, **(how | {"version": version})), follow=True)
    assert "It was changed meanwhile. Please look at it again." in reply.content.decode()
    world.waiting.refresh_from_db()
    assert world.waiting.state == "waiting"
    client.post(*decision(world.waiting, **how))
    world.waiting.refresh_from_db()
    assert world.waiting.state != "waiting"


def test_nobody_decides_on_their_own_event(world):
    services.add_host(world.waiting, people_of_user(world.users["dana"]), making.TEST)
    client = world.client("dana")
    words = "You host this event, so somebody else decides on it."
    assert words in client.get("/hq/review").content.decode()
    for how in ({"act": "publish"}, {"act": "send_back", "note": "Me."}):
        assert words in client.post(*decision(world.waiting, **how), follow=True).content.decode()
    world.waiting.refresh_from_db()
    assert world.waiting.state == "waiting"


def saved_by(world, **changed):
    """alice saves her event with other answers; the page she comes back to."""
    event = world.event
    event.refresh_from_db()
    shift = making.first(event)
    kept = {"shifts-INITIAL_FORMS": "1", "shifts-0-id": str(shift.pk)}
    same = {
        "title": event.title,
        "description": "",
        "venue": event.venue,
        "street": event.street,
        "city": event.city,
        "version": event.version,
        **kept,
    }
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    text = client.post(f"/events/{event.pk}/edit", answers(**(same | changed)), follow=True).content.decode()
    event.refresh_from_db()
    return text


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Buy my coins"},
        {"description": "Buy my coins"},
        {"street": "1 Other Rd"},
        {"postal_code": "05602"},
        {"online": "yes", "online_url": "https://coins.example"},
    ],
)
def test_what_a_reviewer_let_through_is_reviewed_again_while_the_host_is_new(world, page, changed):
    sentence = "a person looks it over before everybody sees it again"
    assert sentence in world.client("alice").get(f"/events/{world.event.pk}/edit").content.decode()
    assert "A person looks it over now, before everybody sees it again." in saved_by(world, **changed)
    assert world.event.state == "waiting"
    assert page.get(f"/events/{world.event.pk}").status_code == 404
    world.rsvp.refresh_from_db()
    assert world.rsvp.state == "going"
    world.client("dana").post(*decision(world.event))
    world.event.refresh_from_db()
    assert world.event.state == "published" and page.get(f"/events/{world.event.pk}").status_code == 200


def test_those_who_come_hear_of_another_place_once_it_is_published_again(world):
    saved_by(world, street="1 Other Rd")
    saved_by(world, venue="The barn")
    before = world.event.sequence
    world.client("dana").post(*decision(world.event))
    world.event.refresh_from_db()
    last = Entry.objects.filter(kind="event.changed", on_id=world.event.pk).latest("pk")
    assert set(last.data["fields"]) == {"street", "venue"}
    assert (world.event.sequence, world.event.untold) == (before + 1, [])


def test_a_new_host_s_second_event_does_not_vouch_while_the_first_waits_again(world):
    saved_by(world, title="Buy my coins")
    second = making.draft(people_of_user(world.users["alice"]))
    assert services.confirm(second).state == "waiting"


@pytest.mark.parametrize("who", ["room", "staff", "known", "trusted"])
def test_other_changes_stay_published(world, who):
    alice = world.users["alice"]
    if who == "room":
        saved_by(world, **{"shifts-0-capacity": "40"})
    elif who == "staff":
        services.change(world.event, user_actor(world.users["dana"].pk), title="Open kitchen, all day")
    elif who == "known":
        making.published(people_of_user(alice))
        saved_by(world, title="Open kitchen, all day")
    else:
        give(world.users["dana"], alice, verbs.HOST_UNREVIEWED)
        saved_by(world, title="Open kitchen, all day")
    world.event.refresh_from_db()
    assert world.event.state == "published" and world.event.version == 1


def counted_reviewer(world):
    """A browser of bob, who may review one event; and one more event that waits."""
    bob = proved_address("bob@example.org")
    world.users["bob"] = bob
    give(world.users["dana"], bob, verbs.REVIEW, limit=1)
    client = Client(headers={"sec-fetch-site": "same-origin"})
    people_cast.sign_in(client, bob, strong=True)
    return client, services.confirm(making.draft(making.person("frank"), title="One more"))


@pytest.mark.parametrize("first", [{"act": "publish"}, {"act": "send_back", "note": "Say where to park."}])
def test_a_reviewer_decides_only_as_often_as_was_given(world, first):
    client, more = counted_reviewer(world)
    client.post(*decision(world.waiting, **first))
    world.waiting.refresh_from_db()
    assert world.waiting.state != "waiting"
    reply = client.post(*decision(more), follow=True)
    text = html.unescape(reply.content.decode())
    assert reply.status_code == 200
    assert "wait for approval in Vermont any more: the one time you were given is used." in text
    more.refresh_from_db()
    assert more.state == "waiting"


def test_without_counting_the_reviewer_would_go_on(world, monkeypatch):
    """The control of the test above."""
    monkeypatch.setattr(hosting, "spend", lambda *args: None)
    client, more = counted_reviewer(world)
    for event in (world.waiting, more):
        client.post(*decision(event))
        event.refresh_from_db()
        assert event.state == "published"


def test_hosting_without_review_is_counted(world):
    charlie = people_of_user(world.users["charlie"])
    give(world.users["dana"], world.users["charlie"], verbs.HOST_UNREVIEWED, limit=1)
    first = services.create(charlie, making.details(), actor=user_actor(world.users["charlie"].pk))
    Event.objects.filter(pk=first.pk).update(published_at=None)  # still new
    second = services.create(charlie, making.details(), actor=user_actor(world.users["charlie"].pk))
    assert (first.state, second.state) == ("published", "waiting")
