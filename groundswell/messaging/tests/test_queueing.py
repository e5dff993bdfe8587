"""A message is queued once; strangers' addresses are not flooded."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.ledger.services import catch_up
from groundswell.messaging import rules, selectors, services
from groundswell.messaging.models import Delivery
from groundswell.messaging.services import Message, queueing
from groundswell.messaging.tests import making
from groundswell.people.models import ContactPoint
from groundswell.people.services import NewPerson, find_or_add, verify
from groundswell.powers.models import Movement
from groundswell.powers.movement import forget
from tests.at_once import together

pytestmark = pytest.mark.django_db

VICTIM = "victim@example.org"


def message(key, address="erin@example.org", **more):
    return Message(key, more.pop("person", None), address, more.pop("subject", "Hello"), "Text", **more)


def confirmed(address):
    person = find_or_add(NewPerson(email=address), how="test").person
    verify(ContactPoint.objects.get(value=address))
    return person


def jobs_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        return cursor.fetchone()[0]


def test_a_key_is_queued_once():
    first = services.queue("a:1", person=None, address="erin@example.org", subject="Hello", text="Text")
    assert first.state == "queued"
    assert services.queue("a:1", person=None, address="erin@example.org", subject="Hello", text="Text") is None
    assert services.queue_many([message("a:1"), message("a:2"), message("a:2")])[0].key == "a:2"
    assert Delivery.objects.count() == 2


def test_a_batch_wakes_one_job():
    confirmed("erin@example.org")
    services.queue_many([message(f"a:{n}") for n in range(20)])
    services.queue_many([message(f"b:{n}") for n in range(20)])
    assert jobs_waiting() == 1


@pytest.mark.django_db(transaction=True)
def test_a_mail_of_a_deed_that_is_rolled_back_is_not_queued():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.queue_many([message("a:1")])
        raise ZeroDivisionError
    assert Delivery.objects.count() == jobs_waiting() == 0


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: all@example.org", "Hi\nthere", "Hi\0", "", "  "])
def test_a_subject_of_several_lines_is_refused_and_nothing_is_queued(subject):
    with pytest.raises(ValueError, match="one line"):
        services.queue_many([message("a:1"), message("a:2", subject=subject)])
    assert not Delivery.objects.exists()


# --- an address that nobody has confirmed ---------------------------------------------------------------------------
def test_ten_thousand_sign_ups_of_one_victim_send_one_mail_and_one_waits_for_tomorrow():
    for part in range(20):
        services.queue_many([message(f"form:{part}:{n}", VICTIM) for n in range(500)])
    due = Delivery.objects.filter(state="queued", not_before__lte=clock.now())
    assert due.count() == 1
    (waiting,) = Delivery.objects.filter(state="queued", not_before__gt=clock.now())
    assert waiting.not_before == due.get().not_before + rules.DAY
    assert Delivery.objects.filter(state="suppressed", problem__contains="not confirmed").count() == 9_998


def test_without_the_guard_the_victim_gets_all(monkeypatch):
    monkeypatch.setattr(queueing, "_hold_back", lambda rows: None)
    services.queue_many([message(f"form:{n}", VICTIM) for n in range(100)])
    assert Delivery.objects.filter(state="queued", not_before__lte=clock.now()).count() == 100


def test_a_day_later_one_more_may_go(monkeypatch):
    services.queue_many([message("form:1", VICTIM)])
    Delivery.objects.update(not_before=clock.now() - rules.DAY - timedelta(seconds=1), state="sent")
    assert services.queue_many([message("form:2", VICTIM)])[0].not_before <= clock.now()


def test_a_confirmed_address_is_free():
    confirmed("erin@example.org")
    rows = services.queue_many([message(f"form:{n}") for n in range(50)])
    assert all(row.state == "queued" and row.not_before <= clock.now() for row in rows)


def test_a_notice_is_not_held_up_by_a_form_but_is_bounded_too():
    services.queue_many([message("form:1", VICTIM)])
    rows = services.queue_many([message(f"notice:{n}", VICTIM, notice=True) for n in range(10)])
    soon = [row for row in rows if row.state == "queued" and row.not_before <= clock.now()]
    later = [row for row in rows if row.state == "queued" and row.not_before > clock.now()]
    assert (len(soon), len(later)) == (rules.NOTICES_A_DAY, 1)


def test_what_waited_goes_out_when_the_address_is_confirmed():
    person = find_or_add(NewPerson(email=VICTIM), how="test").person
    services.queue_many([message(f"form:{n}", VICTIM, person=person) for n in range(3)])
    catch_up()
    assert Delivery.objects.filter(state="queued", not_before__lte=clock.now()).count() == 1
    verify(ContactPoint.objects.get(value=VICTIM))
    catch_up()
    assert Delivery.objects.filter(state="queued", not_before__lte=clock.now()).count() == 2


def test_of_ten_thousand_sign_ups_only_the_newest_few_may_be_written_anew():
    person = find_or_add(NewPerson(email=VICTIM), how="test").person
    services.queue_many([message(f"form:{n}", VICTIM, person=person) for n in range(10_000)])
    assert services.forget_suppressed([person.pk], {"form"}) == []  # nobody confirmed it
    verify(ContactPoint.objects.get(value=VICTIM))
    assert services.forget_suppressed([person.pk], {"other"}) == []
    keys = services.forget_suppressed([person.pk], {"form"})
    assert len(keys) == rules.MOST_AGAIN and "form:9999" in keys
    assert services.queue_many([message(keys[0], VICTIM, person=person)])[0].not_before <= clock.now()


@pytest.mark.django_db(transaction=True)
def test_forms_sent_from_everywhere_at_once_still_send_one_mail():
    def sign_up(n):
        try:
            services.queue_many([message(f"form:{n}", VICTIM)])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign_up, range(80)))
    assert Delivery.objects.filter(state="queued", not_before__lte=clock.now()).count() == 1
    assert selectors.states(clock.now() - rules.DAY)["suppressed"] == 78


# --- so many a week -------------------------------------------------------------------------------------------------
@pytest.fixture
def twice_a_week(db):
    Movement.objects.update_or_create(only=True, defaults={"mails_per_week": 2})
    forget()
    yield
    forget()


def weekly(person, *purposes):
    """What became of one mail for each purpose, queued in one call."""
    rows = services.queue_many([message(new_id().hex, person=person, purpose=purpose) for purpose in purposes])
    return [row.problem or row.state for row in rows]


def test_of_several_in_one_call_only_so_many_pass_as_the_week_has_left(twice_a_week):
    erin = confirmed("erin@example.org")
    assert weekly(erin, "news", "news", "news") == ["queued", "queued", "enough"]
    assert weekly(erin, "news", "") == ["enough", "queued"]


def test_it_is_kept_which_mailing_took_the_last_slot(twice_a_week):
    erin = confirmed("erin@example.org")
    first, second = (making.copy(making.mailing(), erin) for _mailing in range(2))
    (row,) = services.queue_many([message("a:1", person=erin, purpose="news")])
    row.refresh_from_db()
    assert row.lost_to == second.mailing_id != first.mailing_id


def test_what_a_host_writes_to_the_guests_goes_however_much_they_got_and_takes_nobodys_slot(twice_a_week):
    erin = confirmed("erin@example.org")
    about = f"event:{new_id()}"
    assert weekly(erin, about, about, about) == ["queued"] * 3
    assert weekly(erin, "news", "news", "news", about) == ["queued", "queued", "enough", "queued"]


def queued_by_eight(person) -> int:
    """Eight queue for one person, each sure that the others have not committed when it looks."""

    def one(_number):
        with transaction.atomic():
            found = weekly(person, "news")
            time.sleep(0.05)
        return found

    return together(one, 8).count(["queued"])


@pytest.mark.django_db(transaction=True)
def test_who_queues_at_once_for_one_person_keeps_to_the_week(twice_a_week):
    assert queued_by_eight(confirmed("erin@example.org")) == 2


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would_not(twice_a_week, monkeypatch):
    monkeypatch.setattr(queueing, "_IN_TURN", "SELECT %s::text[]")
    assert queued_by_eight(confirmed("erin@example.org")) > 2
