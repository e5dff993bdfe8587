"""What comes back, over IMAP and from providers: each report is acted on once, in whatever order it comes."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.messaging.incoming import Report
from groundswell.messaging.models import Delivery, Inbox, Signal
from groundswell.messaging.services import fetching, hearing, signals
from groundswell.messaging.tests import mailbox, mails, making
from groundswell.people import selectors as people
from groundswell.people.models import ContactPoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin():
    return making.person()


@pytest.fixture
def copy(erin):
    return making.copy(making.mailing(), erin)


@pytest.fixture
def box(settings):
    with mailbox.running() as (box, port):
        settings.MAILBOX_URL = f"imap://erin:secret@127.0.0.1:{port}/INBOX"
        yield box


def fetch():
    jobs.enqueue(fetching.JOB, queueing_lock=fetching.JOB)
    drain()


def status(address="erin@example.org"):
    return ContactPoint.objects.get(value=address).status


def state(copy):
    copy.refresh_from_db()
    return copy.state


# --- mail servers --------------------------------------------------------------------------------------------------
def test_a_mail_that_came_back_for_good_ends_the_address(box, copy):
    box.put(mails.returned(copy))
    fetch()
    signal = Signal.objects.get()
    assert (signal.kind, signal.delivery_id) == ("bounced", copy.pk)
    assert signal.why == "hard: 550 5.1.1 No such user here"
    assert status() == "bounces" and state(copy) == "sent"


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        ({"action": "delayed", "status": "4.4.1", "said": "452 try later"}, "deferred"),
        ({"status": "5.2.2", "said": "552 mailbox full"}, "bounced"),
        ({"status": "5.7.26", "said": "550 unauthenticated"}, "bounced"),
    ],
)
def test_what_is_not_about_the_address_leaves_it(box, copy, report, kind):
    box.put(mails.returned(copy, **report))
    fetch()
    assert Signal.objects.get().kind == kind and status() == "unverified"


def test_three_full_mailboxes_over_a_week_end_the_address(box, erin):
    for n, days in enumerate((8, 4, 0)):
        copy = making.copy(making.mailing(f"Mailing {n}"), erin)
        box.put(mails.returned(copy, status="5.2.2", said="552 mailbox full"))
        fetch()
        assert status() == ("bounces" if n == 2 else "unverified")
        Signal.objects.filter(delivery=copy).update(at=clock.now() - timedelta(days=days))


def test_an_address_at_which_one_arrived_meanwhile_works(box, erin):
    for n, days in enumerate((8, 4, 0)):
        copy = making.copy(making.mailing(f"Mailing {n}"), erin)
        box.put(mails.returned(copy, status="5.2.2", said="552 mailbox full"))
        fetch()
        Signal.objects.filter(delivery=copy).update(at=clock.now() - timedelta(days=days))
        if n == 1:
            signals.note(copy.pk, copy.mailing_id, Signal.Kind.OPENED, at=clock.now() - timedelta(days=3))
    assert status() == "unverified"


def test_servers_that_know_no_form_for_it_are_understood(box, copy):
    box.put(mails.returned_in_words(copy))
    fetch()
    assert Signal.objects.get().why.startswith("hard:") and status() == "bounces"


def test_a_warning_that_it_takes_longer_ends_nothing(box, copy):
    box.put(mails.returned_in_words(copy, "Warning: message delayed", "still trying"))
    fetch()
    assert Signal.objects.get().kind == "deferred" and status() == "unverified"


def test_a_report_that_names_only_an_address_is_anybodys_word(box, copy):
    box.put(mails.returned(None, address=copy.address))
    fetch()
    assert Signal.objects.get().why.startswith("soft:") and status() == "unverified"


def test_a_report_of_nothing_we_sent_changes_nothing(box, copy):
    other = Delivery(pk=new_id(), address="nobody@example.org")
    box.put(mails.returned(other), mails.complaint(other), b"Subject: Win a prize\r\n\r\nNow!", b"\xff\x00")
    fetch()
    assert not Signal.objects.exists() and Inbox.objects.get().read_up_to == 4


@pytest.mark.parametrize("by_token", [False, True])
def test_a_complaint_ends_all_mail(box, copy, erin, by_token):
    making.people.agree(erin, "events", "email", "Tell me.", "/", actor=making.TEST)
    box.put(mails.complaint(copy, by_token=by_token))
    fetch()
    assert "complained" in Signal.objects.values_list("kind", flat=True)
    assert not people.agrees(erin, "news", "email")
    assert not people.agrees(erin, "events", "email")


def test_who_says_that_it_is_no_spam_complains_of_nothing(box, copy, erin):
    box.put(mails.complaint(copy, kind="not-spam"))
    fetch()
    assert not Signal.objects.exists() and people.agrees(erin, "news", "email")


# --- the mailbox ---------------------------------------------------------------------------------------------------
def test_each_mail_is_read_once(box, copy):
    box.put(mails.returned(copy))
    fetch()
    fetch()
    box.put(mails.returned(copy, action="delayed"))
    fetch()
    assert box.fetched == [1, 2] and Signal.objects.count() == 2


def test_a_mailbox_that_counts_anew_is_read_again_and_nothing_counts_twice(box, copy):
    box.put(mails.returned(copy))
    fetch()
    box.validity += 1
    fetch()
    assert box.fetched == [1, 1] and Signal.objects.count() == 1


def test_a_server_that_hangs_up_in_the_middle_is_asked_again(box, copy, caplog):
    box.put(mails.returned(copy), mails.returned(copy, action="delayed"))
    box.hangs_up_at = 2
    fetch()
    assert Signal.objects.count() == 1 and "cannot be read" in caplog.text
    fetch()
    assert Signal.objects.count() == 2 and box.fetched == [1, 2]


def test_a_wrong_password_is_said_without_it(box, settings, caplog):
    settings.MAILBOX_URL = settings.MAILBOX_URL.replace("secret", "hunter2")
    fetch()
    assert "wrong" in caplog.text and "hunter2" not in caplog.text


def test_nothing_in_the_mailbox_is_changed(box, copy):
    box.put(mails.returned(copy))
    fetch()
    words = " ".join(box.said).upper()
    assert "EXAMINE" in words and not any(word in words for word in (" STORE ", "EXPUNGE", "SELECT"))


def test_without_a_mailbox_nothing_is_read(settings):
    settings.MAILBOX_URL = ""
    fetch()
    assert not Inbox.objects.exists()


# --- providers -----------------------------------------------------------------------------------------------------
POSTMARK = "postmark://?webhook_secret=us:secret"
BASIC = {"Authorization": "Basic dXM6c2VjcmV0"}


def postmark(copy, type_="HardBounce", record="Bounce", **more):
    told = {"RecordType": record, "Type": type_, "ID": 42, "MessageID": "their-id", "Email": copy.address}
    told |= {"BouncedAt": "2026-11-22T10:00:00Z", "Details": "550 5.1.1 no such user"}
    return told | {"Metadata": {"delivery": str(copy.pk)}} | more


def report(told, provider="postmark", what="tracking", headers=BASIC):
    client = Client(headers=headers, enforce_csrf_checks=True)
    return client.post(f"/hooks/mail/{provider}/{what}", json.dumps(told), content_type="application/json")


def test_a_provider_tells_of_a_bounce_and_is_answered_before_anything_happens(settings, copy):
    settings.MAIL_HOOKS = POSTMARK
    assert report(postmark(copy)).status_code == 200
    assert not Signal.objects.exists()
    drain()
    assert Signal.objects.get().key == "Postmark:bounced:42" and status() == "bounces"


def test_told_three_times_it_happens_once(settings, copy):
    settings.MAIL_HOOKS = POSTMARK
    for _time in range(3):
        assert report(postmark(copy)).status_code == 200
    drain()
    assert Signal.objects.count() == 1


def test_a_provider_that_knows_only_its_own_id_is_understood(settings, copy):
    settings.MAIL_HOOKS = POSTMARK
    Delivery.objects.update(their_id="their-id")
    report(postmark(copy, Metadata={}, Email=""))
    drain()
    assert Signal.objects.get().delivery_id == copy.pk


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}])
def test_who_does_not_know_the_secret_tells_nothing(settings, copy, headers):
    settings.MAIL_HOOKS = POSTMARK
    assert report(postmark(copy), headers=headers).status_code == 400
    drain()
    assert not Signal.objects.exists()


@pytest.mark.parametrize("hooks", ["", "mailgun://?webhook_signing_key=k", "postmark://?message_stream=x"])
def test_a_provider_without_a_secret_in_the_settings_is_not_there(settings, copy, hooks):
    settings.MAIL_HOOKS = hooks
    assert report(postmark(copy)).status_code == 404


def test_what_a_provider_garbles_is_refused(settings):
    settings.MAIL_HOOKS = POSTMARK
    assert report([1]).status_code == 400


def test_a_signature_vouches_as_a_secret_does(settings, copy):
    settings.MAIL_HOOKS = f"{POSTMARK} mailgun://?webhook_signing_key=key"
    event = {"event": "complained", "id": "abc", "timestamp": 1795341600.0, "recipient": copy.address}
    event |= {"message": {"headers": {"message-id": f"{copy.pk}@example.org"}}, "user-variables": {}}
    signature = hmac.new(b"key", b"1795341600token", hashlib.sha256).hexdigest()
    signed = {"timestamp": "1795341600", "token": "token", "signature": signature}
    assert report({"signature": signed, "event-data": event}, "mailgun", headers={}).status_code == 200
    forged = {"signature": signed | {"token": "other"}, "event-data": event}
    assert report(forged, "mailgun", headers={}).status_code == 400
    drain()
    assert "complained" in Signal.objects.values_list("kind", flat=True)
    assert not people.agrees(copy.person, "news", "email")


# --- in doubt ------------------------------------------------------------------------------------------------------
def test_a_copy_in_doubt_is_settled_by_what_is_told(settings, copy, erin):
    settings.MAIL_HOOKS = POSTMARK
    lost = making.copy(making.mailing("August"), erin, state="unknown")
    Delivery.objects.filter(pk=copy.pk).update(state="unknown")
    report(postmark(copy, record="Delivery", DeliveredAt="2026-11-22T10:00:00Z"))
    report(postmark(lost))
    drain()
    assert (state(copy), state(lost)) == ("sent", "failed")


def test_what_was_told_before_a_copy_was_in_doubt_settles_it_too(copy):
    Delivery.objects.update(state="sending")
    signals.note(copy.pk, copy.mailing_id, Signal.Kind.DELIVERED, key="x")
    Delivery.objects.update(state="unknown")
    jobs.enqueue(signals.SETTLE)
    drain()
    assert state(copy) == "sent"


KINDS = ["delivered", "bounced", "deferred", "complained", "unsubscribed"]
SAID = {"bounced": "550 5.1.1 no such user", "deferred": "451 4.2.1 later"}


class InAnyOrder(TestCase):
    """Reports of one copy, shuffled and repeated, end as the same reports told once and in their order."""

    @given(st.data())
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors])
    def test_reports_in_any_order_any_number_of_times_come_to_the_same(self, data):
        kinds = data.draw(st.lists(st.sampled_from(KINDS), unique=True, min_size=1))
        before = data.draw(st.sampled_from(["unknown", "sent"]))
        told = data.draw(st.permutations(kinds * 2))
        ends = [self.end(order, before, name) for order, name in ((kinds, "ann"), (told, "ben"))]
        assert ends[0] == ends[1]

    def end(self, kinds, before, name):
        person = making.person(name)
        copy = making.copy(making.mailing(), person, state=before)
        for kind in kinds:
            hearing.hear(Report(kind, f"{name}:{kind}", copies=(str(copy.pk),), said=SAID.get(kind, ""), signed=True))
        noted = Signal.objects.filter(delivery=copy).values_list("kind", flat=True)
        return (state(copy), status(copy.address), people.agrees(person, "news", "email"), sorted(set(noted)))
