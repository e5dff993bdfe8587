"""Starting and running an event through its pages, and reviewing: who may, and what they are told when it cannot be."""

import html
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from groundswell.events import links, selectors, services, verbs
from groundswell.events.models import Event, Host, Invitation
from groundswell.events.services import hosting
from groundswell.events.tests import making
from groundswell.events.views import hosting as pages
from groundswell.jobs.worker import drain
from groundswell.ledger import http
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import catch_up
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
        ({"shifts-0-starts": "20:00", "shifts-0-ends": "09:00"}, "shifts-0-ends", "Does it end on another day?"),
        ({"shifts-0-last_day": making.at(2).date().isoformat()}, "shifts-0-last_day", "must be after the start"),
        ({"shifts-0-last_day": making.at(30).date().isoformat()}, "shifts-0-ends", "at most seven days"),
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


def test_a_shift_over_days_names_its_last_day(page):
    until = making.at(5).date().isoformat()
    page.post("/events/new", answers(**{"shifts-0-last_day": until, "shifts-0-ends": "18:00"}))
    shift = making.first(Event.objects.get())
    assert (shift.ends_at - shift.starts_at).total_seconds() == 47 * 3600


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
    kept = {"shifts-INITIAL_FORMS": "1", "shifts-0-id": str(shift.pk), "version": "0"}
    reply = client.post(url, answers(title="Open kitchen, bigger", **kept, **{"shifts-0-capacity": "40"}))
    assert reply.status_code == 302, reply.content.decode()[:3000]
    world.event.refresh_from_db()
    shift.refresh_from_db()
    assert world.event.title == "Open kitchen, bigger" and shift.capacity == 40 and shift.taken == 1
    bad = client.post(url, answers(title="", **kept))
    assert bad.status_code == 422 and b"Bring a spoon." in bad.content


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
    noted = Entry.objects.filter(on_id=world.event.pk, actor=user_actor(world.users["alice"].pk)).order_by("id")
    told = {"invitation": str(invitation.pk)}
    assert [*noted.values_list("kind", "data")] == [("event.host_invited", told), ("event.invitation_taken_back", told)]


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
    for name in ("edit", "desk", "hosts", "submit", "cancel", "decide"):
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


# --- saving what was not touched ------------------------------------------------------------------------------------
def shown_form(client, event):
    """What a browser sends back when nobody touches the page."""
    parser = _Form()
    parser.feed(client.get(f"/events/{event.pk}/edit").content.decode())
    return parser.values


class _Form(HTMLParser):
    """The fields of the form that has the version, as a browser would send them."""

    def __init__(self):
        super().__init__()
        self.values, self.inside, self.text, self.select = {}, False, None, None

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "form":
            self.inside = "host-form" in (of.get("class") or "")
        if tag == "template":
            self.inside = False
        if not self.inside:
            return
        name = of.get("name")
        if tag == "input" and name and (of.get("type") not in ("radio", "checkbox") or "checked" in of):
            value = of.get("value") or ("on" if of.get("type") == "checkbox" else "")
            self.values[name] = [*self.values.get(name, []), value] if of.get("type") == "checkbox" else value
        elif tag == "textarea":
            self.text, self.values[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in of or self.select not in self.values):
            self.values[self.select] = of.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "template":
            self.inside = True
        if tag == "textarea":
            self.text = None

    def handle_data(self, data):
        if self.text:
            self.values[self.text] += data.removeprefix("\n") if not self.values[self.text] else data


def saved_untouched(world, event, **changed):
    """alice saves the page with nothing touched but this; the entry that says what that changed."""
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{event.pk}/edit"
    reply = client.post(url, shown_form(client, event) | {"title": "Only the title"} | changed)
    assert reply.status_code == 302, reply.content.decode()
    event.refresh_from_db()
    return Entry.objects.filter(kind="event.changed", on_id=event.pk).latest("pk").data["fields"]


NIGHTS = [(10, 32), (20, 10), (20, 14), (9, 72), (19, 2)]


@pytest.mark.parametrize(("hour", "hours"), NIGHTS)
def test_another_title_moves_no_time(world, hour, hours):
    shifts = [making.shift(hour=hour, hours=hours), making.shift(days=9)]
    event = making.published(people_of_user(world.users["alice"]), shifts=shifts)
    before = list(event.shifts.values_list("pk", "starts_at", "ends_at"))
    assert saved_untouched(world, event) == ["title"]
    assert list(event.shifts.values_list("pk", "starts_at", "ends_at")) == before


def test_another_title_keeps_the_events_own_clock_and_another_zip_brings_its_own(world):
    alice = people_of_user(world.users["alice"])
    event = making.published(alice, postal_code="60601", time_zone="America/New_York")
    assert saved_untouched(world, event) == ["title"] and event.time_zone == "America/New_York"
    assert "time_zone" in saved_untouched(world, event, postal_code="80202", city="") and "Denver" in event.time_zone


def test_seconds_and_the_hour_that_comes_twice_survive_another_title(world):
    event = making.published(people_of_user(world.users["alice"]))
    starts = datetime(2027, 11, 7, 6, 30, 15, tzinfo=UTC)  # 1:30:15 on the second round
    event.shifts.update(starts_at=starts, ends_at=starts + timedelta(hours=2))
    Event.objects.filter(pk=event.pk).update(starts_at=starts, ends_at=starts + timedelta(hours=2))
    assert saved_untouched(world, event) == ["title"]
    assert making.first(event).starts_at == starts


RICH = '<p>Bring <b>soup</b>: <a href="https://example.org/soup">how</a></p><ul><li>bowl</li><li>spoon</li></ul>'


def test_another_title_keeps_links_and_lists_of_the_description(world):
    event = making.published(people_of_user(world.users["alice"]), description=RICH)
    kept = event.description
    assert "<li>" in kept and saved_untouched(world, event) == ["title"]
    assert event.description == kept
    assert saved_untouched(world, event, title="Again", description="Only words") == ["title", "description"]
    assert event.description == "<p>Only words</p>"


@pytest.mark.parametrize("words", ["Bring <pie>.", "Ask <joe@example.org>\n\nor me", "a <3 b", "<b@example.org>"])
def test_words_in_angles_are_words(world, page, words):
    event = making.published(people_of_user(world.users["alice"]), description=words)
    text = page.get(f"/events/{event.pk}").content.decode()
    assert all(html.escape(part) in text for part in words.split("\n\n"))
    assert event.description.count("<p>") == len(words.split("\n\n"))
    assert shown_form(world.client("alice"), event)["description"] == words


def test_another_time_without_scripts_keeps_the_shifts_that_are_there(world):
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{world.event.pk}/edit"
    shift = making.first(world.event)
    more = shown_form(client, world.event) | {"add_shift": "1"}
    parser = _Form()
    parser.feed(client.post(url, more).content.decode())
    assert parser.values["shifts-0-id"] == str(shift.pk) and parser.values["shifts-TOTAL_FORMS"] == "2"
    assert client.post(url, parser.values).status_code == 302  # the new row may stay empty
    later = {"shifts-1-day": making.at(8).date().isoformat(), "shifts-1-starts": "10:00", "shifts-1-ends": "11:00"}
    assert client.post(url, parser.values | {"version": world.event.version} | later).status_code == 302
    assert world.event.shifts.count() == 2 and making.first(world.event) == shift
    both = shown_form(client, world.event) | {"shifts-1-DELETE": "on", "add_shift": "1"}
    parser = _Form()
    parser.feed(client.post(url, both).content.decode())
    client.post(url, parser.values)
    assert world.event.shifts.get() == shift


# --- who was quicker -----------------------------------------------------------------------------------------------
def test_whoever_saves_what_a_co_host_changed_meanwhile_is_told_and_may_go_on(world):
    charlie = people_of_user(world.users["charlie"])
    services.add_host(world.event, charlie, making.TEST)
    second = making.shift(days=6)
    services.change(world.event, making.TEST, shifts=[*selectors.details_of(world.event).shifts, second])
    clients = {who: world.client(who, headers={"sec-fetch-site": "same-origin"}) for who in ("alice", "charlie")}
    url = f"/events/{world.event.pk}/edit"
    read = shown_form(clients["alice"], world.event)
    theirs = shown_form(clients["charlie"], world.event) | {
        "title": "Charlie's kitchen",
        "shifts-1-DELETE": "on",
        "shifts-TOTAL_FORMS": "3",
        "shifts-2-day": making.at(7).date().isoformat(),
        "shifts-2-starts": "08:00",
        "shifts-2-ends": "09:00",
    }
    assert clients["charlie"].post(url, theirs).status_code == 302
    reply = clients["alice"].post(url, read | {"street": "2 New Rd"})
    text = html.unescape(reply.content.decode())
    assert reply.status_code == 409 and "It was changed meanwhile by Charlie: look at it again." in text
    told = text[text.index("meanwhile by") : text.index("</dl>")]
    assert "Charlie's kitchen" in told and "8 AM" in told
    world.event.refresh_from_db()
    assert world.event.title == "Charlie's kitchen" and world.event.street == "Kanarienweg 1"
    parser = _Form()
    parser.feed(reply.content.decode())
    assert parser.values["title"] == "Open kitchen" and parser.values["street"] == "2 New Rd"
    assert clients["alice"].post(url, parser.values).status_code == 302
    world.event.refresh_from_db()
    assert (world.event.title, world.event.street) == ("Open kitchen", "2 New Rd")
    assert [shift.starts_at.astimezone(ZoneInfo("America/New_York")).hour for shift in world.event.shifts.all()] == [
        19,
        8,
    ]


@pytest.mark.parametrize("version", ["", "x", "-1", "7"])
def test_a_form_that_does_not_say_what_was_read_saves_nothing(world, version):
    client = world.client("alice", headers={"sec-fetch-site": "same-origin"})
    url = f"/events/{world.event.pk}/edit"
    reply = client.post(url, shown_form(client, world.event) | {"title": "Mine", "version": version})
    assert reply.status_code in (409, 422)
    world.event.refresh_from_db()
    assert world.event.title == "Open kitchen"


# --- who runs it ---------------------------------------------------------------------------------------------------
def hosted_with(world, role="charlie"):
    """charlie runs the event too; how each is named in the forms of hosts."""
    person = people_of_user(world.users[role])
    services.add_host(world.event, person, making.TEST)
    return {host.person.given_name: str(host.person_id) for host in world.event.host_set.select_related("person")}


@pytest.mark.parametrize(("act", "whom"), [("lead", "Charlie"), ("remove", "Alice"), ("lead", "Alice")])
def test_a_co_host_takes_nothing_over(world, act, whom):
    names = hosted_with(world)
    client = world.client("charlie")
    client.post(f"/events/{world.event.pk}/hosts", {"act": act, "person": names[whom]})
    assert world.event.host_set.get(lead=True).person.given_name == "Alice"
    text = client.get(f"/events/{world.event.pk}/edit").content.decode()
    assert "Make lead" not in text and "Take off" not in text and "Leave" in text


def test_a_co_host_removes_nobody_but_themselves(world):
    names = hosted_with(world)
    frank = making.person("frank")
    services.add_host(world.event, frank, making.TEST)
    url = f"/events/{world.event.pk}/hosts"
    client = world.client("charlie")
    text = client.post(url, {"act": "remove", "person": str(frank.pk)}, follow=True).content.decode()
    assert "Only the lead host takes others off. Ask them." in text
    assert world.event.host_set.filter(person=frank).exists()
    text = client.post(url, {"act": "remove", "person": names["Charlie"]}, follow=True).content.decode()
    assert "You do not host this event any more." in text
    assert not world.event.host_set.filter(person=names["Charlie"]).exists()
    catch_up()
    drain()
    assert not Delivery.objects.filter(key__startswith="event.host_removed").exists()


@pytest.mark.parametrize("role", ["alice", "dana"])
def test_the_lead_and_staff_decide_who_runs_it_and_those_they_decide_on_are_told(world, role):
    names = hosted_with(world)
    url = f"/events/{world.event.pk}/hosts"
    client = world.client(role)
    assert "Make lead" in client.get(f"/events/{world.event.pk}/edit").content.decode()
    client.post(url, {"act": "lead", "person": names["Charlie"]})
    assert world.event.host_set.get(lead=True).person.given_name == "Charlie"
    catch_up()
    drain()
    mail = Delivery.objects.get(key__startswith="event.handed_over")
    assert mail.address == "charlie@example.org" and "You lead it now" in mail.subject
    world.client("charlie").post(url, {"act": "remove", "person": names["Alice"]})
    catch_up()
    drain()
    mail = Delivery.objects.get(key__startswith="event.host_removed")
    assert mail.address == "alice@example.org" and "Kanarienweg" not in mail.text
    assert world.client("alice").get(f"/events/{world.event.pk}/edit").status_code == 404


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
