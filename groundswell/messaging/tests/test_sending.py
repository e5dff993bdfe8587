"""What becomes of a delivery on the wire, against a real SMTP server."""

import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, connections, transaction

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.rules import person_actor
from groundswell.messaging import rules, services
from groundswell.messaging.models import Delivery
from groundswell.messaging.services import Message, sending
from groundswell.messaging.tests import sink as smtp
from groundswell.people.models import ContactPoint
from groundswell.people.services import NewPerson, agree, find_or_add
from tests.at_once import HANGS_S, together, until, waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(settings):
    with smtp.running() as (sink, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        settings.EMAIL_TIMEOUT = HANGS_S
        yield sink


def queue(*addresses, **more):
    return services.queue_many(
        [Message(f"test:{address}", None, address, "Hello", "Text", **more) for address in addresses]
    )


def state(row):
    row.refresh_from_db()
    return row.state


def again(row):
    """Let its next try be due."""
    Delivery.objects.filter(pk=row.pk).update(not_before=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    drain()


def test_a_mail_arrives_with_its_parts_and_its_own_message_id(sink):
    (row,) = queue(
        "erin@example.org", html="<p>Text</p>", attachments=[("invite.ics", "BEGIN:VCALENDAR", "text/calendar")]
    )
    drain()
    assert state(row) == "sent"
    assert sink.ids() == [str(row.pk)]
    for part in (b"text/html", b"text/calendar", b"invite.ics", b"Auto-Submitted: auto-generated"):
        assert part in sink.taken[0]


def test_a_domain_beyond_ascii_is_written_as_every_server_reads_it(sink):
    (row,) = queue("erin@bücher.example")
    drain()
    assert state(row) == "sent"
    assert sink.asked["erin@xn--bcher-kva.example"] == 1


def test_one_bad_recipient_neither_loops_nor_blocks(sink):
    good = [f"good-{n}@example.org" for n in range(100)]
    rows = queue(*good[:50], "bad-1@example.org", "busy-1@example.org", *good[50:])
    bad, busy = rows[50], rows[51]
    drain()
    assert len(sink.taken) == len(set(sink.ids())) == 100
    assert (state(bad), bad.tries) == ("failed", 1)
    assert "550" in bad.problem
    for _ in range(10):
        again(busy)
    assert (state(busy), busy.tries) == ("failed", rules.MOST_TRIES)
    assert sink.asked["busy-1@example.org"] == rules.MOST_TRIES
    assert sink.asked["bad-1@example.org"] == 1
    assert len(sink.taken) == 100


def test_what_cannot_be_put_into_a_mail_fails_by_itself(sink):
    Delivery.objects.create(key="broken", address="a@example.org\nBcc: b@example.org", subject="Hello", text="Text")
    (good,) = queue("erin@example.org")
    drain()
    assert Delivery.objects.get(key="broken").state == "failed"
    assert state(good) == "sent"


def test_a_lost_last_word_of_the_server_is_unknown_and_never_sent_again(sink):
    rows = queue(*(f"{'drop' if n % 5 == 0 else 'good'}-{n}@example.org" for n in range(20)))
    drain()
    for row in rows:
        if state(row) == "unknown":
            again(row)
    assert sum(state(row) == "unknown" for row in rows) == 4
    assert sum(state(row) == "sent" for row in rows) == 16
    assert len(sink.ids()) == len(set(sink.ids())) == 20


def test_a_mail_server_that_is_away_costs_no_tries(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    (row,) = queue("erin@example.org")
    drain()
    assert (state(row), row.tries) == ("queued", 0)
    with smtp.running() as (sink, port):
        settings.EMAIL_PORT = port
        again(row)
        assert state(row) == "sent"


def test_an_address_that_does_not_work_is_passed_over_when_its_row_is_claimed(sink):
    person = find_or_add(NewPerson(email="gone@example.org"), how="test").person
    gone, good = queue("gone@example.org", "erin@example.org")
    ContactPoint.objects.filter(person=person).update(status="bounces")
    drain()
    assert (state(gone), state(good)) == ("suppressed", "sent")
    assert sink.asked["gone@example.org"] == 0


def test_what_a_dead_process_left_on_the_wire_becomes_unknown(sink):
    (row,) = queue("erin@example.org")
    Delivery.objects.filter(pk=row.pk).update(state="sending", moved_at=clock.now() - timedelta(minutes=11))
    drain()
    assert state(row) == "unknown"
    assert sink.taken == []


@pytest.mark.parametrize(("purpose", "first"), [("news", "confirmation"), ("", "queued before")])
def test_what_many_agreed_to_waits_for_what_somebody_waits_for(sink, purpose, first):
    erin = find_or_add(NewPerson(email="erin@example.org"), how="test").person
    with transaction.atomic():
        agree(erin, "news", "email", "Write to me.", "/", actor=person_actor(erin.pk))
    early, late = clock.now() - timedelta(hours=1), clock.now()
    services.queue_many([Message("journey", erin, "erin@example.org", "Hello", "Text", purpose=purpose)])
    (other,) = queue("frida@example.org")
    Delivery.objects.filter(key="journey").update(not_before=early)
    Delivery.objects.filter(pk=other.pk).update(not_before=late)
    drain()
    found = {"confirmation": other.pk, "queued before": Delivery.objects.get(key="journey").pk}
    assert len(sink.ids()) == 2
    assert sink.ids()[0] == str(found[first])


def test_a_system_that_slept_for_a_day_sends_nothing_late(sink):
    (row,) = queue("erin@example.org")
    Delivery.objects.filter(pk=row.pk).update(not_before=clock.now() - timedelta(hours=25))
    drain()
    assert state(row) == "suppressed"
    assert sink.taken == []


def test_several_runs_at_once_send_each_mail_once(sink):
    queue(*(f"good-{n}@example.org" for n in range(60)))
    with connection.cursor() as cursor:  # as after a reaper: the same work for several workers
        cursor.execute("UPDATE procrastinate_jobs SET queueing_lock = NULL")
    for _ in range(3):
        jobs.enqueue("messaging.send")
    together(lambda n: drain(), 4)
    assert len(sink.ids()) == len(set(sink.ids())) == 60
    assert Delivery.objects.filter(state="sent").count() == 60


class StolenWhileSending(BaseEmailBackend):
    """Another run takes the job while a mail is on the wire."""

    sent = 0

    def send_messages(self, messages):
        type(self).sent += len(messages)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE jobs_lease SET token = gen_random_uuid()")
        return len(messages)


def test_a_run_whose_lease_moved_on_sends_no_more_but_notes_what_it_sent(settings):
    settings.EMAIL_BACKEND = f"{__name__}.StolenWhileSending"
    queue("a@example.org", "b@example.org")
    StolenWhileSending.sent = 0
    drain()
    assert StolenWhileSending.sent == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["queued", "sent"]


def test_a_mail_that_is_queued_while_a_job_waits_is_not_forgotten(sink):
    """The job waits, so no second one is queued; it must not begin to look before the other transaction commits."""
    from django.db import transaction

    queue("first@example.org")
    queued, may_commit = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                queue("second@example.org")
                queued.set()
                may_commit.wait(HANGS_S)
        finally:
            connections.close_all()

    def look():
        try:
            drain()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        pool.submit(slow)
        queued.wait(HANGS_S)
        looking = pool.submit(look)
        until(lambda: looking.done() or waiting())
        may_commit.set()
        looking.result(HANGS_S)
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["sent", "sent"]


def test_without_waiting_for_who_queues_a_mail_is_forgotten(sink, monkeypatch):
    monkeypatch.setattr(sending, "_wait_for_who_queues", lambda: None)
    with pytest.raises(AssertionError):
        test_a_mail_that_is_queued_while_a_job_waits_is_not_forgotten(sink)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (smtplib.SMTPDataError(554, b"spam"), "failed"),
        (smtplib.SMTPDataError(452, b"full"), "queued"),
        (smtplib.SMTPSenderRefused(421, b"too many", "a@example.org"), "queued"),
        (smtplib.SMTPServerDisconnected("gone"), "unknown"),
        (TimeoutError(), "unknown"),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no")}), "failed"),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"later")}), "queued"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "no"), "failed"),
    ],
)
def test_the_servers_own_word_decides(error, state):
    assert rules.outcome_of(error).state == state
