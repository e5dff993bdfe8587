"""From a mailing that went out to what comes back of it: the addresses in the copies themselves, over a real wire."""

import email
import re
from email import policy

import pytest
from django.db import transaction
from django.test import Client

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.ledger.models import Entry
from groundswell.messaging.models import Delivery, Mailing, Signal
from groundswell.messaging.services import delivering, signals
from groundswell.messaging.tests import launching, making
from groundswell.messaging.tests import sink as smtp
from groundswell.people import selectors as people
from groundswell.people.models import ContactPoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(settings):
    with smtp.running() as (sink, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        settings.EMAIL_HOST_USER = ""
        yield sink


def mails(sink):
    return [email.message_from_bytes(raw, policy=policy.default) for raw in sink.taken]


def html(mail) -> str:
    return mail.get_body(("html",)).get_content()


def path(settings, kind, text) -> str:
    return re.search(rf"{re.escape(settings.BASE_URL)}(/{kind}/[^\"\s<>]+)", text)[1]


def test_what_stands_in_a_copy_leads_where_it_should(sink, settings):
    settings.REPLY_DOMAIN = "answers.example.org"
    (erin,) = launching.people(1)
    launching.begin(launching.mailing())
    (mail,) = mails(sink)
    client = Client(headers=making.PERSON)
    assert client.get(path(settings, "l", html(mail)))["Location"] == "https://example.org/a"
    assert client.get(path(settings, "o", html(mail))).status_code == 200
    page = client.get(path(settings, "w", html(mail)))
    assert page.content.decode().split() == html(mail).split()
    assert "sandbox" in page["Content-Security-Policy"] and "script-src" not in page["Content-Security-Policy"]
    assert mail["Reply-To"].startswith("reply+") and mail["Reply-To"].endswith("@answers.example.org")
    leave = mail["List-Unsubscribe"].strip("<>").removeprefix(settings.BASE_URL)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert client.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not people.agrees(erin, "news", "email")
    assert set(Signal.objects.values_list("kind", flat=True)) == {"clicked", "opened", "unsubscribed"}


def test_every_copy_has_a_link_that_only_machines_follow_in_html_alone(sink, settings):
    launching.people(1)
    launching.begin(launching.mailing())
    (mail,) = mails(sink)
    assert "/l/0/" not in mail.get_body(("plain",)).get_content()
    assert Client(headers=making.PERSON).get(path(settings, "l/0", html(mail))).status_code == 302
    assert list(Signal.objects.values_list("kind", "machine")) == [("clicked", True)]


def test_whose_one_click_is_committed_gets_no_copy_that_waits(sink, settings):
    """Two mailings; who leaves from the first gets no copy of the second, which waits in the queue already."""
    both = launching.people(2)
    launching.begin(launching.mailing())
    second = launching.mailing(starts_at=None, state=Mailing.State.PAUSED)
    points = ContactPoint.objects.filter(person__in=both)
    subject = second.drafts.get().versions.get().subjects.get()
    for point in points:
        Delivery.objects.create(
            mailing=second, person_id=point.person_id, address=point.value, purpose="news", subject_line=subject
        )
    first = Delivery.objects.get(person=both[0], mailing__state="finished")
    leave = next(mail for mail in mails(sink) if str(first.pk) in mail["Message-ID"])["List-Unsubscribe"]
    Client().post(leave.strip("<>").removeprefix(settings.BASE_URL), {"List-Unsubscribe": "One-Click"})
    Mailing.objects.filter(pk=second.pk).update(state=Mailing.State.SENDING, people=2)
    with transaction.atomic():
        delivering.open_lanes(second.pk)
    drain()
    states = dict(Delivery.objects.filter(mailing=second).values_list("person_id", "state"))
    assert states == {both[0].pk: "suppressed", both[1].pk: "sent"}


def test_a_click_in_a_copy_that_went_out_is_a_deed(sink, settings):
    (erin,) = launching.people(1)
    launching.begin(launching.mailing())
    Delivery.objects.update(moved_at=Delivery.objects.get().moved_at.replace(year=2025))
    Client(headers=making.PERSON).get(path(settings, "l", html(mails(sink)[0])))
    Signal.objects.update(at=Signal.objects.get().at.replace(year=2025, month=12))
    with transaction.atomic():
        jobs.enqueue(signals.WEIGH)
    drain()
    assert Entry.objects.get(kind="mail.clicked").person_id == erin.pk
