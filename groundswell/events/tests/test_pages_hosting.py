"""Starting and running an event through its pages, and reviewing: who may, and what they are told when it cannot be."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from groundswell.events import links, services, verbs
from groundswell.events.models import Event, Host, Invitation
from groundswell.events.services import hosting
from groundswell.events.tests import making
from groundswell.events.views import hosting as pages
from groundswell.ledger import http
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import user_actor
from groundswell.messaging.models import Delivery
from groundswell.people.models import Person
from groundswell.people.services import person_of_user as people_of_user
from groundswell.powers import public
from groundswell.powers.services import give, proved_address
from tests import cast as people_cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_time_trap(monkeypatch):
    monkeypatch.setattr(public, "MIN_SECONDS", 0)


@pytest.fixture
def page():
    return Client(headers={"sec-fetch-site": "same-origin"})


@pytest.fixture
def world():
    return people_cast.make_world()


def answers(**changed):
    return {
        "title": "Soup and calls",
        "type": "house_party",
        "description": "Bring a spoon.",
        "online": "no",
        "postal_code": "05401",
        "street": "17 Hill Rd",
        "place_shown": "guests",
        "visibility": "public",
        "languages": ["en"],
        "shifts-TOTAL_FORMS": "1",
        "shifts-INITIAL_FORMS": "0",
        "shifts-0-day": making.at().date().isoformat(),
        "shifts-0-starts": "19:00",
        "shifts-0-ends": "21:00",
        "shifts-0-capacity": "12",
        "given_name": "Erin",
        "email": "erin.new@example.org",
    } | changed


def test_a_stranger_starts_an_event_and_confirms_it(page):
    reply = page.post("/events/new", answers())
    assert reply.status_code == 303 and reply["Location"] == "/events/new/mailed"
    event = Event.objects.get()
    assert event.state == "draft" and making.first(event).capacity == 12
    url = f"/events/confirm/{links.confirm_token(event)}"
    assert "Is this your event?" in page.get(url).content.decode()
    assert "A person looks it over now" in page.post(url, follow=True).content.decode()
    event.refresh_from_db()
    assert event.state == "waiting"


def test_whoever_is_signed_in_needs_to_say_only_what_happens(world):
    client = world.client("charlie", headers={"sec-fetch-site": "same-origin"})
    text = client.get("/events/new").content.decode()
    assert "charlie@example.org" in text and 'name="given_name"' not in text
    reply = client.post("/events/new", answers(), follow=True)
    event = Event.objects.get(title="Soup and calls")
    assert event.state == "waiting" and reply.redirect_chain[-1][0] == f"/events/{event.pk}/edit"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"title": ""}, "title", "required"),
        ({"title": "x" * 10_000}, "title", "Use at most 120 characters"),
        ({"postal_code": "00000"}, "postal_code", "We do not know the ZIP"),
        ({"postal_code": ""}, "postal_code", "required"),
        ({"shifts-0-day": "2020-01-01"}, "shifts-0-starts", "in the past"),
        ({"shifts-0-day": "never"}, "shifts-0-day", "valid date"),
        ({"shifts-0-ends": "18:00"}, "shifts-0-ends", "The end must be after the start"),
        ({"shifts-0-capacity": "0"}, "shifts-0-capacity", "Room for 1 to 100,000"),
        ({"shifts-0-capacity": "-3"}, "shifts-0-capacity", "Room for 1 to 100,000"),
        ({"shifts-0-capacity": "9" * 30}, "shifts-0-capacity", "Room for 1 to 100,000"),
        ({"email": "nobody"}, "email", "is not an email address"),
        ({"phone": "12"}, "phone", "is not a phone number"),
        ({"languages": ["klingon"]}, "languages", "Choose one of the list."),
        ({"online": "yes", "online_url": "javascript:alert(1)"}, "online_url", "A link begins with https://"),
        ({"type": "riot"}, "type", "Choose one of the list."),
    ],
)
def test_what_cannot_stand_is_told_on_its_field_and_nothing_is_written(page, changed, field, words):
    before = Person.objects.count()
    reply = page.post("/events/new", answers(**changed))
    text = reply.content.decode()
    assert reply.status_code == 422
    box = re.search(rf'<ul class="errorlist" id="id_{field}_error">(.*?)</ul>', text, re.S)
    assert box and words in box[1], field
    assert "Bring a spoon." in text and "17 Hill Rd" in text
    assert not Event.objects.exists() and Person.objects.count() == before


def test_a_shift_over_midnight_ends_on_the_next_day(page):
    page.post("/events/new", answers(**{"shifts-0-starts": "22:00", "shifts-0-ends": "01:00"}))
    shift = making.first(Event.objects.get())
    assert (shift.ends_at - shift.starts_at).total_seconds() == 3 * 3600


def test_another_time_can_be_added_without_scripts_and_nothing_typed_is_lost(page):
    text = page.post("/events/new", answers(add_shift="1")).content.decode()
    assert "Bring a spoon." in text and 'name="shifts-1-day"' in text and "errorlist" not in text
    more = {"shifts-TOTAL_FORMS": "2", "shifts-1-day": making.at(5).date().isoformat()}
    page.post("/events/new", answers(**more, **{"shifts-1-starts": "10:00", "shifts-1-ends": "12:00"}))
    assert Event.objects.get().shifts.count() == 2


def test_the_same_form_sent_twice_makes_one_event(page):
    key = "0190aaaa-0000-7000-8000-000000000000"
    first = page.post("/events/new", answers(idempotency_key=key))
    second = page.post("/events/new", answers(idempotency_key=key))
    assert (first.status_code, second.status_code) == (303, 303)
    assert Event.objects.count() == 1


def test_without_the_key_it_would_make_two(page):
    """The control of the test above."""
    page.post("/events/new", answers())
    page.post("/events/new", answers())
    assert Event.objects.count() == 2


def test_the_host_changes_what_it_says(world):
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{world.event.pk}/edit"
    text = client.get(url).content.decode()
    shift = making.first(world.event)
    assert "Kanarienweg 1" in text and f'value="{shift.pk}"' in text
    kept = {"shifts-INITIAL_FORMS": "1", "shifts-0-id": str(shift.pk)}
    reply = client.post(url, answers(title="Open kitchen, bigger", **kept, **{"shifts-0-capacity": "40"}))
    assert reply.status_code == 302, reply.content.decode()[:3000]
    world.event.refresh_from_db()
    shift.refresh_from_db()
    assert world.event.title == "Open kitchen, bigger" and shift.capacity == 40 and shift.taken == 1
    bad = client.post(url, answers(title="", **kept))
    assert bad.status_code == 422 and b"Bring a spoon." in bad.content


def test_the_host_sees_who_comes_and_marks_who_came(world):
    client = world.client("alice")
    url = f"/events/{world.event.pk}/guests"
    text = client.get(url).content.decode()
    assert "Canaria" in text and "tel:+18025550177" in text
    making.ago(world.event, days=3, hours=20)
    client.post(url, {f"came-{world.rsvp.pk}": "yes"})
    world.rsvp.refresh_from_db()
    assert world.rsvp.attended is True


def ask(world, name="Charlie", email="charlie@example.org"):
    """alice asks somebody to host with her; the page she comes back to."""
    url = f"/events/{world.event.pk}/hosts"
    return html.unescape(
        world.client("alice").post(url, {"given_name": name, "email": email}, follow=True).content.decode()
    )


def test_who_is_asked_to_host_does_so_once_they_accept(world, page):
    client = world.client("alice")
    assert "invited" in ask(world)
    assert world.client("charlie").get(f"/events/{world.event.pk}/edit").status_code == 404
    assert "Charlie" not in page.get(f"/events/{world.event.pk}").content.decode()
    mail = Delivery.objects.get(address="charlie@example.org")
    url = re.search(r"/events/invitation/\S+", mail.text)[0]
    assert "Would you host this event, too?" in page.get(url).content.decode()
    assert Host.objects.filter(event=world.event).count() == 1
    for _again in range(2):
        assert "You accepted" in page.post(url, follow=True).content.decode()
    assert Host.objects.filter(event=world.event).count() == 2
    assert world.client("charlie").get(f"/events/{world.event.pk}/edit").status_code == 200
    assert "Charlie" in page.get(f"/events/{world.event.pk}").content.decode()
    charlie = Host.objects.get(event=world.event, lead=False).person_id
    client.post(f"/events/{world.event.pk}/hosts", {"act": "remove", "person": str(charlie)})
    page.post(url)
    assert world.client("charlie").get(f"/events/{world.event.pk}/edit").status_code == 404
    alice = Host.objects.get(event=world.event).person_id
    client.post(f"/events/{world.event.pk}/hosts", {"act": "remove", "person": str(alice)})
    assert Host.objects.filter(event=world.event).count() == 1


def test_asking_tells_nothing_about_the_address(world, page):
    before = Person.objects.count()
    texts = [ask(world, "Pal", email) for email in ("canary.erin@example.org", "unknown@example.org")]
    for text in texts:
        section = text[text.index('id="hosts"') : text.index("Invite a co-host")]
        assert "Pal" in section and "Canaria" not in section and "Erin" not in section
    assert Person.objects.count() == before
    mails = Delivery.objects.filter(key__startswith="event.invited:")
    assert mails.count() == 2 and all("Canaria" not in mail.text and mail.person_id is None for mail in mails)
    public = page.get(f"/events/{world.event.pk}").content.decode()
    assert "Pal" not in public and "Erin" not in public


def test_an_invitation_is_sent_once_and_can_be_taken_back(world, page):
    for _again in range(2):
        ask(world)
    assert Delivery.objects.filter(address="charlie@example.org").count() == 1
    invitation = Invitation.objects.get()
    url = f"/events/invitation/{links.invitation_token(invitation)}"
    data = {"act": "take_back", "invitation": str(invitation.pk)}
    world.client("charlie").post(f"/events/{world.event.pk}/hosts", data)
    assert page.get(url).status_code == 200
    world.client("alice").post(f"/events/{world.event.pk}/hosts", data)
    assert page.get(url).status_code == 404 and page.post(url).status_code == 404


def test_nobody_becomes_a_host_of_what_is_cancelled(world, page):
    ask(world)
    services.cancel(world.event, making.TEST)
    reply = page.post(f"/events/invitation/{links.invitation_token(Invitation.objects.get())}")
    assert reply.status_code == 409 and "This event is cancelled." in reply.content.decode()
    assert not Invitation.objects.get().accepted_at


def test_cancelling_takes_a_tick(world):
    client = world.client("alice")
    client.post(f"/events/{world.event.pk}/cancel")
    world.event.refresh_from_db()
    assert world.event.state == "published"
    client.post(f"/events/{world.event.pk}/cancel", {"sure": "on"})
    world.event.refresh_from_db()
    assert world.event.state == "cancelled"


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


def decision(event, act="publish", **more):
    """The form of the queue as it is shown now."""
    event.refresh_from_db()
    return reverse("events:decide", args=[event.pk]), {"act": act, "version": event.version, **more}


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


@pytest.mark.parametrize("role", ["charlie", "nobody"])
def test_out_of_reach_is_not_there(world, role):
    client = world.client(role)
    own = str(world.event.pk)
    unknown = "01900000-0000-7000-8000-000000000000"
    for name in ("edit", "guests", "hosts", "submit", "cancel", "decide"):
        for event_id in (own, unknown):
            url = reverse(f"events:{name}", args=[event_id])
            for reply in (client.get(url), client.post(url, {"act": "publish", "sure": "on", "title": "Mine now"})):
                if role == "nobody":
                    assert reply.status_code == 302 and "/account/sign-in" in reply["Location"]
                else:
                    assert reply.status_code in (404, 405), (name, reply.status_code)
                    assert b"Kanarienweg" not in reply.content
    assert client.get("/hq/review").status_code == (302 if role == "nobody" else 404)
    world.event.refresh_from_db()
    assert world.event.state == "published" and world.event.title == "Open kitchen"


def test_the_host_is_let_in(world):
    """The control of the test above."""
    assert world.client("alice").get(reverse("events:edit", args=[world.event.pk])).status_code == 200


# --- forms that come back ------------------------------------------------------------------------------------------
def test_mistakes_and_further_times_do_not_use_up_the_limit(page, monkeypatch):
    monkeypatch.setitem(pages.STARTED, "burst", 2)
    monkeypatch.setitem(pages.STARTED, "per_hour", 0.001)
    for _again in range(4):
        assert page.post("/events/new", answers(title="")).status_code == 422
        assert page.post("/events/new", answers(postal_code="00000")).status_code == 422
        assert page.post("/events/new", answers(add_shift="1")).status_code == 200
    assert [page.post("/events/new", answers()).status_code for _n in range(2)] == [303, 303]
    reply = page.post("/events/new", answers(idempotency_key="k" * 36))
    text = reply.content.decode()
    assert reply.status_code == 429 and "Wait a minute, then send it." in text and reply["Retry-After"] == "60"
    assert "Bring a spoon." in text and "17 Hill Rd" in text and 'name="shifts-0-day"' in text
    assert Event.objects.count() == 2


def test_a_key_used_for_other_answers_brings_the_form_back_with_a_new_one(page):
    key = "0190aaaa-0000-7000-8000-000000000001"
    page.post("/events/new", answers(idempotency_key=key))
    reply = page.post("/events/new", answers(idempotency_key=key, title="Second thoughts"))
    text = reply.content.decode()
    assert reply.status_code == 422 and "it makes one more event" in text and "Second thoughts" in text
    new = re.search(r'name="idempotency_key" value="([^"]+)"', text)[1]
    assert new != key
    assert page.post("/events/new", answers(idempotency_key=new, title="Second thoughts")).status_code == 303


def test_a_press_while_the_first_is_worked_on_brings_the_form_back_with_its_key(page, monkeypatch):
    """The same key: whoever presses again gets the first event, not a second one."""

    def busy(*args):
        raise http.KeyInFlight

    monkeypatch.setattr(http, "PATIENCE", 0)
    monkeypatch.setattr(http, "idempotent", busy)
    reply = page.post("/events/new", answers(idempotency_key="the-key"))
    text = reply.content.decode()
    assert reply.status_code == 409 and "still being worked on" in text and "Bring a spoon." in text
    assert 'name="idempotency_key" value="the-key"' in text and reply["Retry-After"]
    by_program = page.post("/events/new", answers(), headers={"Idempotency-Key": "the-key"})
    assert by_program.status_code == 409 and by_program["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": "a\0b"}, "This has a character that cannot be written."),
        ({"shifts-TOTAL_FORMS": "x"}, "The times did not arrive."),
        ({"shifts-TOTAL_FORMS": "900"}, "An event has at most 20 times."),
    ],
)
def test_broken_forms_are_answered_in_our_words(page, changed, words):
    reply = page.post("/events/new", answers(**changed))
    text = html.unescape(reply.content.decode())
    assert reply.status_code == 422 and words in text
    for raw in ("ManagementForm", "Null characters", "Please submit", "Select a valid"):
        assert raw not in text
