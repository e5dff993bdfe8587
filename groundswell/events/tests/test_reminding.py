"""Those who come are reminded once, when their host wants it, never late and never of what they said a moment ago."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from groundswell.events import services
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.services import reminding
from groundswell.events.tests.making import TEST, first, published, shift, who
from groundswell.jobs.services import make_rounds
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.messaging.services import holding
from groundswell.messaging.services.queueing import wake
from groundswell.people.models import ContactPoint, Person
from groundswell.people.services import NewPerson, find_or_add, verify

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def at(monkeypatch):
    """Moves the clock, and lets whatever is due happen: `at(before=2 * HOUR)` of the event's first shift."""

    def moved(event: Event, before: timedelta) -> list[str]:
        starts_at = Shift.objects.get(pk=first(event).pk).starts_at
        monkeypatch.setattr(clock, "now", lambda: starts_at - before)
        return look()

    return moved


def look() -> list[str]:
    """Who is reminded by a look at it now."""
    before = set(Delivery.objects.values_list("pk", flat=True))
    make_rounds()
    drain()
    new = Delivery.objects.exclude(pk__in=before).filter(key__startswith="event.reminder:")
    return sorted(new.filter(state="sent").values_list("address", flat=True))


def come(event, name, verified=True, **more):
    found = find_or_add(NewPerson(given_name=name.title(), email=f"{name}@example.org", **more), how="test").person
    if verified:
        verify(ContactPoint.objects.get(person=found, channel="email"))
    return services.rsvp(first(event).pk, who(name))


@pytest.fixture
def event(db):
    made = published(shifts=[shift(2, days=5)], street="1 Main St", online_url="")
    come(made, "erin")
    catch_up()
    drain()
    mail.outbox.clear()
    return made


ERIN = ["erin@example.org"]


def test_a_day_and_two_hours_before_and_once_each(event, at):
    assert at(event, 24 * HOUR + 6 * MINUTE) == []
    assert at(event, 24 * HOUR) == ERIN
    assert at(event, 24 * HOUR - 10 * MINUTE) == []
    assert at(event, 2 * HOUR) == ERIN
    assert at(event, 2 * HOUR - 20 * MINUTE) == []
    assert [one.subject for one in mail.outbox] == ["Tomorrow: House party", "In 2 hours: House party"]
    for part in ("1 Main St", "Change or cancel", "/rsvp/"):
        assert part in mail.outbox[0].body


def test_without_the_note_of_whom_it_reminded_each_look_would_find_them_again(event, monkeypatch):
    starts_at = first(event).starts_at
    monkeypatch.setattr(clock, "now", lambda: starts_at - 24 * HOUR)
    assert [len(reminding._claim()), len(reminding._claim())] == [1, 0]
    monkeypatch.setattr(reminding, "_CLAIM", reminding._CLAIM.replace("rsvp.reminded_at IS NULL", "TRUE"))
    assert [len(reminding._claim()), len(reminding._claim())] == [1, 1]


def test_they_are_written_to_in_their_language(event, at):
    Person.objects.filter(rsvps__isnull=False).update(language="es")
    at(event, 24 * HOUR)
    assert mail.outbox[0].subject == "Mañana: House party"


def test_a_system_that_slept_reminds_nobody_late(event, at):
    assert at(event, 24 * HOUR - 31 * MINUTE) == []
    assert at(event, 2 * HOUR - 31 * MINUTE) == []
    assert at(event, -HOUR) == []


def test_who_said_so_a_moment_ago_is_not_reminded_of_it(event, at):
    at(event, 24 * HOUR + 12 * HOUR - MINUTE)
    come(event, "frida")
    assert at(event, 24 * HOUR) == ERIN
    assert at(event, 2 * HOUR) == ["erin@example.org", "frida@example.org"]


def test_who_waits_or_took_it_back_is_not_reminded(event, at):
    come(event, "frida")
    come(event, "greta")
    assert RSVP.objects.get(person__given_name="Greta").state == "waiting"
    services.cancel_rsvp(RSVP.objects.get(person__given_name="Erin"))
    catch_up()
    drain()
    assert at(event, 2 * HOUR) == ["frida@example.org", "greta@example.org"]  # greta got erin's place
    assert at(event, 2 * HOUR - 20 * MINUTE) == []


def test_a_called_off_event_reminds_nobody(event, at):
    services.cancel(event, TEST)
    assert at(event, 24 * HOUR) == []


def test_a_moved_event_moves_its_reminders_and_a_small_move_repeats_none(event, at):
    at(event, 24 * HOUR)
    services.change(event, TEST, shifts=[shift(2, days=9, id=first(event).pk)])
    catch_up()
    assert look() == []
    assert at(event, 24 * HOUR) == ERIN
    Shift.objects.update(starts_at=first(event).starts_at + 20 * MINUTE)
    assert at(event, 24 * HOUR) == []


def test_a_mail_that_waits_is_not_sent_once_it_has_begun(event, at, monkeypatch):
    monkeypatch.setattr(holding, "ASLEEP", 24 * HOUR)  # for this clock leaps
    come(event, "frida", verified=False)
    catch_up()
    drain()
    at(event, 2 * HOUR)
    row = Delivery.objects.get(address="erin@example.org", key__startswith="event.reminder:")
    assert row.not_after == first(event).starts_at
    Delivery.objects.filter(pk=row.pk).update(state="queued", not_before=first(event).starts_at)
    mail.outbox.clear()
    at(event, -MINUTE)
    with transaction.atomic():
        wake({clock.now()})
    drain()
    row.refresh_from_db()
    assert (row.state, mail.outbox) == ("suppressed", [])
    assert "over" in row.problem


# --- the host decides ----------------------------------------------------------------------------------------------
def address(event):
    return reverse("events:reminders", args=[event.pk])


def test_the_host_chooses_when_or_none(world, alice, at):
    page = alice.get(address(world.event)).content.decode()
    assert page.count("checked") == 2
    assert alice.post(address(world.event), {"reminders": ["72"]}).status_code == 302
    world.event.refresh_from_db()
    assert world.event.reminders == [72]
    assert at(world.event, 24 * HOUR) == []
    Event.objects.update(reminders=[24])
    alice.post(address(world.event), {})
    world.event.refresh_from_db()
    assert world.event.reminders == []
    assert at(world.event, 24 * HOUR) == []


def test_only_what_is_offered_can_be_chosen(world, alice):
    assert alice.post(address(world.event), {"reminders": ["3"]}).status_code == 422
    world.event.refresh_from_db()
    assert world.event.reminders == [24, 2]


def test_charlie_cannot(world):
    assert world.client("charlie").post(address(world.event), {"reminders": ["72"]}).status_code == 404
    assert Client().post(address(world.event), {}).status_code == 302
    world.event.refresh_from_db()
    assert world.event.reminders == [24, 2]


def test_an_over_event_says_so(world, alice, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: world.event.ends_at + HOUR)
    with translation.override("en"):
        assert "nobody is reminded any more" in alice.get(address(world.event)).content.decode()
    alice.post(address(world.event), {"reminders": []})
    world.event.refresh_from_db()
    assert world.event.reminders == [24, 2]
