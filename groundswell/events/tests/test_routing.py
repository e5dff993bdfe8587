"""A thin event finds the people who live near it: each of them once, and only who agreed."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client

from groundswell.events import attendance, links, services, verbs
from groundswell.events.models import Event, Invited
from groundswell.events.services import routing
from groundswell.events.tests import making
from groundswell.jobs import worker
from groundswell.kit import clock
from groundswell.ledger import services as ledger
from groundswell.ledger.models import Entry
from groundswell.messaging.models import Delivery
from groundswell.people import services as people
from groundswell.people.models import ContactPoint
from groundswell.people.rules import NewPerson
from groundswell.people.selectors import agrees
from groundswell.powers.services import give, proved_address
from tests.at_once import together

pytestmark = pytest.mark.django_db
WORDS = "Email me news."


@pytest.fixture(autouse=True)
def fresh_rates():
    attendance.forget_rates()


def neighbor(name, zip="05401", *, to="events", proven=True):
    person = people.find_or_add(
        NewPerson(given_name=name.title(), email=f"{name.lower()}@example.org", postal_code=zip), how="test"
    ).person
    if to:
        people.agree(person, to, "email", WORDS, "/", actor=making.TEST)
    if proven:
        people.verify(ContactPoint.objects.get(person=person, channel="email"), actor=making.TEST)
    return person


def invite(event):
    routing.invite(event, making.TEST)
    worker.drain()
    return set(Invited.objects.filter(event=event).values_list("person__given_name", flat=True))


def test_the_nearest_who_agreed_and_proved_their_address_are_invited():
    event = making.published()
    neighbor("Near"), neighbor("Vergennes", zip="05491-1234")
    (
        neighbor("Silent", to=""),
        neighbor("News", to="news"),
        neighbor("Unproven", proven=False),
        neighbor("Boston", zip="02108"),
    )
    people.withdraw(neighbor("Left"), "events", "email", actor=making.TEST)
    ContactPoint.objects.filter(person=neighbor("Bounces")).update(status="bounces")
    assert routing.invitable(event).now == 2
    assert invite(event) == {"Near", "Vergennes"}
    mails = Delivery.objects.filter(key__startswith="event.invited:")
    assert {mail.person.given_name for mail in mails} == {"Near", "Vergennes"}
    assert Entry.objects.filter(kind="event.invited", on_id=event.pk).count() == 2


def test_without_asking_for_consent_more_would_be_invited(monkeypatch):
    """The control."""
    neighbor("Silent", to="")
    event = making.published()
    assert routing.invitable(event).now == 0
    start = routing._HOW_MANY.index("AND (\n    SELECT word.given")
    end = routing._HOW_MANY.index("AND NOT EXISTS")
    monkeypatch.setattr(routing, "_HOW_MANY", routing._HOW_MANY[:start] + routing._HOW_MANY[end:])
    assert routing.invitable(event).now == 1


def test_hosts_and_whoever_said_something_are_not_invited():
    host = neighbor("Alice")
    event = making.published(host)
    neighbor("Erin")
    services.cancel_rsvp(services.rsvp(making.first(event).pk, making.who("erin")))
    assert invite(event) == set()


def test_nobody_is_invited_twice_in_three_weeks_whichever_event(monkeypatch):
    one, other = making.published(), making.published(making.person("bob"))
    neighbor("Near")
    assert invite(one) == {"Near"}
    assert routing.invitable(other).now == 0 and invite(other) == set() and invite(one) == {"Near"}
    Invited.objects.update(at=clock.now() - routing.AGAIN - timedelta(minutes=1))
    assert invite(other) == {"Near"}
    assert Delivery.objects.filter(key__startswith="event.invited:").count() == 2


def test_nobody_is_reminded_by_a_second_invitation_to_the_same_event():
    event = making.published()
    neighbor("Near")
    invite(event)
    Invited.objects.update(at=clock.now() - routing.AGAIN - timedelta(minutes=1))
    assert routing.invitable(event).now == 0


def test_an_event_invites_at_most_so_many_the_nearest_first(monkeypatch):
    monkeypatch.setattr(routing, "MOST_INVITED", 3)
    monkeypatch.setattr(routing, "BATCH", 2)
    event = making.published()
    for name in ("Far1", "Far2"):
        neighbor(name, zip="05491")
    for name in ("Near1", "Near2"):
        neighbor(name)
    assert routing.invitable(event).now == 3
    assert {"Near1", "Near2"} < invite(event) and routing.invitable(event).invited == 3
    assert routing.invitable(event).now == 0


def test_only_the_nearest_so_many_are_considered(monkeypatch):
    monkeypatch.setattr(routing, "CONSIDERED", 1)
    monkeypatch.setattr(routing, "BATCH", 1)
    neighbor("Near"), neighbor("Far", zip="05491")
    assert routing.invitable(making.published()).remain == 1


def test_several_thin_events_share_the_people_between_them(cast, monkeypatch):
    """Each invites the nearest who remain, and its host sees how many these are."""
    monkeypatch.setattr(routing, "MOST_INVITED", 2)
    for number in range(5):
        neighbor(f"Near{number}", zip=("05401", "05491")[number // 3])
    hosts = ["alice", "bob", "gus", "hal"]
    events = [making.published(making.person(name), title=f"At {name}’s") for name in hosts]
    invited = []
    for event, name, seen in zip(
        events,
        hosts,
        ["5 people live within", "3 people live within", "1 person lives within", "There is nobody more within"],
        strict=True,
    ):
        page, fill = Client(headers={"sec-fetch-site": "same-origin"}), f"/events/{event.pk}/host/fill"
        page.force_login(proved_address(f"{name}@example.org"))
        assert seen in page.get(fill).content.decode()
        page.post(fill, {"act": "invite"})
        page.post(fill, {"act": "invite"})
        worker.drain()
        invited.append(set(Invited.objects.filter(event=event).values_list("person__given_name", flat=True)))
    assert [len(names) for names in invited] == [2, 2, 1, 0] and len(set().union(*invited)) == 5
    assert invited[0] < {"Near0", "Near1", "Near2"}
    assert Delivery.objects.filter(key__startswith="event.invited:").count() == 5


def test_who_was_invited_elsewhere_since_still_counts_for_the_first_event(cast, monkeypatch):
    monkeypatch.setattr(routing, "MOST_INVITED", 1)
    one, other = making.published(cast.people["alice"]), making.published(making.person("bob"))
    neighbor("Near")
    for event in (one, other):
        invite(event)
        Invited.objects.update(at=clock.now() - routing.AGAIN - timedelta(minutes=1))
    neighbor("New")
    assert invite(one) == set() and routing.invitable(one) == (1, 0, 1), "neither Near again nor more than its share"
    text = browser(cast.alice).get(f"/events/{one.pk}/host/fill").content.decode()
    assert "1 is invited already." in text and "One event invites at most 1. 1 person more lives nearby" in text


@pytest.mark.django_db(transaction=True)
def test_two_events_at_once_never_invite_the_same_person():
    for number in range(40):
        neighbor(f"Near{number}")
    events = [making.published(making.person(name)) for name in ("alice", "bob")]

    def claim(number):
        with transaction.atomic():
            return routing._claim(events[number], 30)

    one, other = map(set, together(claim, 2))
    assert not one & other and len(one | other) == Invited.objects.count() >= 30


@pytest.mark.parametrize("why", ["draft", "cancelled", "begun", "full", "online"])
def test_what_cannot_be_joined_invites_nobody(why):
    neighbor("Near")
    event = making.draft() if why == "draft" else making.published(shifts=[making.shift(1)])
    if why == "cancelled":
        event = services.cancel(event, making.TEST)
    if why == "begun":
        event = making.ago(event, days=4)
    if why == "full":
        services.rsvp(making.first(event).pk, making.who("erin"))
    if why == "online":
        Event.objects.filter(pk=event.pk).update(online=True)
        event.refresh_from_db()
    with pytest.raises(routing.Refused):
        routing.invite(event, making.TEST)


def test_an_event_cancelled_before_the_job_runs_invites_nobody():
    neighbor("Near")
    event = making.published()
    routing.invite(event, making.TEST)
    services.cancel(event, making.TEST)
    worker.drain()
    assert not Invited.objects.exists()


def test_who_took_back_their_consent_before_the_job_runs_is_not_invited():
    near, other = neighbor("Near"), neighbor("Other")
    event = making.published()
    routing.invite(event, making.TEST)
    people.withdraw(near, "events", "email", actor=making.TEST)
    worker.drain()
    assert [invited.person for invited in Invited.objects.all()] == [other]


def test_the_link_in_the_mail_ends_invitations_and_nothing_else():
    near = neighbor("Near")
    people.agree(near, "news", "email", WORDS, "/", actor=making.TEST)
    event = making.published()
    invite(event)
    token = links.no_more_token(near)
    assert f"/events/no-more/{token}" in Delivery.objects.get(key__startswith="event.invited:").text
    page = Client(headers={"sec-fetch-site": "same-origin"})
    assert "No more of these?" in page.get(f"/events/no-more/{token}").content.decode()
    assert Invited.objects.exists() and routing.invitable(making.published(making.person("bob"))).now == 0
    page.post(f"/events/no-more/{token}")
    assert "You get no more of these" in page.get(f"/events/no-more/{token}").content.decode()
    Invited.objects.all().delete()
    assert routing.invitable(event).now == 0 and agrees(near, "news", "email")


def test_a_mail_program_ends_invitations_in_one_click(settings):
    near = neighbor("Near")
    invite(making.published())
    worker.drain()
    (sent,) = [m for m in mail.outbox if m.to == ["near@example.org"]]
    assert "because you agreed to hear of events near you" in sent.body and "into a form" not in sent.body
    headers = sent.message()
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].removeprefix(f"<{settings.BASE_URL}").removesuffix(">")
    program = Client(enforce_csrf_checks=True)
    assert program.post(address).status_code == 403 and agrees(near, "events", "email"), "not without the word"
    for _time in range(2):
        assert program.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert not agrees(near, "events", "email") and not program.cookies


# --- looking every day ---------------------------------------------------------------------------------------------
def look():
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE args->>'job' = %s", [routing.LOOK])
    return worker.drain()


def test_the_host_of_a_thin_event_hears_of_it_once():
    event = making.published()
    making.published(making.person("bob"), shifts=[making.shift(days=9)])
    ledger.sequence()
    routing.look_tomorrow()
    routing.look_tomorrow()
    assert look() >= 1
    assert [mail.key for mail in Delivery.objects.filter(key__startswith="event.thin:")] == [f"event.thin:{event.pk}"]
    assert f"/events/{event.pk}/host/fill" in Delivery.objects.get(key__startswith="event.thin:").text
    assert look() >= 1, "it looks again the next day"
    assert Delivery.objects.filter(key__startswith="event.thin:").count() == 1


def test_the_host_of_an_event_with_people_hears_nothing():
    event = making.published()
    for number in range(9):
        services.rsvp(making.first(event).pk, making.who(f"guest{number}"))
    routing.look_tomorrow()
    look()
    assert not Delivery.objects.filter(key__startswith="event.thin:").exists()


def test_a_full_event_is_not_thin_however_small():
    event = making.published(shifts=[making.shift(1)])
    assert routing.is_thin(event)
    services.rsvp(making.first(event).pk, making.who("erin"))
    assert not routing.is_thin(event)


# --- the page ------------------------------------------------------------------------------------------------------
def browser(viewer):
    client = Client(headers={"sec-fetch-site": "same-origin"})
    client.force_login(viewer.user)
    return client


def test_a_host_sees_how_many_they_would_invite_and_invites_them(cast):
    event = making.published(cast.people["alice"])
    neighbor("Near")
    page = browser(cast.alice)
    assert "Invite 1 person" in page.get(f"/events/{event.pk}/host/fill").content.decode()
    assert page.post(f"/events/{event.pk}/host/fill", {"act": "invite"}).status_code == 302
    worker.drain()
    assert "1 is invited already" in page.get(f"/events/{event.pk}/host/fill").content.decode()


def test_a_thin_event_sees_where_its_guests_could_go(cast):
    event = making.published(cast.people["alice"])
    making.published(making.person("bob"), title="Next door")
    making.published(making.person("gus"), title="Next week", shifts=[making.shift(days=10)])
    making.published(making.person("hal"), title="In Boston", postal_code="02108")
    text = browser(cast.alice).get(f"/events/{event.pk}/host/fill").content.decode()
    assert "Next door" in text and "miles" in text and "Next week" not in text and "In Boston" not in text


def test_charlie_neither_sees_nor_invites(cast):
    event = making.published(cast.people["alice"])
    neighbor("Near")
    page = browser(cast.charlie)
    assert page.get(f"/events/{event.pk}/host/fill").status_code == 404
    assert page.post(f"/events/{event.pk}/host/fill", {"act": "invite"}).status_code == 404
    worker.drain()
    assert not Invited.objects.exists()


def test_who_may_only_review_looks_and_changes_nothing(cast, settings):
    """Charlie reviews in Vermont; the event is Bob's."""
    event = making.published(cast.people["bob"])
    neighbor("Near")
    settings.SECOND_FACTOR_REQUIRED = False
    give(cast.dana.user, cast.charlie.user, verbs.REVIEW, "movement.place.us.vt")
    page = browser(cast.charlie)
    shown = page.get(f"/events/{event.pk}/host/fill")
    assert shown.status_code == 200 and "Invite 1 person" not in shown.content.decode()
    text = shown.content.decode()
    for way in ("/edit", "/host", "/host/merge"):
        assert f'/events/{event.pk}{way}"' not in text, "what is not there for them"
    assert ">Your event<" not in text and "You may not change events of others" in text and "holds that power" in text
    for sent in ({"act": "invite"}, {"act": "overbook", "percent": "5"}):
        assert page.post(f"/events/{event.pk}/host/fill", sent).status_code == 404
    worker.drain()
    event.refresh_from_db()
    assert event.overbook == 0 and not Invited.objects.exists()


def test_what_is_short_leads_a_reviewer_only_where_they_may_look(cast, settings):
    """Charlie reviews in Vermont; Dana may change all events."""
    event = making.published(cast.people["bob"])
    settings.SECOND_FACTOR_REQUIRED = False
    give(cast.dana.user, cast.charlie.user, verbs.REVIEW, "movement.place.us.vt")
    page = browser(cast.charlie)
    text = page.get("/hq/events").content.decode()
    assert ">Invite<" not in text and "You may not change events of others" in text
    ways = set(re.findall(f'href="(/events/{event.pk}[^"]*)"', text))
    assert ways and all(page.get(way).status_code == 200 for way in ways)
    text = browser(cast.dana).get("/hq/events").content.decode()
    assert ">Invite<" in text and "You may not" not in text
