"""Mails to guests and hosts follow from the ledger, once each, in their language, and never late."""

from datetime import timedelta

import icalendar
import pytest
from django.core import mail
from django.db import connection

from groundswell.events import links, services
from groundswell.events.services import BulkRSVP, add_rsvps, telling
from groundswell.events.tests.making import TEST, draft, first, person, published, shift, who
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.models import Cursor, Entry
from groundswell.ledger.rules import person_actor, user_actor
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.models import ContactPoint, Person
from groundswell.people.services import NewPerson, find_or_add, verify
from groundswell.powers import movement
from groundswell.powers.models import Movement
from groundswell.powers.services import found_movement
from groundswell.sources.services import sharer_code

pytestmark = pytest.mark.django_db

HOST = person_actor


def known(name, **more):
    """Somebody whose address is confirmed, so that nothing waits."""
    found = find_or_add(NewPerson(given_name=name.title(), email=f"{name}@example.org", **more), how="test").person
    verify(ContactPoint.objects.get(person=found, channel="email"))
    return found


def settle():
    catch_up()
    drain()


def to(name):
    """Subjects of the deliveries to somebody, in order."""
    rows = Delivery.objects.filter(address=f"{name}@example.org").order_by("pk")
    return [(row.key.split(":")[0], row.state) for row in rows]


def last_to(name):
    return Delivery.objects.filter(address=f"{name}@example.org").order_by("pk").last()


@pytest.fixture
def alice(db):
    return known("alice")


@pytest.fixture
def event(alice):
    return published(alice, shifts=[shift(2)], street="1 Main St", online_url="")


def come(event, name, guests=0):
    return services.rsvp(first(event).pk, who(name), guests=guests)


# --- guests --------------------------------------------------------------------------------------------------------
def test_the_confirmation_has_when_where_calendar_and_links(event):
    rsvp = come(event, "erin", 1)
    settle()
    (sent,) = [m for m in mail.outbox if m.to == ["erin@example.org"]]
    assert sent.subject == "You’re coming: House party"
    for part in ("Hello Erin,", "your 1 guest.", "1 Main St", links.rsvp_token(rsvp), sharer_code(rsvp.person)):
        assert part in sent.body
    html = sent.alternatives[0][0]
    assert links.rsvp_token(rsvp) in html
    name, content, mimetype = sent.attachments[0]
    assert (name, mimetype) == ("event.ics", "text/calendar; method=REQUEST")
    (entry,) = icalendar.Calendar.from_ical(content).walk("VEVENT")
    assert str(entry["uid"]).startswith(str(first(event).pk))
    assert sent.message()["Auto-Submitted"] == "auto-generated"


def test_reading_the_entries_again_writes_to_nobody_again(event):
    come(event, "erin")
    settle()
    n = Delivery.objects.count()
    Cursor.objects.filter(consumer="events.confirmations").update(block=0)
    settle()
    assert Delivery.objects.count() == n


def test_waiting_then_promoted(event):
    known("bob")
    erin = come(event, "erin", 1)
    come(event, "bob")
    settle()
    assert to("bob") == [("event.waiting", "sent")]
    assert last_to("bob").attachments == []
    services.cancel_rsvp(erin)
    settle()
    assert to("bob") == [("event.waiting", "sent"), ("event.promoted", "sent")]
    assert last_to("bob").attachments


def test_a_cancellation_takes_itself_out_of_the_calendar(event):
    known("erin")
    services.cancel_rsvp(come(event, "erin"))
    settle()
    assert to("erin") == [("event.rsvp_cancelled", "sent")]  # that they came does not hold any more
    assert "METHOD:CANCEL" in last_to("erin").attachments[0][1]


def test_the_exact_place_is_only_in_the_mail_to_those_who_come(alice):
    event = published(
        alice, title="Secret", place_shown="guests", street="77 Canary Lane", shifts=[shift(1)], online_url=""
    )
    known("bob")
    come(event, "erin")
    come(event, "bob")
    settle()
    assert "77 Canary Lane" in last_to("erin").text
    for part in (last_to("bob").text, last_to("bob").html, str(last_to("bob").attachments)):
        assert "Canary" not in part


def test_everybody_hears_of_another_time_once_and_of_another_title_never(event, alice):
    published(alice, title="Another one")  # so that she is no new host, whose changes are looked over first
    for name in ("erin", "bob", "frank"):
        known(name)
        come(event, name)
    services.cancel_rsvp(come(event, "frank"))
    settle()
    Delivery.objects.all().delete()
    services.change(event, HOST(event.created_by_id), title="Other title")
    settle()
    assert not Delivery.objects.exists()
    services.change(event, HOST(event.created_by_id), shifts=[shift(2, days=4, id=first(event).pk)])
    settle()
    settle()
    assert (to("erin"), to("bob"), to("frank")) == ([("event.changed", "sent")], [("event.changed", "sent")], [])
    assert "SEQUENCE:1" in last_to("erin").attachments[0][1]


def test_only_those_of_the_shift_that_moved_hear_of_it(alice):
    published(alice, title="Another one")
    event = published(alice, shifts=[shift(days=3), shift(days=4)])
    one, two = event.shifts.all()
    for name, at in (("erin", one), ("bob", two)):
        known(name)
        services.rsvp(at.pk, who(name))
    settle()
    Delivery.objects.all().delete()
    services.change(event, HOST(alice.pk), shifts=[shift(days=6, id=one.pk), shift(days=4, id=two.pk)])
    settle()
    assert (len(to("erin")), len(to("bob"))) == (1, 0)
    services.change(event, HOST(alice.pk), venue="The hall")
    settle()
    assert (len(to("erin")), len(to("bob"))) == (2, 1)


def test_a_cancelled_event_is_told_to_who_comes_who_waits_and_the_other_hosts(event, alice):
    bob = known("bob")
    services.add_host(event, bob, HOST(alice.pk))
    come(event, "erin", 1)
    come(event, "frank")
    settle()
    Delivery.objects.all().delete()
    services.cancel(event, HOST(alice.pk))
    settle()
    told = dict(Delivery.objects.values_list("address", "key"))
    assert set(told) == {"erin@example.org", "frank@example.org", "bob@example.org"}
    assert all(row.state == "sent" and "METHOD:CANCEL" in row.attachments[0][1] for row in Delivery.objects.all())


def test_telling_everybody_may_die_at_any_point_and_run_again(event, alice, monkeypatch):
    monkeypatch.setattr(telling, "BATCH", 2)
    event = published(alice, shifts=[shift(50)])
    for n in range(7):
        come(event, f"p{n}")
    settle()
    Delivery.objects.all().delete()
    services.cancel(event, HOST(alice.pk))
    queued, tell = [], telling.queue_many

    def dying(messages):
        queued.append(len(messages))
        if len(queued) == 3:
            raise ZeroDivisionError
        return tell(messages)

    monkeypatch.setattr(telling, "queue_many", dying)
    catch_up()
    with pytest.raises(ZeroDivisionError):
        drain()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND queueing_lock IS NULL"
        )
    drain()
    told = list(Delivery.objects.values_list("address", flat=True))
    assert len(told) == len(set(told)) == 7


def test_a_press_for_somebody_who_comes_mails_their_link_again_once_a_day(event, monkeypatch):
    known("erin")
    rsvp = come(event, "erin")
    come(event, "erin")
    settle()
    assert to("erin") == [("event.rsvp", "sent")]  # no second one beside the first
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=11))
    for guests in (0, 1, 0):
        come(event, "erin", guests)
    settle()
    assert to("erin") == [("event.rsvp", "sent"), ("event.again", "sent")]
    assert links.rsvp_token(rsvp) in last_to("erin").text
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=1, minutes=11))
    come(event, "erin")
    assert len(to("erin")) == 3


def test_pressing_again_and_again_floods_no_stranger(event, monkeypatch):
    come(event, "victim")
    settle()
    real = clock.now
    for minute in range(11, 400, 20):
        monkeypatch.setattr(clock, "now", lambda minute=minute: real() + timedelta(minutes=minute))
        come(event, "victim")
    settle()
    assert [state for _, state in to("victim")].count("sent") == 1


# --- hosts ---------------------------------------------------------------------------------------------------------
def test_a_new_host_gets_a_link_to_confirm_that_repeats_nothing_of_the_form():
    event = draft(person("alice"), title="Buy cheap pills")
    settle()
    row = last_to("alice")
    assert row.key.startswith("event.created:")
    assert links.confirm_token(event) in row.text
    assert "pills" not in row.subject + row.text + row.html


def test_a_name_that_is_an_advertisement_greets_nobody(event):
    services.rsvp(first(event).pk, NewPerson(given_name="Win $$$ at http://x.example", email="erin@example.org"))
    settle()
    assert "x.example" not in last_to("erin").text
    assert last_to("erin").text.startswith("Hello,")


def test_review_results_reach_the_host():
    alice, dana = known("alice"), user_actor(found_movement("dana@example.org", "Green Mountain").pk)
    event = services.confirm(draft(alice))
    settle()
    services.send_back(event, dana, "Please add <b>parking</b>.")
    settle()
    assert "Please add <b>parking</b>." in last_to("alice").text
    assert "&lt;b&gt;parking" in last_to("alice").html
    services.submit(event)
    settle()
    services.publish(event, dana)
    settle()
    kinds = [kind for kind, _ in to("alice")]
    assert kinds == ["event.submitted", "event.sent_back", "event.submitted", "event.published"]
    assert sharer_code(alice) in last_to("alice").text


# --- who is left out -----------------------------------------------------------------------------------------------
def test_imports_and_the_demo_write_to_nobody(event):
    erin = known("erin")
    settle()
    Delivery.objects.all().delete()
    at = clock.now() - timedelta(minutes=5)
    assert add_rsvps([BulkRSVP(first(event).pk, erin.pk, 0, at)], actor=TEST) == 1
    settle()
    assert not Delivery.objects.exists()


def test_nothing_goes_out_a_day_late(event, monkeypatch):
    come(event, "erin")
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=25))
    telling.tell(Entry.objects.filter(kind="event.rsvp"))
    assert not Delivery.objects.filter(address="erin@example.org").exists()
    monkeypatch.setattr(clock, "now", real)  # the control: in time it does
    telling.tell(Entry.objects.filter(kind="event.rsvp"))
    assert Delivery.objects.filter(address="erin@example.org").exists()


def test_one_letter_that_cannot_be_written_does_not_hold_up_the_others(event, monkeypatch):
    known("erin")
    come(event, "erin")
    come(event, "bob")
    going = telling.mails.going

    def broken(rsvp, *rest):
        if rsvp.person.given_name == "Erin":
            raise KeyError("template")
        return going(rsvp, *rest)

    monkeypatch.setattr(telling.mails, "going", broken)
    settle()
    assert (to("erin"), len(to("bob"))) == ([], 1)


def test_a_stranger_address_gets_one_form_mail_a_day_and_still_hears_that_the_event_is_off(alice):
    events = [published(alice, title=f"Party {n}") for n in range(4)]
    for event in events:
        come(event, "victim")
    settle()
    states = [state for _, state in to("victim")]
    assert sorted(states) == ["queued", "sent", "suppressed", "suppressed"]
    services.cancel(events[0], HOST(alice.pk))
    settle()
    assert to("victim")[-1] == ("event.cancelled", "sent")


def test_who_confirms_gets_every_confirmation_that_still_holds(alice):
    events = [published(alice, title=f"Party {n}") for n in range(6)]
    rsvps = [come(event, "erin") for event in events]
    settle()
    (first_mail,) = Delivery.objects.filter(address="erin@example.org", state="sent")
    services.cancel_rsvp(rsvps[4])
    services.cancel(events[5], HOST(alice.pk))
    services.prove(rsvps[0])
    settle()
    settle()
    told = [row.subject for row in Delivery.objects.filter(address="erin@example.org", state="sent")]
    for n in range(4):
        assert told.count(f"You’re coming: Party {n}") == 1, n
    assert "You’re coming: Party 4" not in told and "You’re coming: Party 5" not in told
    assert told.count("You’re not coming any more: Party 4") == 1
    assert first_mail.subject in told


def test_without_confirming_what_was_suppressed_stays_so(alice):
    """The control of the test above."""
    for n in range(6):
        come(published(alice, title=f"Party {n}"), "erin")
    settle()
    settle()
    assert [state for _, state in to("erin")].count("sent") == 1


def test_a_host_who_confirms_gets_the_links_of_their_other_drafts():
    drafts = [draft(person("alice"), title=f"Party {n}") for n in range(4)]
    settle()
    services.confirm(drafts[0])
    known("alice")
    settle()
    texts = "".join(Delivery.objects.filter(address="alice@example.org", state="sent").values_list("text", flat=True))
    assert all(links.confirm_token(one) in texts for one in drafts)


# --- languages -----------------------------------------------------------------------------------------------------
def test_letters_are_in_the_language_of_their_reader(event):
    Person.objects.filter(pk=known("erin").pk).update(language="es")
    come(event, "erin")
    settle()
    assert '<html lang="es">' in last_to("erin").html
    Movement.objects.update_or_create(only=True, defaults={"languages": ["es", "en"]})
    known("bob")
    come(event, "bob")
    movement.forget()
    settle()
    assert '<html lang="es">' in last_to("bob").html
