"""The hosts' desk: who comes and how to reach them, calls, the door, who walked in, who did not come."""

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from groundswell.events import links, rules, services
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.services import desk as deeds
from groundswell.events.tests import making
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.models import Consent, ContactPoint, Person
from groundswell.people.services import NewPerson
from tests.cast import CANARIES

pytestmark = pytest.mark.django_db
PHONE = "+18025550177"  # bob's
HTMX = {"HX-Request": "true"}


def desk_of(world, more=""):
    return f"/events/{world.event.pk}/host{more}"


def text_of(reply) -> str:
    return html.unescape(reply.content.decode())


def names_at(address, client) -> list[str]:
    return re.findall(r'class="name">([^<]+)<', text_of(client.get(address)))


def press(client, rsvp, act, **how):
    return client.post(f"/events/{rsvp.shift.event_id}/host/guests/{rsvp.pk}", {"act": act}, **how)


def today(world, *, begun=timedelta()) -> Shift:
    """The event's only shift, as it is two hours before its end, or `begun` later."""
    starts = clock.now() - begun
    at = {"starts_at": starts, "ends_at": starts + timedelta(hours=2)}
    Shift.objects.filter(event=world.event).update(**at)
    Event.objects.filter(pk=world.event.pk).update(**at)
    return making.first(world.event)


def walk_in(client, world, name="Wanda Walker", reached="wanda@example.org", **more):
    shift = making.first(world.event)
    answers = {"name": name, "reached": reached, **more}
    prefix = f"walk-in-{shift.pk.hex}"
    sent = {"shift": str(shift.pk)} | {f"{prefix}-{field}": value for field, value in answers.items()}
    return client.post(desk_of(world, "/walk-in"), sent, follow=True)


def places(kind) -> int:
    return sum(Entry.objects.filter(kind=kind).values_list("quantity", flat=True))


# --- who comes -----------------------------------------------------------------------------------------------------
def test_the_host_sees_who_comes_and_how_to_reach_them_and_looking_is_counted(world, alice):
    text = text_of(alice.get(desk_of(world)))
    assert "Bob Canaria" in text and f"tel:{PHONE}" in text and "mailto:canary.bob@example.org" in text
    assert Entry.objects.get(kind="person.looked_at").person_id == world.bob.pk
    assert alice.get(f"/events/{world.event.pk}/guests")["Location"] == desk_of(world)


@pytest.mark.parametrize("late", [False, True])
def test_contacts_are_there_until_a_week_after_the_end_and_then_nowhere(world, late):
    """Also not for staff, who see the person in headquarters."""
    today(world)
    moved = rules.CONTACTS_SHOWN + timedelta(hours=2, minutes=1 if late else -5)
    event = making.ago(world.event, seconds=moved.total_seconds())
    for role in ("alice", "dana"):
        client = world.client(role)
        code = reverse("events:desk_check_in", args=[event.pk, links.check_in_token(world.rsvp)])
        replies = [client.get(desk_of(world)), press(client, world.rsvp, "here", headers=HTMX), client.get(code)]
        replies.append(press(client, world.rsvp, "undo", headers=HTMX))
        for reply in replies:
            assert "Bob Canaria" in text_of(reply)
        for reach in (PHONE, "802-555-0177", "canary.bob@example.org"):
            assert any(reach in text_of(reply) for reply in replies) is not late, reach
    person = world.client("dana").get(reverse("web:person", args=[world.bob.pk]))
    assert "canary.bob@example.org" in text_of(person)


def test_after_the_week_hosts_are_offered_no_word_of_thanks_which_would_be_refused(world, alice):
    today(world, begun=timedelta(hours=3))
    for days, offered in ((0, True), (9, False)):
        making.ago(world.event, days=days)
        assert ("Thank them" in text_of(alice.get(desk_of(world)))) is offered
        assert ("/message" in text_of(alice.get(desk_of(world)))) is offered


def test_the_week_ends_to_the_second():
    end = clock.now()
    assert rules.contacts_shown(end, end + timedelta(days=7) - timedelta(seconds=1))
    assert not rules.contacts_shown(end, end + timedelta(days=7))


def test_the_desk_is_for_the_hosts_and_says_nothing_to_others(world):
    own = [desk_of(world), desk_of(world, "/list"), desk_of(world, f"/check-in/{links.check_in_token(world.rsvp)}")]
    for address in own:
        reply = world.client("charlie").get(address)
        assert reply.status_code == 404 and not any(canary in text_of(reply) for canary in CANARIES)
        assert "/account/" in world.client("nobody").get(address)["Location"]
    for act in ("here", "will_not_come", f"wrong_number {PHONE}"):
        assert press(world.client("charlie"), world.rsvp, act).status_code == 404
    assert walk_in(world.client("charlie"), world).status_code == 404
    world.rsvp.refresh_from_db()
    assert world.rsvp.state == "going" and not Entry.objects.filter(kind="event.called").exists()


def test_a_guest_of_another_event_is_not_at_this_desk(world, alice):
    other = services.rsvp(making.first(making.published(title="Elsewhere")).pk, making.who("frank"))
    assert alice.post(desk_of(world, f"/guests/{other.pk}"), {"act": "will_not_come"}).status_code == 404
    assert alice.get(desk_of(world, f"/check-in/{links.check_in_token(other)}")).status_code == 404


def test_who_cancelled_is_at_the_end(world, alice):
    services.cancel_rsvp(world.rsvp)
    services.rsvp(making.first(world.event).pk, making.who("frank"))
    text = text_of(alice.get(desk_of(world)))
    assert text.index("Frank") < text.index("Not coming any more") < text.index("Bob Canaria")


def test_nobody_yet_says_how_to_invite(world):
    event = making.published(world.event.created_by, title="Quiet")
    text = text_of(world.client("alice").get(f"/events/{event.pk}/host"))
    assert "Nobody yet" in text and "Send your link" in text and "sms:?&body=" in text


# --- calls ---------------------------------------------------------------------------------------------------------
def test_a_call_is_noted_with_its_time_and_pressed_twice_it_is_one(world, alice):
    for _again in range(2):
        press(alice, world.rsvp, "no_answer")
    text = text_of(alice.get(desk_of(world)))
    assert "No answer ·" in text
    entry = Entry.objects.get(kind="event.called")
    assert entry.data["result"] == "no_answer" and entry.person_id == world.bob.pk
    assert entry.actor == f"user:{world.users['alice'].pk}"


def test_who_was_not_called_yet_comes_first(world, alice):
    services.rsvp(making.first(world.event).pk, making.who("zora"))
    assert names_at(desk_of(world), alice) == ["Bob Canaria", "Zora"]
    press(alice, world.rsvp, "will_come")
    assert names_at(desk_of(world), alice) == ["Zora", "Bob Canaria"]


def test_who_will_not_come_frees_the_place_for_who_waits_and_may_come_back(world, alice):
    shift = making.first(world.event)
    Shift.objects.filter(pk=shift.pk).update(capacity=1)
    frank = services.rsvp(shift.pk, making.who("frank"))
    assert frank.state == "waiting"
    press(alice, world.rsvp, "will_not_come")
    frank.refresh_from_db()
    world.rsvp.refresh_from_db()
    assert (world.rsvp.state, frank.state) == ("cancelled", "going")
    assert "Comes after all" in text_of(alice.get(desk_of(world)))
    press(alice, world.rsvp, "will_come")
    world.rsvp.refresh_from_db()
    shift.refresh_from_db()
    assert world.rsvp.state == "waiting" and (shift.taken, shift.waiting) == (1, 1)
    press(alice, frank, "will_not_come")
    world.rsvp.refresh_from_db()
    assert world.rsvp.state == "going"
    came_and_went = places("event.rsvp") + places("event.promoted") - places("event.rsvp_cancelled")
    assert came_and_went == Shift.objects.get(pk=shift.pk).taken == 1


def test_a_call_from_before_they_came_back_does_not_count(world, alice):
    press(alice, world.rsvp, "will_not_come")
    services.rsvp(making.first(world.event).pk, NewPerson("Bob", email="canary.bob@example.org"))
    text = text_of(alice.get(desk_of(world)))
    assert "Will not come ·" not in text and "Not coming any more" not in text


def test_a_wrong_number_is_marked_and_only_the_one_that_was_called(world, alice):
    services.rsvp(
        making.first(making.published(title="Other")).pk,
        NewPerson("Bob", email="canary.bob@example.org", phone="802 555 0188"),
    )
    for _again in range(2):
        press(alice, world.rsvp, f"wrong_number {PHONE}")
    points = dict(ContactPoint.objects.filter(person=world.bob, channel="phone").values_list("value", "status"))
    assert points == {PHONE: "wrong", "+18025550188": "unverified"}
    text = text_of(alice.get(desk_of(world)))
    assert f"tel:{PHONE}" not in text and "tel:+18025550188" in text


def test_nobody_is_called_once_it_is_over(world, alice):
    today(world, begun=timedelta(hours=3))
    reply = press(alice, world.rsvp, "no_answer", headers=HTMX)
    assert "This event is over." in text_of(reply)
    assert not Entry.objects.filter(kind="event.called").exists()


def test_a_row_says_who_called_what_hosts_noted_and_what_the_guest_needs(world, alice, page):
    own = reverse("events:rsvp_manage", args=[links.rsvp_token(world.rsvp)])
    assert "Saved." in text_of(page.post(own, {"act": "needs", "needs": "No steps,\n please"}, follow=True))
    press(alice, world.rsvp, "will_come")
    alice.post(desk_of(world, f"/guests/{world.rsvp.pk}"), {"act": "note", f"note-{world.rsvp.pk}": "Brings pie"})
    text = text_of(alice.get(desk_of(world)))
    assert "Will come · Alice · " in text and "Brings pie" in text and "No steps, please" in text
    assert "No steps, please" in text_of(page.get(own)) and "Brings pie" not in text_of(page.get(own))
    assert Entry.objects.filter(kind__in=["event.noted", "event.needs_told"]).count() == 2
    making.ago(today(world).event, days=9)
    late = text_of(alice.get(desk_of(world)))
    assert "Bob Canaria" in late and "pie" not in late and "steps" not in late


def test_a_note_has_its_limit(world, alice):
    sent = {"act": "note", f"note-{world.rsvp.pk}": "x" * 301}
    reply = alice.post(desk_of(world, f"/guests/{world.rsvp.pk}"), sent, headers=HTMX)
    assert "Use at most 300 characters; this has 301." in text_of(reply)
    world.rsvp.refresh_from_db()
    assert world.rsvp.note == ""


@pytest.mark.parametrize("act", ["no_answer", "will_come", "will_not_come", f"wrong_number {PHONE}"])
def test_nobody_is_called_about_an_event_that_is_called_off(world, alice, act):
    services.cancel(world.event, making.TEST)
    assert "This event is called off." in text_of(press(alice, world.rsvp, act, headers=HTMX))
    world.rsvp.refresh_from_db()
    assert world.rsvp.state == "going" and not Entry.objects.filter(kind="event.called").exists()
    assert ContactPoint.objects.get(value=PHONE).status != "wrong"


# --- the door ------------------------------------------------------------------------------------------------------
def test_checking_in_twice_is_once_and_can_be_undone(world, alice):
    today(world)
    for _again in range(2):
        reply = press(alice, world.rsvp, "here", headers=HTMX)
        assert "<strong>1</strong> of 1" in text_of(reply) and 'hx-swap-oob="true"' in text_of(reply)
    assert places("event.attended") == 1 and Entry.objects.filter(kind="event.attended").count() == 1
    assert "<strong>1</strong> of 1" in text_of(alice.get(desk_of(world, "/list")))
    assert press(alice, world.rsvp, "undo")["Location"] == desk_of(world, f"#g-{world.rsvp.pk}")
    world.rsvp.refresh_from_db()
    assert world.rsvp.attended is None and places("event.attended") == 0


def test_an_open_page_asks_what_others_pressed_and_hears_at_once_of_nothing_new(world, alice):
    today(world)
    tag = re.search(r'id="now".* data-tag="(\w+)"', text_of(alice.get(desk_of(world))))[1]
    same = alice.get(desk_of(world, "/list"), headers={"If-None-Match": f'"{tag}"'})
    assert same.status_code == 304 and not same.content
    press(alice, world.rsvp, "here")
    other = alice.get(desk_of(world, "/list"), headers={"If-None-Match": f'"{tag}"'})
    assert other.status_code == 200 and other["ETag"] != f'"{tag}"' and "Undo" in text_of(other)
    again = alice.get(desk_of(world, "/list"), headers={"If-None-Match": other["ETag"]})
    assert again.status_code == 304
    today(world, begun=timedelta(hours=3))
    assert alice.get(desk_of(world, "/list"), headers={"If-None-Match": other["ETag"]}).status_code == 286
    assert 'id="now"' not in text_of(alice.get(desk_of(world)))


def test_on_the_days_before_an_open_page_asks_too_until_the_event_is_called_off(world, alice):
    text = text_of(alice.get(desk_of(world)))
    tag = re.search(r'id="now".* data-tag="(\w+)"', text)[1]
    assert "every 15s" in text
    assert alice.get(desk_of(world, "/list"), headers={"If-None-Match": f'"{tag}"'}).status_code == 304
    press(world.client("dana"), world.rsvp, "no_answer")
    other = alice.get(desk_of(world, "/list"), headers={"If-None-Match": f'"{tag}"'})
    assert other.status_code == 200 and "No answer" in text_of(other)
    services.cancel(world.event, making.TEST)
    assert alice.get(desk_of(world, "/list"), headers={"If-None-Match": other["ETag"]}).status_code == 286
    assert 'id="now"' not in text_of(alice.get(desk_of(world)))


@pytest.mark.parametrize(("act", "renewed"), [("will_not_come", True), ("will_come", True), ("no_answer", False)])
def test_a_press_that_moves_places_has_the_page_renew_its_list(world, alice, act, renewed):
    assert ("HX-Trigger" in press(alice, world.rsvp, act, headers=HTMX)) is renewed


def test_of_a_party_so_many_are_here_as_are_pressed(world, alice):
    shift = today(world)
    services.change_rsvp(world.rsvp, 3)
    press(alice, world.rsvp, "here")
    assert "<strong>4</strong> of 4" in text_of(press(alice, world.rsvp, "here 4", headers=HTMX))
    assert "<strong>2</strong> of 4" in text_of(press(alice, world.rsvp, "here 2", headers=HTMX))
    assert (places("event.attended"), places("event.missed")) == (2, 2)
    services.change_rsvp(world.rsvp, 2)
    assert (places("event.attended"), places("event.missed")) == (2, 1)
    services.cancel_rsvp(world.rsvp)
    assert (places("event.attended"), places("event.missed")) == (2, 0)
    said = services.rsvp(shift.pk, NewPerson("Bob", email="canary.bob@example.org"))
    assert said.pk == world.rsvp.pk and (places("event.attended"), places("event.missed")) == (0, 0)


def test_nobody_is_checked_in_before_the_day(world, alice):
    assert "Check in" not in text_of(alice.get(desk_of(world)))
    assert "The day of this event is still to come." in text_of(press(alice, world.rsvp, "here", headers=HTMX))
    world.rsvp.refresh_from_db()
    assert world.rsvp.attended is None


@pytest.mark.parametrize("act", ["here", "undo"])
def test_who_was_there_stays_as_it_is_once_the_event_is_called_off(world, alice, act):
    today(world)
    frank = services.rsvp(making.first(world.event).pk, making.who("frank"))
    press(alice, frank, "here")
    rsvp, code = (world.rsvp, "") if act == "here" else (frank, "undo")
    services.cancel(world.event, making.TEST)
    assert "This event is called off." in text_of(press(alice, rsvp, act, headers=HTMX))
    token = desk_of(world, f"/check-in/{links.check_in_token(rsvp)}")
    assert "This event is called off." in text_of(alice.post(token, {"act": code}, follow=True))
    assert dict(RSVP.objects.values_list("person__given_name", "attended")) == {"Frank": True, "Bob": None}
    making.ago(world.event, hours=3)
    assert "All others" not in text_of(alice.get(desk_of(world)))
    sent = {"shift": str(making.first(world.event).pk)}
    assert "This event is called off." in text_of(alice.post(desk_of(world, "/missed"), sent, follow=True))
    assert places("event.attended") == 1 and not places("event.missed")


def test_who_waited_or_cancelled_may_come_all_the_same(world, alice):
    shift = today(world)
    services.cancel_rsvp(world.rsvp)
    press(alice, world.rsvp, "here")
    shift.refresh_from_db()
    assert RSVP.objects.get(pk=world.rsvp.pk).attended and shift.taken == 0
    assert "<strong>1</strong> of 1" in text_of(alice.get(desk_of(world)))


def test_a_guest_is_checked_in_by_the_code_they_show(world, alice, page):
    today(world)
    catch_up()
    drain()
    mail = Delivery.objects.get(key__startswith="event.rsvp:")
    picture = re.search(r'src="[^"]*(/check-in/[^"]+\.png)"', mail.html)[1]
    assert page.get(picture)["Content-Type"] == "image/png"
    own_page = page.get(reverse("events:rsvp_manage", args=[links.rsvp_token(world.rsvp)]))
    token = re.search(r'src="/check-in/([^"]+)\.png"', own_page.content.decode())[1]
    address = desk_of(world, f"/check-in/{token}")
    assert picture == f"/check-in/{token}.png"
    assert "Bob Canaria" in text_of(alice.get(address)) and not Entry.objects.filter(kind="event.attended").exists()
    for _again in range(2):
        assert "Bob Canaria is here." in text_of(alice.post(address, follow=True))
    assert places("event.attended") == 1
    alice.post(address, {"act": "undo"})
    assert places("event.attended") == 0


def test_the_code_at_the_door_does_not_open_the_rsvp(world, page):
    assert page.get(reverse("events:rsvp_manage", args=[links.check_in_token(world.rsvp)])).status_code == 404
    assert page.get(reverse("events:check_in_code", args=[links.rsvp_token(world.rsvp)])).status_code == 404


def test_whoever_cancelled_is_not_reached_any_more(world, alice):
    assert "canary.bob@example.org" in text_of(alice.get(desk_of(world)))
    services.cancel_rsvp(world.rsvp)
    shown = text_of(alice.get(desk_of(world)))
    assert "Bob" in shown and "canary.bob@example.org" not in shown and "555" not in shown


# --- who walked in -------------------------------------------------------------------------------------------------
def test_a_walk_in_came_and_takes_no_place_also_where_it_is_full(world, alice):
    shift = today(world)
    Shift.objects.filter(pk=shift.pk).update(capacity=1)
    for _again in range(2):
        assert "Wanda Walker is here." in text_of(walk_in(alice, world))
    shift.refresh_from_db()
    rsvp = RSVP.objects.get(written_as="Wanda Walker")
    assert (rsvp.state, rsvp.attended, shift.taken, shift.waiting) == ("walk_in", True, 1, 0)
    assert places("event.attended") == places("event.walked_in") == 1 and places("event.rsvp") == 1
    text = text_of(alice.get(desk_of(world)))
    assert "Wanda Walker" in text and "<strong>1</strong> of 2" in text and "wanda@example.org" not in text
    catch_up()
    drain()
    assert not Delivery.objects.filter(address="wanda@example.org").exists()


def test_a_walk_in_is_taken_back(world, alice):
    today(world)
    walk_in(alice, world)
    press(alice, RSVP.objects.get(state="walk_in"), "undo")
    assert places("event.attended") == places("event.walked_in") == 0
    assert "Wanda" not in text_of(alice.get(desk_of(world)))
    walk_in(alice, world)
    assert places("event.walked_in") == 1


def test_who_walked_in_and_was_taken_back_may_still_say_they_come(world, alice):
    shift = today(world)
    walk_in(alice, world)
    press(alice, RSVP.objects.get(state="walk_in"), "undo")
    said = services.rsvp(shift.pk, NewPerson("Wanda", "Walker", "wanda@example.org"), page="/events")
    shift.refresh_from_db()
    assert (said.state, shift.taken) == ("going", 2)
    assert RSVP.objects.get(pk=said.pk).written_as == ""
    assert services.rsvp(shift.pk, NewPerson("Wanda", "Walker", "wanda@example.org"), page="/events").pk == said.pk
    shift.refresh_from_db()
    assert shift.taken == 2


def test_who_walks_in_and_is_on_the_list_is_checked_in(world, alice):
    today(world)
    said = text_of(walk_in(alice, world, "Rob", "canary.bob@example.org"))
    assert "Bob Canaria is here." in said and "Rob is" not in said
    world.rsvp.refresh_from_db()
    assert world.rsvp.attended and RSVP.objects.filter(shift__event=world.event).count() == 1
    assert places("event.walked_in") == 0


def test_of_a_walk_in_the_desk_shows_only_what_the_host_wrote(world, alice):
    """Or anybody could look up in it whose address it is."""
    today(world)
    text = text_of(walk_in(alice, world, "Pal", "canary.erin@example.org"))
    assert "Pal" in text and "Canaria" not in text.replace("Bob Canaria", "") and "Erin" not in text
    assert RSVP.objects.get(state="walk_in").person == world.erin
    press(alice, RSVP.objects.get(state="walk_in"), "here")
    assert not Entry.objects.filter(kind="person.looked_at", person_id=world.erin.pk).exists()


@pytest.mark.parametrize(
    ("name", "reached", "words"),
    [
        ("", "wanda@example.org", "required"),
        ("Wanda", "", "required"),
        ("Wanda", "12", "phone"),
        ("Wanda", "wanda@", "email"),
    ],
)
def test_what_cannot_stand_is_told_and_adds_nobody(world, alice, name, reached, words):
    today(world)
    people = Person.objects.count()
    reply = walk_in(alice, world, name, reached)
    assert reply.status_code == 422 and words in text_of(reply)
    assert Person.objects.count() == people and not RSVP.objects.filter(state="walk_in").exists()


def test_nobody_walks_in_before_the_day(world, alice):
    people = Person.objects.count()
    assert "The day of this event is still to come." in text_of(walk_in(alice, world))
    assert Person.objects.count() == people


def test_boxes_of_a_walk_in_are_empty_and_what_is_ticked_is_kept_in_its_words(world, alice):
    today(world)
    text = text_of(alice.get(desk_of(world)))
    assert "news_by_email" in text and "checked" not in text
    walk_in(alice, world, news_by_email="on", texts_by_phone="on")
    walk_in(alice, world, "Yuri", "802 555 0199")
    consent = Consent.objects.get(person__given_name="Wanda")
    assert (consent.purpose, consent.channel) == ("news", "email") and "Email me news" in consent.wording.words
    assert RSVP.objects.get(written_as="Yuri").person.contact_points.get().value == "+18025550199"
    assert not Consent.objects.filter(person__given_name="Yuri").exists()


# --- called off in the middle of it ---------------------------------------------------------------------------------
def test_calling_off_warns_of_those_who_are_there_and_leaves_them_on_the_list(world, alice):
    today(world)
    cancel = f"/events/{world.event.pk}/cancel"
    services.change_rsvp(world.rsvp, 2)
    services.rsvp(making.first(world.event).pk, making.who("adam"))
    assert "there already" not in text_of(alice.get(cancel))
    press(alice, world.rsvp, "here 2")
    walk_in(alice, world)
    for reply in (alice.get(cancel), alice.post(cancel, {"words": "The storm"})):
        assert "3 people are there already." in text_of(reply)
    alice.post(cancel, {"sure": "on"})
    assert "there already" not in text_of(alice.get(cancel))
    text = text_of(alice.get(desk_of(world)))
    assert "<strong>3</strong> had come" in text and "2 of 3 came" in text
    assert names_at(desk_of(world), alice) == ["Bob Canaria", "Wanda Walker", "Adam"]
    assert set(re.findall(r'name="act" value="(\w+)', text)) == {"note"}


# --- afterwards ----------------------------------------------------------------------------------------------------
def test_all_others_did_not_come_and_back(world, alice):
    shift = today(world)
    frank = services.rsvp(shift.pk, making.who("frank"))
    press(alice, frank, "here")
    sent = {"shift": str(shift.pk)}
    assert "It is not over yet." in text_of(alice.post(desk_of(world, "/missed"), sent, follow=True))
    making.ago(world.event, hours=3)
    assert "Saved: 1 person did not come." in text_of(alice.post(desk_of(world, "/missed"), sent, follow=True))
    world.rsvp.refresh_from_db()
    frank.refresh_from_db()
    assert (world.rsvp.attended, frank.attended) == (False, True) and places("event.missed") == 1
    alice.post(desk_of(world, "/missed"), sent | {"act": "undo"})
    frank.refresh_from_db()
    assert frank.attended and places("event.missed") == 0 and places("event.attended") == 1


def test_a_walk_in_cannot_give_up_a_place_they_never_had(world):
    shift = today(world)
    rsvp = deeds.walk_in(shift, making.who("wanda"), making.TEST)
    assert services.cancel_rsvp(rsvp).state == "walk_in"
    with pytest.raises(rules.Refused):
        services.change_rsvp(rsvp, 2)
    again = services.rsvp(shift.pk, making.who("wanda"))
    assert again.state == "walk_in"
    shift.refresh_from_db()
    assert (shift.taken, shift.waiting) == (1, 0)
