"""A host writes to the guests: to whom, in which words, how often, and to nobody twice."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.test import Client

from groundswell.events import links, services
from groundswell.events.models import RSVP, Event
from groundswell.events.services import writing
from groundswell.events.tests import making
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.models import Entry
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.messaging.tokens import token
from groundswell.people import services as people
from groundswell.people.models import ContactPoint, Person
from groundswell.powers.services import give
from groundswell.sources.models import Source
from groundswell.sources.services import sharer_code
from tests.cast import sign_in

pytestmark = pytest.mark.django_db


def come(event, name, **more):
    return services.rsvp(making.first(event).pk, making.who(name), **more)


def page(client, event, query=""):
    return client.get(f"/events/{event.pk}/host/message{query}").content.decode()


def said(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def write(client, event, act="send", **more):
    letter = {"to": "going", "subject": "Bring a chair", "text": "Dear all,\n\nwe are many."} | more
    return client.post(f"/events/{event.pk}/host/message", letter | ({act: "1"} if act else {}), follow=True)


def written():
    drain()
    return {row.address: row for row in Delivery.objects.filter(key__startswith=writing.KIND).order_by("pk")}


# --- who gets what -------------------------------------------------------------------------------------------------
def test_all_who_come_get_it_with_when_where_and_how_to_cancel(world, alice):
    come(world.event, "erin2")
    assert "On its way to 2 people." in write(alice, world.event).content.decode()
    found = written()
    assert set(found) == {"canary.bob@example.org", "erin2@example.org"}
    row = found["canary.bob@example.org"]
    assert row.subject == "Bring a chair"
    for part in ("Hello Bob,", "Alice, who hosts this event, writes:", "Dear all,\n\nwe are many.", "Kanarienweg 1"):
        assert part in row.text
    assert links.rsvp_token(world.rsvp) in row.text and links.rsvp_token(world.rsvp) in row.html
    assert "You get this because you said you would come to “Open kitchen”" in row.text
    assert "written into a form" not in row.text + row.html


def test_what_a_host_writes_is_text(world, alice):
    write(alice, world.event, text='<b>Come</b> <script>alert("x")</script>')
    html = written()["canary.bob@example.org"].html
    assert "&lt;b&gt;Come" in html and "<script>" not in html


def test_those_who_wait_get_theirs_without_the_exact_place(world, alice):
    event = world.event
    services.change(event, making.TEST, shifts=[making.shift(1, id=making.first(event).pk)])
    come(event, "wanda")
    write(alice, event, to="waiting")
    assert [*written()] == ["wanda@example.org"]
    assert "Kanarienweg" not in written()["wanda@example.org"].text


def test_afterwards_those_who_came_and_those_who_did_not_are_written_to_apart(world, alice):
    ann = come(world.event, "ann")
    event = making.ago(world.event, days=4)
    services.mark_attended(world.rsvp, True, making.TEST)
    services.mark_attended(ann, False, making.TEST)
    write(alice, event, to="missed", subject="We missed you")
    write(alice, event, to="came", subject="Thank you")
    assert {address: row.subject for address, row in written().items()} == {
        "ann@example.org": "We missed you",
        "canary.bob@example.org": "Thank you",
    }
    assert "Change or cancel" not in written()["ann@example.org"].text


def test_who_comes_twice_gets_one_mail(world, alice):
    event = making.published(world.bob, shifts=[making.shift(), making.shift(days=4)])
    services.add_host(event, Person.objects.get(user__email="alice@example.org"), making.TEST)
    for shift in event.shifts.all():
        services.rsvp(shift.pk, making.who("ann"))
    assert "On its way to 1 person." in write(alice, event).content.decode()
    assert len(written()) == 1


def test_who_cancelled_or_walked_in_gets_nothing(world, alice):
    services.cancel_rsvp(come(world.event, "carl"))
    walked = come(world.event, "wim")
    RSVP.objects.filter(pk=walked.pk).update(state="walk_in", attended=True)
    event = making.ago(world.event, days=4)
    services.mark_attended(world.rsvp, True, making.TEST)
    write(alice, event, to="came")
    write(alice, event)
    assert {row.address for row in Delivery.objects.filter(key__startswith=writing.KIND)} == set()
    assert set(written()) == {"canary.bob@example.org"}


def test_answers_go_to_the_host_only_if_they_say_so(world, alice):
    ContactPoint.objects.update(verified_at=clock.now())
    write(alice, world.event)
    write(alice, world.event, answers="on")
    drain()
    sent = [m.reply_to for m in mail.outbox if m.subject == "Bring a chair"]
    assert sorted(sent) == [[], ["alice@example.org"]]


# --- once ----------------------------------------------------------------------------------------------------------
def test_a_second_press_sends_nothing_more(world, alice):
    for _press in range(2):
        letter = {"to": "going", "subject": "Soon", "text": "Come.", "send": "1", "idempotency_key": "one"}
        assert alice.post(f"/events/{world.event.pk}/host/message", letter).status_code == 302
    assert Entry.objects.filter(kind=writing.KIND).count() == 1
    assert len(written()) == 1


def test_a_job_that_runs_again_writes_to_nobody_twice(world, alice, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 1)
    come(world.event, "ann")
    queued, calls = writing.write_to, []

    def dies_once(about, letters):
        calls.append(letters)
        if len(calls) == 2:
            raise OSError("the machine went down")
        return queued(about, letters)

    monkeypatch.setattr(writing, "write_to", dies_once)
    write(alice, world.event)
    with pytest.raises(OSError):
        drain()
    assert Delivery.objects.filter(key__startswith=writing.KIND).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->'args' FROM procrastinate_jobs WHERE args->>'job' = %s", [writing.JOB])
        writing.deliver(SimpleNamespace(transaction=transaction.atomic), **json.loads(cursor.fetchone()[0]))
    assert Delivery.objects.filter(key__startswith=writing.KIND).count() == 2 and len(calls) == 4


def test_an_address_that_nobody_confirmed_gets_a_bounded_number(world, alice, monkeypatch):
    monkeypatch.setattr(writing, "MOST_A_DAY", 9)
    for n in range(5):
        write(alice, world.event, subject=f"Message {n}")
    drain()
    rows = Delivery.objects.filter(key__startswith=writing.KIND)
    assert rows.filter(state="sent").count() == 3 and rows.filter(state="suppressed").exists()


def test_control_a_confirmed_address_gets_them_all(world, alice, monkeypatch):
    monkeypatch.setattr(writing, "MOST_A_DAY", 9)
    ContactPoint.objects.update(verified_at=clock.now())
    for n in range(5):
        write(alice, world.event, subject=f"Message {n}")
    drain()
    assert Delivery.objects.filter(key__startswith=writing.KIND, state="sent").count() == 5


def test_three_messages_a_day_and_then_a_clear_word(world, alice):
    for _n in range(3):
        write(alice, world.event)
    reply = write(alice, world.event)
    assert reply.status_code == 422 and "got 3 messages within a day" in reply.content.decode()
    assert Entry.objects.filter(kind=writing.KIND).count() == 3
    assert 'name="subject"' not in page(alice, world.event)


# --- the way out, and answers --------------------------------------------------------------------------------------
def test_a_guest_ends_what_the_host_writes_about_this_event_and_no_other(world, alice):
    other = making.published(Person.objects.get(user__email="alice@example.org"), title="Another")
    services.rsvp(making.first(other).pk, making.who("ann"))
    come(world.event, "ann")
    write(alice, world.event, subject="First")
    first = written()["ann@example.org"]
    assert first.unsubscribe and first.unsubscribe in first.text and first.unsubscribe in first.html
    path = first.unsubscribe.removeprefix(settings.BASE_URL)
    page_of = Client(headers={"sec-fetch-site": "same-origin"})
    assert "messages from the host of “Open kitchen”" in page_of.get(path).content.decode()
    page_of.post(path, {"List-Unsubscribe": "One-Click"})
    ContactPoint.objects.update(verified_at=clock.now())
    write(alice, world.event, subject="Second")
    write(alice, other, subject="Other")
    drain()
    states = Delivery.objects.filter(address="ann@example.org", key__startswith=writing.KIND)
    assert dict(states.values_list("subject", "state")) == {"First": "sent", "Second": "suppressed", "Other": "sent"}


def test_what_tells_a_guest_of_a_change_comes_though_they_ended_the_hosts_messages(world):
    people.withdraw(world.bob, writing.about(world.event.pk), "email", actor=making.TEST)
    services.cancel(world.event, making.TEST)
    catch_up()
    drain()
    assert Delivery.objects.filter(person=world.bob, subject__startswith="Called off", state="sent").exists()


def test_where_answers_come_in_to_us_no_guest_sees_the_hosts_address(world, alice, settings):
    settings.REPLY_DOMAIN = "answers.example.org"
    write(alice, world.event, answers="on")
    row = written()["canary.bob@example.org"]
    assert row.reply_to == f"reply+{token(row.pk)}@answers.example.org"
    assert "alice@example.org" not in row.text + row.html + row.reply_to
    assert "no address is shown" in page(alice, world.event)


# --- staff ---------------------------------------------------------------------------------------------------------
def test_staff_write_as_often_as_their_power_says_and_hosts_without_one(world, alice):
    dana, charlie = world.users["dana"], world.users["charlie"]
    give(dana, charlie, "events.change")
    staff = Client(headers={"sec-fetch-site": "same-origin"})
    sign_in(staff, charlie, strong=True)
    assert write(staff, world.event).status_code == 422
    grant = give(dana, charlie, "events.write", limit=1)
    assert write(staff, world.event).status_code == 200
    grant.refresh_from_db()
    assert grant.used == 1
    assert "the one time you were given is used" in said(write(staff, world.event).content.decode())
    write(alice, world.event)
    assert Entry.objects.filter(kind=writing.KIND).count() == 2


# --- what cannot be ------------------------------------------------------------------------------------------------
def test_an_event_that_is_not_published_writes_to_nobody(world, alice):
    services.cancel(world.event, making.TEST)
    assert "while the event is published" in said(write(alice, world.event).content.decode())
    assert not Entry.objects.filter(kind=writing.KIND).exists()


def test_called_off_before_the_job_ran_nobody_is_written_to(world, alice):
    write(alice, world.event)
    Event.objects.update(state="cancelled")
    assert written() == {}


def test_what_is_older_than_a_day_goes_to_nobody(world, alice, monkeypatch):
    write(alice, world.event)
    monkeypatch.setattr(writing, "FRESH", timedelta(0))
    assert written() == {}


def test_a_week_after_it_guests_are_not_written_to_any_more(world, alice):
    event = making.ago(world.event, days=11)
    assert "more than a week" in said(write(alice, event).content.decode())
    assert not Entry.objects.filter(kind=writing.KIND).exists()


def test_problems_stand_on_their_fields(world, alice):
    for more, words in (({"subject": ""}, "Subject : "), ({"text": "x" * 3_001}, "Use at most 3000 characters")):
        reply = write(alice, world.event, **more)
        assert reply.status_code == 422 and words in said(reply.content.decode())
    assert not Entry.objects.filter(kind=writing.KIND).exists()


def test_charlie_writes_to_nobody(world):
    assert write(world.client("charlie"), world.event).status_code == 404
    assert not Entry.objects.filter(kind=writing.KIND).exists()


# --- before it goes ------------------------------------------------------------------------------------------------
def test_the_preview_is_what_a_guest_gets_and_sends_nothing(world, alice):
    text = write(alice, world.event, act="").content.decode()
    for part in ("Bring a chair", "Hello Bob,", "Alice, who hosts this event, writes:", "Send to 1 person"):
        assert part in text
    assert links.rsvp_token(world.rsvp) not in text  # the guest's own link is not the host's
    assert not Entry.objects.filter(kind=writing.KIND).exists()
    assert "Dear all," in write(alice, world.event, act="edit").content.decode()


def test_a_reminder_and_thanks_are_begun_for_the_host(world, alice):
    assert "Soon: Open kitchen" in page(alice, world.event, "?text=reminder")
    near = making.published(making.person("gus"), title="Next door")
    text = page(alice, world.event, "?text=thanks")
    assert f"/events/{near.pk}?source=" in text and "Next door" in text
    own = making.published(Person.objects.get(user__email="alice@example.org"), title="Mine again")
    text = page(alice, world.event, "?text=thanks")
    assert f"/events/{own.pk}?source=" in text and "Next door" not in text


def test_whoever_comes_by_the_link_in_the_thanks_came_through_the_host(world, alice):
    host = Person.objects.get(user__email="alice@example.org")
    write(alice, world.event)
    assert Source.objects.get(code=sharer_code(host)).person == host


def test_the_entry_says_to_how_many(world, alice):
    write(alice, world.event)
    entry = Entry.objects.get(kind=writing.KIND)
    assert (entry.quantity, entry.data, entry.on_id) == (1, {"to": "going"}, world.event.pk)
    catch_up()
    assert "All who said they come (1)" in said(page(alice, world.event))


def test_staff_write_as_the_movement(world):
    write(world.client("dana", headers={"sec-fetch-site": "same-origin"}), world.event)
    assert "Your host writes:" in written()["canary.bob@example.org"].text


def test_a_person_without_an_address_is_not_counted(world, alice):
    ContactPoint.objects.filter(channel="email", person=world.bob).update(status="bounces")
    assert "All who said they come (" not in page(alice, world.event)
