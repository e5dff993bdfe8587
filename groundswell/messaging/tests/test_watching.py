"""A mailing that does harm pauses within a minute and says why; one that does well, or had bad luck, goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.jobs import hooks, services
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.models import Entry
from groundswell.ledger.services import record
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery, Mailing, Signal
from groundswell.messaging.services import watching
from groundswell.messaging.tests import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing():
    return making.mailing()


def send(mailing, number, state="sent"):
    now = clock.now()
    return Delivery.objects.bulk_create(
        Delivery(mailing=mailing, person_id=new_id(), address=f"{new_id()}@example.org", state=state, moved_at=now)
        for _n in range(number)
    )


def told(copies, kind):
    Signal.objects.bulk_create(Signal(delivery=copy, mailing_id=copy.mailing_id, kind=kind) for copy in copies)


def watch(mailing):
    services.make_rounds()
    drain()
    mailing.refresh_from_db()
    return mailing.state, mailing.problem


HARM = [("bounced", 30, "bounces"), ("complained", 4, "complaints"), ("unsubscribed", 15, "unsubscribes")]


@pytest.mark.parametrize(("kind", "number", "why"), HARM)
def test_what_does_harm_pauses_and_says_why(mailing, kind, number, why):
    told(send(mailing, 300)[:number], kind)
    assert watch(mailing) == ("paused", why)
    assert Entry.objects.get(kind="mailing.paused").data == {"why": why}


@pytest.mark.parametrize(("kind", "number", "why"), HARM)
def test_control_without_its_bound_it_goes_on(mailing, monkeypatch, kind, number, why):
    monkeypatch.setitem(rules.BOUNDS, why, 1.0)
    told(send(mailing, 300)[:number], kind)
    assert watch(mailing) == ("sending", "")


@pytest.mark.parametrize(("kind", "number"), [("bounced", 18), ("complained", 1), ("unsubscribed", 8)])
def test_what_may_be_chance_goes_on(mailing, kind, number):
    told(send(mailing, 300)[:number], kind)
    assert watch(mailing) == ("sending", "")


def test_what_is_refused_at_once_came_back_too(mailing):
    send(mailing, 270)
    send(mailing, 30, "failed")
    assert watch(mailing) == ("paused", "bounces")


def test_one_person_who_presses_ten_times_counts_once(mailing):
    copies = send(mailing, 300)
    for _press in range(10):
        told(copies[:1], "complained")
    assert watch(mailing) == ("sending", "")


def test_whoever_lets_it_go_on_is_not_overruled_by_what_was_before(mailing):
    told(send(mailing, 300)[:30], "bounced")
    watch(mailing)
    Mailing.objects.update(state="sending", problem="")
    record("mailing.resumed", actor=making.TEST, on=("mailing", mailing.pk))
    assert watching.watch(mailing) == ""
    told(send(mailing, 300)[:30], "bounced")
    assert watching.watch(mailing) == "bounces"


def test_another_mailing_goes_on(mailing):
    told(send(mailing, 300)[:30], "bounced")
    other = making.mailing("August")
    told(send(other, 300)[:1], "bounced")
    assert watch(mailing)[0] == "paused" and watch(other)[0] == "sending"


def test_it_is_looked_at_four_times_a_minute():
    assert hooks.rounds[watching.WATCH].total_seconds() <= 15


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_share_at_the_bound_is_never_beyond_it(sent, number):
    counted = dict.fromkeys(rules.BOUNDS, min(number, sent))
    why = rules.beyond(counted, sent)
    assert not why or counted[why] / sent > rules.BOUNDS[why]
