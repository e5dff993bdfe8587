"""A mailing from its beginning to its end: who is in the frozen audience, who gets a copy, and that all adds up."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from anymail.exceptions import AnymailRequestsAPIError
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.urls import reverse
from requests import Response

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.messaging import rules, transports
from groundswell.messaging.copies import Reader
from groundswell.messaging.models import Choice, Delivery, Domain, Hold, Mailing
from groundswell.messaging.services import Message, beginning, delivering, holding, queue, queue_many, steering
from groundswell.messaging.tests import sink as smtp
from groundswell.messaging.tests.launching import begin, mailing, owner, people
from groundswell.people.models import ContactPoint, Person, Segment
from groundswell.people.services import withdraw
from groundswell.powers.models import Movement
from groundswell.powers.movement import forget
from groundswell.powers.viewer import Viewer
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


def only(*found):
    """A segment's tree that holds these people: those with their ZIP."""
    Person.objects.filter(pk__in=[person.pk for person in found]).update(postal_code="99501")
    return {"all": [{"is": "near", "within": 1, "unit": "mi", "place": "99501"}]}


def freeze(made, monkeypatch):
    """Its audience, with no lane that sends."""
    with monkeypatch.context() as not_yet:
        not_yet.setattr(beginning, "open_lanes", lambda mailing_id: None)
        return begin(made)


def send(made):
    delivering.open_lanes(made.pk)
    drain()
    made.refresh_from_db()
    return made


# --- to its end ----------------------------------------------------------------------------------------------------
def test_everybody_gets_one_copy_and_the_mailing_is_finished(sink):
    people(120)
    made = begin(mailing())
    assert made.state == Mailing.State.FINISHED
    assert made.people == 120
    assert outcome(made) == {("sent", ""): 120}
    assert sorted(sink.ids()) == sorted(map(str, Delivery.objects.values_list("pk", flat=True)))
    assert set(sink.asked.values()) == {1}


def test_a_copy_is_its_readers_own(sink):
    people(3, given_name="Erin")
    begin(mailing(subjects=("For {first_name|you}",)))
    mails = [message_from_bytes(raw, policy=policy.default) for raw in sink.taken]
    for mail in mails:
        own = Delivery.objects.get(address=mail["To"])
        assert mail["Subject"] == "For Erin"
        assert mail["Message-ID"].startswith(f"<{own.pk}@")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "Dear Erin," in mail.get_body(("plain",)).get_content()
        assert "Dear Erin," in mail.get_body(("html",)).get_content()
    assert len({mail["List-Unsubscribe"] for mail in mails}) == 3


def test_subjects_share_the_people_by_a_draw_that_is_the_same_every_time(sink, monkeypatch):
    people(200)
    made = freeze(mailing(subjects=("One", "Two")), monkeypatch)
    shares = Counter(Delivery.objects.values_list("subject_line__text", flat=True))
    assert set(shares) == {"One", "Two"}
    assert all(70 < n < 130 for n in shares.values())
    drawn = dict(Delivery.objects.values_list("person_id", "subject_line__text"))
    Delivery.objects.all().delete()
    Mailing.objects.filter(pk=made.pk).update(state="waiting", frozen_at=None)
    made.parts.all().delete()
    freeze(made, monkeypatch)
    assert dict(Delivery.objects.values_list("person_id", "subject_line__text")) == drawn


def test_a_mailing_that_does_not_add_up_is_not_finished(sink, monkeypatch):
    people(10)
    made = freeze(mailing(), monkeypatch)
    Delivery.objects.filter(pk=Delivery.objects.first().pk).delete()
    send(made)
    assert (made.state, made.problem) == (Mailing.State.PAUSED, "sum")


# --- who gets none -------------------------------------------------------------------------------------------------
def test_who_gets_no_copy_is_in_the_audience_with_the_reason(sink):
    ok, dead, quiet, own, none = people(5)
    ContactPoint.objects.filter(person=dead).update(status="bounces")
    withdraw(quiet, "news", "email", actor="system:test")
    Choice.objects.create(person=own, own_team_only=True)
    ContactPoint.objects.filter(person=none).delete()
    made = begin(mailing())
    assert made.people == 5
    assert outcome(made) == {
        ("sent", ""): 1,
        ("suppressed", "dead_address"): 1,
        ("suppressed", "no_consent"): 1,
        ("suppressed", "own_team_only"): 1,
        ("suppressed", "no_address"): 1,
    }
    assert Delivery.objects.get(state="sent").person == ok


def test_who_takes_it_back_after_the_freeze_gets_none(sink, monkeypatch):
    several = people(6)
    made = freeze(mailing(), monkeypatch)
    withdraw(several[0], "news", "email", actor="system:test")
    ContactPoint.objects.filter(person=several[1]).update(status="wrong")
    Choice.objects.create(person=several[2], own_team_only=True)
    send(made)
    assert outcome(made) == {
        ("sent", ""): 3,
        ("suppressed", "took_back"): 1,
        ("suppressed", "dead_address"): 1,
        ("suppressed", "own_team_only"): 1,
    }


def opted_out(monkeypatch):
    """Who got a copy that was claimed after they took it back, while a mailing goes; and how many took it back."""
    several = people(1_500)
    made = freeze(mailing(), monkeypatch)
    left = {}

    def leave(some):
        try:
            for person in some:
                withdraw(person, "news", "email", actor="system:test")
                left[person.pk] = clock.now()
        finally:
            connections.close_all()

    delivering.open_lanes(made.pk)
    with ThreadPoolExecutor(10) as threads:
        running = [threads.submit(leave, several[n::25]) for n in range(10)]
        drain()
        [one.result() for one in running]
    rows = Delivery.objects.filter(person_id__in=left, state="sent").values_list("person_id", "moved_at", "queued_at")
    claimed = dict(_claims(rows))
    return [pk for pk, at in claimed.items() if at > left[pk]], len(left)


def _claims(rows):
    return [(pk, moved) for pk, moved, _queued in rows]


def test_nothing_is_claimed_after_an_opt_out_committed(sink, monkeypatch):
    """`moved_at` of a claim is kept here as it was claimed; the settling would write a later one."""
    monkeypatch.setattr(
        delivering, "_SENT", delivering._SENT.replace("moved_at = %s", "notice = %s IS NOT NULL AND notice")
    )
    late, left = opted_out(monkeypatch)
    assert left == 600
    assert late == []


def test_without_the_check_in_the_claim_copies_leave_after_an_opt_out(sink, monkeypatch):
    monkeypatch.setattr(
        delivering, "_SENT", delivering._SENT.replace("moved_at = %s", "notice = %s IS NOT NULL AND notice")
    )
    monkeypatch.setattr(
        delivering, "_CLAIM", delivering._CLAIM.replace("WHEN NOT coalesce((", "WHEN false AND NOT coalesce((")
    )
    late, _left = opted_out(monkeypatch)
    assert late


# --- the contact budget --------------------------------------------------------------------------------------------
@pytest.fixture
def twice_a_week():
    owner()
    Movement.objects.update(mails_per_week=2)
    forget()
    yield
    forget()


def test_a_person_gets_so_many_mailings_a_week_and_it_is_kept_who_took_the_slot(sink, twice_a_week):
    people(2)
    first, second, third = (begin(mailing()) for _ in range(3))
    assert outcome(first) == outcome(second) == {("sent", ""): 2}
    assert outcome(third) == {("suppressed", "enough"): 2}
    assert set(Delivery.objects.filter(mailing=third).values_list("lost_to", flat=True)) == {second.pk}


def test_a_person_may_choose_fewer(sink, twice_a_week):
    one, other = people(2)
    Choice.objects.create(person=one, per_week=1)
    begin(mailing())
    again = begin(mailing())
    assert dict(Delivery.objects.filter(mailing=again).values_list("person_id", "state")) == {
        one.pk: "suppressed",
        other.pk: "sent",
    }


def test_what_waits_gives_way_to_a_mailing_that_matters_more(sink, twice_a_week, monkeypatch):
    people(3)
    begin(mailing())
    waits = freeze(mailing(), monkeypatch)
    high = begin(mailing(priority=Mailing.Priority.HIGH))
    assert outcome(high) == {("sent", ""): 3}
    assert outcome(waits) == {("suppressed", "gave_way"): 3}
    assert set(Delivery.objects.filter(mailing=waits).values_list("lost_to", flat=True)) == {high.pk}
    assert send(waits).state == Mailing.State.FINISHED


def test_what_matters_as_much_gives_no_way(sink, twice_a_week, monkeypatch):
    people(1)
    begin(mailing())
    freeze(mailing(), monkeypatch)
    assert outcome(begin(mailing())) == {("suppressed", "enough"): 1}


# --- when ----------------------------------------------------------------------------------------------------------
def test_a_mailing_that_missed_its_time_is_held(sink):
    people(2)
    made = begin(mailing(starts_at=clock.now() - rules.MISSED - timedelta(minutes=1)))
    assert (made.state, made.problem) == (Mailing.State.PAUSED, "missed")
    assert not sink.taken


def test_the_hours_are_those_of_who_gets_it(sink, monkeypatch):
    """20:30 in New York is 14:30 in Honolulu (in winter, EST and HST)."""
    there, here = people(2)
    Person.objects.filter(pk=there.pk).update(postal_code="96815")
    Person.objects.filter(pk=here.pk).update(postal_code="10001")
    now = clock.now().replace(year=2027, month=1, day=6, hour=1, minute=30)
    monkeypatch.setattr(clock, "now", lambda: now)
    made = begin(mailing(from_hour=9, to_hour=20, starts_at=now))
    state = dict(Delivery.objects.filter(mailing=made).values_list("person_id", "state"))
    assert state == {there.pk: "sent", here.pk: "queued"}
    assert Delivery.objects.get(person=here).not_before == now.replace(hour=14, minute=0, second=0, microsecond=0)


def test_a_copy_that_was_late_in_the_evening_waits_until_morning(sink, monkeypatch):
    (person,) = people(1)
    Person.objects.filter(pk=person.pk).update(postal_code="10001")
    evening = clock.now().replace(year=2027, month=1, day=6, hour=0, minute=59)
    monkeypatch.setattr(clock, "now", lambda: evening)
    made = freeze(mailing(from_hour=9, to_hour=20, starts_at=evening), monkeypatch)
    later = evening + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    send(made)
    row = Delivery.objects.get()
    assert (row.state, row.not_before) == ("queued", evening.replace(hour=14, minute=0, second=0, microsecond=0))


def test_a_paused_mailing_goes_on_where_it_was(sink, monkeypatch):
    people(30)
    made = freeze(mailing(), monkeypatch)
    steering.pause(made)
    send(made)
    assert outcome(made) == {("queued", ""): 30}
    steering.resume(Viewer(owner(), strong=True), made)
    drain()
    made.refresh_from_db()
    assert made.state == Mailing.State.FINISHED
    assert set(sink.asked.values()) == {1}


# --- a system that was restored, or slept --------------------------------------------------------------------------
@pytest.fixture
def looks(monkeypatch):
    """Every look is a new process's first."""
    monkeypatch.setattr(holding, "LOOK_S", -1)
    holding.look()


def restored():
    Hold.objects.update(cluster="another")


def slept():
    Hold.objects.update(beat_at=clock.now() - holding.ASLEEP - timedelta(minutes=1))


@pytest.mark.parametrize("what", [restored, slept])
def test_a_system_that_was_restored_or_slept_sends_nothing_until_a_person_says_so(what, sink, looks, monkeypatch):
    people(3)
    made = freeze(mailing(), monkeypatch)
    queue("before", person=None, address="a@example.org", subject="Before", text="Text")
    what()
    send(made)
    assert not sink.taken
    assert Hold.objects.get().held_at
    queue(
        "after", person=None, address="b@example.org", subject="Your code", text="Text"
    )  # so that somebody can sign in
    drain()
    assert list(sink.asked) == ["b@example.org"]


def test_without_the_look_a_restored_system_sends(sink, monkeypatch):
    with transaction.atomic():
        holding.beat()
    monkeypatch.setattr(holding, "look", lambda: None)
    people(3)
    made = freeze(mailing(), monkeypatch)
    restored()
    send(made)
    assert len(sink.taken) == 3


# --- how fast ------------------------------------------------------------------------------------------------------
def test_a_kind_of_mailbox_gets_so_many_an_hour_and_others_go_on(sink):
    people(4)
    for number in range(3):
        ContactPoint.objects.filter(value=f"p{number}@example.org").update(value=f"p{number}@gmail.com")
    Domain.objects.create(name="localhost", per_hour={"1": 2})
    made = begin(mailing())
    assert outcome(made) == {("sent", ""): 3, ("queued", ""): 1}
    with connection.cursor() as cursor:
        cursor.execute("SELECT scheduled_at FROM procrastinate_jobs WHERE args->>'job' = %s", [delivering.JOB])
        (at,) = cursor.fetchone()
    assert at.minute == 0
    assert clock.now() < at <= clock.now() + timedelta(hours=1)


def test_a_new_domain_begins_with_few_and_grows():
    today = clock.now().date()
    days = [rules.per_hour(today - timedelta(days=day), None, today) for day in range(rules.WARM_DAYS + 1)]
    assert days[0] == 9
    assert all(one < next_ for one, next_ in zip(days, days[1:-1], strict=False))
    assert days[-1] is None
    assert rules.per_hour(today, 5, today) == 5


# --- two ways out --------------------------------------------------------------------------------------------------
@pytest.fixture
def rested():
    transports._down_until.clear()
    cache.clear()
    yield
    transports._down_until.clear()


def test_the_second_way_takes_over_from_one_that_does_not_answer(sink, settings, rested):
    settings.EMAIL_SECOND_URL = f"smtp://127.0.0.1:{settings.EMAIL_PORT}"
    settings.EMAIL_PORT = 1
    people(20)
    made = begin(mailing())
    assert outcome(made) == {("sent", ""): 20}


def test_whoever_sends_sees_which_way_out_does_not_answer_and_rests(sink, settings, rested, client):
    settings.SECOND_FACTOR_REQUIRED = False
    client.force_login(owner())
    settings.EMAIL_SECOND_URL = f"smtp://127.0.0.1:{settings.EMAIL_PORT}"
    seen = client.get(reverse("messaging:sending")).content.decode()
    assert "does not answer" not in seen and "rests for half a minute" not in seen, "the control"
    settings.EMAIL_PORT = 1
    people(4)
    begin(mailing())
    seen = client.get(reverse("messaging:sending")).content.decode()
    assert seen.count("does not answer") == seen.count("rests for half a minute") == 1


def test_one_way_alone_that_does_not_answer_loses_nothing(settings, sink):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    people(20)
    made = begin(mailing())
    assert outcome(made) == {("queued", ""): 20}
    settings.EMAIL_PORT = port
    assert outcome(send(made)) == {("sent", ""): 20}


def test_both_ways_share_the_work(sink, settings, rested):
    with smtp.running() as (other, port):
        settings.EMAIL_SECOND_URL = f"smtp://127.0.0.1:{port}"
        people(300)
        begin(mailing())
        assert sink.taken
        assert other.taken
        assert len(sink.taken) + len(other.taken) == 300


# --- what is wrong with one ----------------------------------------------------------------------------------------
def test_what_is_wrong_with_one_recipient_holds_up_no_other(sink):
    addresses = ["bad-a@example.org", "busy-b@example.org", '"odd name"@example.org', "erin@bücher.example"]
    several = people(40)
    for person, address in zip(several, addresses, strict=False):
        ContactPoint.objects.filter(person=person).update(value=address)
    broken = several[4]
    ContactPoint.objects.filter(person=broken).update(value="two@example.org\r\nBcc: all@example.org")
    made = begin(mailing())
    by_address = dict(Delivery.objects.filter(mailing=made).values_list("address", "state"))
    assert by_address["bad-a@example.org"] == "failed"
    assert by_address["busy-b@example.org"] == "queued"
    assert by_address["two@example.org\r\nBcc: all@example.org"] == "failed"
    assert by_address["erin@bücher.example"] == "sent"
    assert by_address['"odd name"@example.org'] == "sent"
    assert Counter(by_address.values())["sent"] == 37
    assert not [raw for raw in sink.taken if b"Bcc" in raw]


def test_signs_in_a_name_put_nothing_else_into_the_mail(sink):
    several = people(3)
    for person, name in zip(several, ["{last_name}", "Erin\r\nBcc: a@b.example", "<b>{{ 7*7 }}</b>"], strict=True):
        Person.objects.filter(pk=person.pk).update(given_name=name)
    made = begin(mailing(subjects=("Hello {first_name|friend}",)))
    assert outcome(made) == {("sent", ""): 3}
    mails = [message_from_bytes(raw, policy=policy.default) for raw in sink.taken]
    assert {mail["Subject"] for mail in mails} == {
        "Hello {last_name}",
        "Hello Erin Bcc: a@b.example",
        "Hello <b>{{ 7*7 }}</b>",
    }
    assert not any(mail["Bcc"] for mail in mails)
    assert not any("<b>" in mail.get_body(("html",)).get_content().partition("Dear")[2][:40] for mail in mails)


def test_a_connection_lost_before_the_answer_is_in_doubt_and_nobody_else_is(sink):
    several = people(30)
    for number in (3, 17):
        ContactPoint.objects.filter(person=several[number]).update(value=f"drop-{number}@example.org")
    made = begin(mailing())
    assert made.state == Mailing.State.FINISHED
    states = Counter(Delivery.objects.filter(mailing=made).values_list("state", flat=True))
    assert states == {"sent": 28, "unknown": 2}
    assert set(sink.asked.values()) == {1}


def test_nobody_beyond_the_reach_of_who_sends_is_in_the_audience(sink):
    inside, _outside = people(2)
    made = mailing(only(inside))
    assert begin(made).people == 1
    assert Segment.objects.count() == 1
    jobs.enqueue(steering.BEGIN, mailing_id=str(made.pk))
    drain()  # a second beginning finds it begun
    assert Delivery.objects.count() == 1


# --- what was found by use -----------------------------------------------------------------------------------------
def test_nobody_gives_way_to_a_mailing_they_do_not_get(sink, twice_a_week, monkeypatch):
    people(2)
    begin(mailing())
    waits = freeze(mailing(), monkeypatch)
    high = begin(mailing(priority=Mailing.Priority.HIGH, purpose="events"))
    assert outcome(high) == {("suppressed", "no_consent"): 2}
    assert outcome(waits) == {("queued", ""): 2}


def test_messages_of_one_s_own_take_no_slot(sink, twice_a_week):
    (person,) = people(1)
    for number in range(3):
        queue_many([Message(f"own:{number}", person, "p0@example.org", "Doors", "Text", purpose=f"event:{person.pk}")])
    drain()
    assert outcome(begin(mailing())) == {("sent", ""): 1}


def test_a_copy_says_when_it_was_sent(sink):
    people(1)
    begin(mailing())
    assert message_from_bytes(sink.taken[0], policy=policy.default)["Date"].datetime > clock.now() - timedelta(hours=1)


def test_a_mailing_whose_asker_may_send_no_more_waits_for_somebody(sink):
    people(2)
    made = mailing()
    made.asked_by.grants.update(revoked_at=clock.now())
    begin(made)
    made.refresh_from_db()
    assert (made.state, made.problem) == (Mailing.State.PAUSED, "power")
    assert not sink.taken


def test_a_mailing_that_everybody_took_back_ends(sink, monkeypatch):
    several = people(120)
    made = freeze(mailing(), monkeypatch)
    for person in several:
        withdraw(person, "news", "email", actor="system:test")
    assert send(made).state == Mailing.State.FINISHED
    assert outcome(made) == {("suppressed", "took_back"): 120}


@pytest.mark.parametrize(
    ("status", "state"), [(429, "queued"), (503, "queued"), (401, "queued"), (422, "failed"), (500, "unknown")]
)
def test_a_provider_s_answer_decides_as_a_server_s(status, state):
    response = Response()
    response.status_code = status
    assert rules.outcome_of(AnymailRequestsAPIError(response=response)).state == state


def test_what_was_put_off_after_it_was_given_up_is_not_sent_again(monkeypatch):
    people(1)
    made = freeze(mailing(), monkeypatch)
    Delivery.objects.update(state="unknown")
    row = Delivery.objects.get()
    reader = Reader(row.pk, row.address, row.subject_line_id, 0, row.person_id, "", "", "")
    delivering.settle([(reader, rules.Outcome("queued", "451 later"))])
    row.refresh_from_db()
    assert (row.state, row.mailing_id) == ("failed", made.pk)
