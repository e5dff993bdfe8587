"""A mailing on bad days: what cannot be made, servers and databases that fail, clocks that jump."""

import contextlib
import itertools
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from django.db import InterfaceError, OperationalError, connection

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import Pace, drain, run
from groundswell.kit import clock
from groundswell.kit.text import clean_line
from groundswell.messaging import hooks, rules, transports
from groundswell.messaging.hooks import PersonalBlock, Words
from groundswell.messaging.models import Delivery, Hold, Mailing, Subject, Version
from groundswell.messaging.services import beginning, delivering, holding, queue, steering
from groundswell.messaging.tests import sink as smtp
from groundswell.messaging.tests.launching import begin, mailing, owner, people
from groundswell.people.models import ContactPoint, Person
from groundswell.powers.viewer import Viewer
from tests.at_once import HANGS_S, together, until
from tests.cast import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(settings):
    with smtp.running() as (sink, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        settings.EMAIL_TIMEOUT = HANGS_S
        yield sink


def states(made):
    return Counter(Delivery.objects.filter(mailing=made).values_list("state", flat=True))


def frozen(made, monkeypatch):
    """Its audience, with no lane that sends."""
    with monkeypatch.context() as not_yet:
        not_yet.setattr(beginning, "open_lanes", lambda mailing_id: None)
        return begin(made)


def send(made):
    delivering.open_lanes(made.pk)
    drain()
    made.refresh_from_db()
    return made


# --- what cannot be made -------------------------------------------------------------------------------------------
@pytest.fixture
def block(monkeypatch):
    """Lets mails hold `[[own]]`, made by this function of a person."""
    monkeypatch.setattr(hooks, "blocks", dict(hooks.blocks))

    def register(fill):
        hooks.register_block(PersonalBlock("own", "Own", "", lambda arguments: None, fill))

    return register


def with_body(made, body):
    Version.objects.filter(draft__mailing=made).update(body=body)
    return made


def greeting(person):
    return Words(f"<p>For {person.pk}</p>", f"For {person.pk}")


def test_whom_a_block_fails_for_fails_with_the_reason_and_the_others_are_sent_once(sink, block):
    several = people(120)
    bad = {several[n].pk for n in (0, 60, 119)}

    def fill(arguments, those):
        if found := bad & {one.pk for one in those}:
            raise ZeroDivisionError(f"no share of nothing ({len(found)})")
        return {one.pk: greeting(one) for one in those}

    block(fill)
    made = begin(with_body(mailing(), "Dear all,\n\n[[own]]"))
    assert made.state == Mailing.State.FINISHED
    assert states(made) == {"sent": 117, "failed": 3}
    failed = Delivery.objects.filter(state="failed")
    assert set(failed.values_list("person_id", flat=True)) == bad
    assert set(failed.values_list("problem", "tries")) == {("ZeroDivisionError: no share of nothing (1)", 1)}
    assert set(sink.asked.values()) == {1}
    for raw in sink.taken:
        mail = message_from_bytes(raw, policy=policy.default)
        own = Delivery.objects.get(address=mail["To"])
        assert f"For {own.person_id}" in mail.get_body(("plain",)).get_content()


def test_whom_a_block_leaves_out_fails_and_nobody_else(sink, block):
    several = people(60)
    block(lambda arguments, those: {one.pk: greeting(one) for one in those if one != several[7]})
    made = begin(with_body(mailing(), "[[own]]"))
    assert states(made) == {"sent": 59, "failed": 1}
    failed = Delivery.objects.get(state="failed")
    assert (failed.person, failed.problem) == (several[7], "LookupError: The block own leaves somebody out.")


def a_block_that_is_gone(made):
    with_body(made, "Dear all,\n\n[[harvest]]")
    return "Hello {first_name|friend}", "There is no block “harvest”"


def words_that_were_changed_in_the_database(made):
    Subject.objects.update(text="{nothing_like_this}")
    return "{nothing_like_this}", "nothing_like_this"


@pytest.mark.parametrize("what", [a_block_that_is_gone, words_that_were_changed_in_the_database])
def test_a_mailing_whose_words_cannot_be_read_any_more_pauses_and_says_which(what, sink, client, monkeypatch):
    people(5)
    made = frozen(mailing(), monkeypatch)
    subject, why = what(made)
    send(made)
    assert made.state == Mailing.State.PAUSED
    assert subject in made.problem and why in made.problem
    assert states(made) == {"queued": 5}
    assert not sink.taken
    sign_in(client, owner(), strong=True)
    assert why in client.get(f"/hq/mailings/{made.pk}").content.decode()


def test_it_goes_on_when_its_words_are_there_again(sink, block, monkeypatch):
    people(5)
    made = send(with_body(frozen(mailing(), monkeypatch), "[[own]]"))
    assert made.state == Mailing.State.PAUSED
    block(lambda arguments, those: {one.pk: greeting(one) for one in those})
    steering.resume(Viewer(owner(), strong=True), made)
    drain()
    made.refresh_from_db()
    assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 5})


def test_who_was_claimed_and_never_near_the_wire_is_in_no_doubt(sink, monkeypatch):
    people(5)
    made = frozen(mailing(), monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(delivering.Copies, "of", lambda self, readers: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(made)
    assert set(Delivery.objects.values_list("state", "tries")) == {("queued", 0)}
    Delivery.objects.update(not_before=made.starts_at)
    assert states(send(made)) == {"sent": 5}


# --- servers -------------------------------------------------------------------------------------------------------
@pytest.fixture
def rested():
    transports._down_until.clear()
    yield
    transports._down_until.clear()


@pytest.fixture
def later(monkeypatch):
    """Moves the clock; called with how far it is off."""

    def move(by):
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + by)

    return move


def named(several, *addresses):
    """Those people's addresses are others."""
    for person, address in zip(several, addresses, strict=False):
        ContactPoint.objects.filter(person=person).update(value=address)


def test_who_is_put_off_for_ever_has_failed_after_five_tries(sink, later):
    several = people(10)
    named(several, "busy-a@example.org", "busy-b@example.org")
    made = begin(mailing())
    for hours in range(3, 24, 3):
        later(timedelta(hours=hours))
        send(made)
    assert made.state == Mailing.State.FINISHED
    assert states(made) == {"sent": 8, "failed": 2}
    assert sink.asked["busy-a@example.org"] == sink.asked["busy-b@example.org"] == rules.MOST_TRIES
    assert set(Delivery.objects.filter(state="failed").values_list("problem", "tries")) == {
        ("451 try again later", rules.MOST_TRIES)
    }


def test_the_other_way_takes_over_from_one_that_puts_everything_off(sink, settings, later, rested):
    sink.refuses = "451 not now"
    people(60)
    with smtp.running() as (other, port):
        settings.EMAIL_SECOND_URL = f"smtp://127.0.0.1:{port}"
        made = begin(mailing())
        later(timedelta(minutes=2))
        send(made)
        assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 60})
        assert set(other.asked.values()) == {1}
    assert not sink.taken


def test_a_server_that_takes_a_mail_and_stalls_leaves_that_mail_in_doubt_and_nobody_waits_for_it(
    sink, monkeypatch, rested
):
    server = transports._server
    monkeypatch.setattr(transports, "_server", lambda named: replace(server(named), answer_s=1, taking_s=0.5))
    several = people(40)
    named(several, "stall-a@example.org")
    made = begin(mailing())
    assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 39, "unknown": 1})
    assert Delivery.objects.get(state="unknown").address == "stall-a@example.org"
    assert set(sink.asked.values()) == {1}


def test_at_whom_a_server_hangs_up_each_time_has_failed_after_five_tries_and_holds_up_nobody(sink, later):
    several = people(60)
    named(several, "close-a@example.org", "shut-b@example.org")
    made = begin(mailing())
    assert states(made) == {"sent": 58, "queued": 2}
    for hours in range(3, 24, 3):
        later(timedelta(hours=hours))
        send(made)
    assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 58, "failed": 2})
    assert sink.asked["shut-b@example.org"] == rules.MOST_TRIES
    assert len(sink.ids()) == len(set(sink.ids())) == 58


def test_a_server_that_is_slow_to_greet_gets_every_mail(sink):
    sink.greets_after = 1.0
    people(120)
    made = begin(mailing())
    assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 120})
    assert set(sink.asked.values()) == {1}


# --- clocks --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("hours", [0.4, 7, -6])
def test_a_clock_that_jumps_and_jumps_back_loses_nobody_and_writes_to_nobody_twice(hours, sink, monkeypatch):
    """A system cannot tell a clock that goes more than half an hour ahead from a sleep: then it waits for a person."""
    people(200)
    made = frozen(mailing(), monkeypatch)
    monkeypatch.setattr(holding, "LOOK_S", -1)  # every look is a new process's first
    asked = itertools.count()

    def jumping():
        return datetime.now(UTC) + timedelta(hours=hours if 5 <= next(asked) < 25 else 0)

    monkeypatch.setattr(clock, "now", jumping)
    for _round in range(3):
        jobs.enqueue(beginning.TEND)
        send(made)
    assert next(asked) > 25
    assert (holding.held_at() is not None) == (hours != 0.4)
    Hold.objects.update(held_at=None)
    send(made)
    assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 200})
    assert set(sink.asked.values()) == {1}


# --- databases -----------------------------------------------------------------------------------------------------
@contextmanager
def full(state):
    """The disk is full when it is committed that copies came into this state."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        cursor.execute(
            "CREATE CONSTRAINT TRIGGER no_room AFTER UPDATE ON messaging_delivery DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW WHEN (NEW.state = '{state}') EXECUTE FUNCTION no_room()"
        )
    try:
        yield
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION no_room CASCADE")


def tended(made, later):
    """What the rounds make of it, when whoever sent it is gone."""
    later(rules.IN_DOUBT + timedelta(minutes=1))
    jobs.enqueue(beginning.TEND)
    drain()
    made.refresh_from_db()
    return made


def test_a_full_disk_at_a_claim_holds_all_up_until_there_is_room(sink, later, monkeypatch):
    people(120)
    made = frozen(mailing(), monkeypatch)
    with full("sending"), pytest.raises(OperationalError, match="could not extend"):
        send(made)
    assert not sink.taken
    assert states(made) == {"queued": 120}
    tended(made, later)
    assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 120})
    assert set(sink.asked.values()) == {1}


def test_a_full_disk_when_it_is_noted_leaves_those_on_the_wire_in_doubt_and_nobody_else(sink, later, monkeypatch):
    people(120)
    made = frozen(mailing(), monkeypatch)
    with full("sent"), pytest.raises(OperationalError, match="could not extend"):
        send(made)
    assert states(made) == {"sending": delivering.CHUNK, "queued": 120 - delivering.CHUNK}
    tended(made, later)
    assert (made.state, states(made)) == (
        Mailing.State.FINISHED,
        {"sent": 120 - delivering.CHUNK, "unknown": delivering.CHUNK},
    )
    assert set(sink.asked.values()) == {1}


def test_a_database_that_goes_away_while_copies_are_on_the_wire_makes_nobody_get_two(sink, later, monkeypatch):
    people(120)
    made = frozen(mailing(), monkeypatch)
    send_copies = transports.Ways.send

    def send_and_lose(way, letters):
        told = send_copies(way, letters)
        with contextlib.suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return told

    with monkeypatch.context() as gone:
        gone.setattr(transports.Ways, "send", send_and_lose)
        with pytest.raises((OperationalError, InterfaceError)):
            send(made)
    connection.close()
    assert len(sink.taken) == delivering.CHUNK
    tended(made, later)
    assert made.state == Mailing.State.FINISHED
    assert sum(states(made).values()) == 120
    assert states(made)["unknown"] <= delivering.CHUNK
    assert set(sink.asked.values()) == {1}
    assert len(sink.taken) == 120


# --- many at once --------------------------------------------------------------------------------------------------
def test_one_bad_recipient_in_fifty_stops_no_run_and_no_good_one_gets_two(sink, block, later):
    several = people(2_000)
    named(several, *(f"bad-{n}@example.org" for n in range(20)), *(f"busy-{n}@example.org" for n in range(20)))
    Person.objects.filter(pk__in=[one.pk for one in several[40:60]]).update(given_name="Erin\r\nBcc: all@example.org")
    broken = {one.pk for one in several[60:80]}

    def fill(arguments, those):
        if broken & {one.pk for one in those}:
            raise ValueError("cannot be made")
        return {one.pk: greeting(one) for one in those}

    block(fill)
    made = begin(with_body(mailing(), "Dear {first_name|friend},\n\n[[own]]"))
    for hours in range(3, 24, 3):
        later(timedelta(hours=hours))
        send(made)
    assert made.state == Mailing.State.FINISHED
    assert states(made) == {"sent": 1_940, "failed": 60}
    assert len(sink.taken) == len(set(sink.ids())) == 1_940
    tries = dict(Counter(Delivery.objects.values_list("state", "tries")))
    assert tries == {("sent", 1): 1_940, ("failed", 1): 40, ("failed", rules.MOST_TRIES): 20}
    assert not any(message_from_bytes(raw)["Bcc"] for raw in sink.taken)


def test_of_two_hosts_that_work_at_once_nobody_gets_two(sink, monkeypatch):
    people(800)
    made = frozen(mailing(), monkeypatch)
    for _host in range(2):  # as where a lane goes on while another one of its number is at work
        for lane in range(delivering.LANES):
            jobs.enqueue(delivering.JOB, mailing_id=str(made.pk), lane=lane)
    ran = together(lambda host: drain(), 4)
    made.refresh_from_db()
    assert sum(bool(jobs_) for jobs_ in ran) > 1
    assert (made.state, states(made)) == (Mailing.State.FINISHED, {"sent": 800})
    assert set(sink.asked.values()) == {1}


def test_a_single_mail_waits_for_no_mailing(sink, monkeypatch):
    """Its lanes have places of their own beside which single mails go."""
    sink.pause = 0.2
    people(400)
    made = frozen(mailing(), monkeypatch)
    delivering.open_lanes(made.pk)
    stop = threading.Event()
    worker = threading.Thread(target=run, args=[stop, Pace(poll=0.05)])
    worker.start()
    try:
        until(lambda: len(sink.taken) > 20)
        queue("code", person=None, address="code@example.org", subject="Your code", text="Text")
        until(lambda: sink.asked["code@example.org"])
        assert states(made)["queued"] > 0
    finally:
        Mailing.objects.filter(pk=made.pk).update(state="paused")
        stop.set()
        worker.join()


# --- what people send us -------------------------------------------------------------------------------------------
def written(client, settings, body):
    settings.DEBUG = False
    sign_in(client, owner(), strong=True)
    made = mailing(state=Mailing.State.DRAFT, starts_at=None)
    before = Version.objects.get(draft__mailing=made).body
    reply = client.post(f"/hq/mailings/{made.pk}/write", {"subject_0": "Hello", "body": body, "seen": ""})
    assert Version.objects.get(draft__mailing=made).body == before
    return reply


def test_a_text_of_two_megabytes_is_refused_with_its_size(client, settings):
    reply = written(client, settings, "Erin " * 400_000)
    assert reply.status_code == 422
    assert "This text has 2,000,000 characters; at most 100,000 arrive whole." in reply.content.decode()


def test_a_text_that_is_too_large_to_be_read_is_refused_in_our_words(client, settings):
    reply = written(client, settings, "Erin " * 800_000)
    assert reply.status_code == 413
    assert "What you sent is larger than 2.5\u00a0MB" in reply.content.decode()


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("two\nBcc: a@b.example", "failed"),
        ('"odd \\" name"@example.org', "sent"),
        ("erin@bücher.example", "sent"),
        ("\u202eerin@example.org", "sent"),
        ("erin@-wrong-.example\u202e", "failed"),
        ("e" * 320 + "@example.org", "sent"),
        ("no sign at all", "failed"),
        ("🌻@example.org", "sent"),
    ],
)
def test_an_address_of_any_signs_gets_one_mail_or_fails_and_holds_up_nobody(address, state, sink):
    several = people(10)
    named(several, address)
    made = begin(mailing())
    row = Delivery.objects.get(address=address)
    assert (row.state, bool(row.problem)) == (state, state == "failed")
    assert made.state == Mailing.State.FINISHED
    assert states(made)["sent"] >= 9
    assert not any(message_from_bytes(raw)["Bcc"] for raw in sink.taken)


@pytest.mark.parametrize("name", ["Erin\r\nBcc: all@example.org", "\u202eErin", "🌻" * 75, "E" * 100, "{last_name}"])
def test_a_name_of_any_signs_stands_in_one_mail(name, sink):
    (person,) = people(1)
    Person.objects.filter(pk=person.pk).update(given_name=name)
    assert states(begin(mailing())) == {"sent": 1}
    (mail,) = (message_from_bytes(raw, policy=policy.default) for raw in sink.taken)
    assert mail["Bcc"] is None
    assert mail["Subject"] == f"Hello {clean_line(name)}"
    assert f"Dear {clean_line(name)}" in mail.get_body(("plain",)).get_content()
