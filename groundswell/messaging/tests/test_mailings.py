"""A mailing from its beginning to its end: who is in the frozen audience, who gets a copy, and that all adds up."""

from collections import Counter

import pytest

from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.tests import sink as smtp
from groundswell.messaging.tests.launching import begin, mailing, people
from tests.at_once import HANGS_S

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(settings):
    with smtp.running() as (sink, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        settings.EMAIL_TIMEOUT = HANGS_S
        yield sink


def outcome(made):
    """How many copies are in each state, and why."""
    return Counter(Delivery.objects.filter(mailing=made).values_list("state", "problem"))


def test_everybody_gets_one_copy_and_the_mailing_is_finished(sink):
    people(120)
    made = begin(mailing())
    assert made.state == Mailing.State.FINISHED
    assert made.people == 120
    assert outcome(made) == {("sent", ""): 120}
    assert sorted(sink.ids()) == sorted(map(str, Delivery.objects.values_list("pk", flat=True)))
    assert set(sink.asked.values()) == {1}
