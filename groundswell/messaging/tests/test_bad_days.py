"""A mailing on bad days: what cannot be made, servers and databases that fail, clocks that jump."""

from collections import Counter
from email import message_from_bytes, policy

import pytest

from groundswell.jobs.worker import drain
from groundswell.messaging import hooks
from groundswell.messaging.hooks import PersonalBlock, Words
from groundswell.messaging.models import Delivery, Mailing, Subject, Version
from groundswell.messaging.services import beginning, delivering, steering
from groundswell.messaging.tests import sink as smtp
from groundswell.messaging.tests.launching import begin, mailing, owner, people
from groundswell.powers.viewer import Viewer
from tests.at_once import HANGS_S
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
