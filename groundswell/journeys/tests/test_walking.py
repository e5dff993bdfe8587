"""Somebody who does what begins a journey walks it: once at a time, each step once, by their own clock."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as outbox
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from groundswell.jobs import hooks
from groundswell.jobs.services import make_rounds
from groundswell.jobs.worker import drain
from groundswell.journeys import jobs, rules, services
from groundswell.journeys.models import Ask, Passed, Seen, Walk
from groundswell.journeys.services import walking
from groundswell.journeys.tests.conftest import agrees, mail, settle, somebody, wait
from groundswell.kit import clock
from groundswell.ledger.models import Cursor, Entry
from groundswell.ledger.rules import person_actor, system_actor
from groundswell.messaging.models import Choice, Delivery
from groundswell.messaging.tokens import token
from groundswell.messaging.verbs import SEND
from groundswell.people import segments
from groundswell.people import services as people
from groundswell.people.models import Person
from groundswell.powers.models import Grant, Movement
from groundswell.powers.movement import forget
from groundswell.powers.services import give
from groundswell.powers.viewer import Viewer
from tests.at_once import together

pytestmark = pytest.mark.django_db


def walk_of(person):
    return Walk.objects.filter(person=person).latest("entered_at")


def passed(person):
    return list(Passed.objects.filter(walk__person=person).order_by("at", "step").values_list("step", "result"))


def sent_to(person):
    return list(
        Delivery.objects.filter(person=person, key__startswith="journeys.mail:")
        .order_by("queued_at")
        .values_list("subject", "state")
    )


# --- setting out ---------------------------------------------------------------------------------------------------
def test_a_deed_begins_it_and_each_step_follows_in_its_time(journey, later):
    journey(mail(), wait(2), mail(subject="Two days later"), {"is": "end"})
    frida = somebody("frida")
    agrees(frida)
    later(seconds=1)
    assert sent_to(frida) == [("Welcome, Frida", "sent")]
    later(days=1)
    assert len(sent_to(frida)) == 1
    later(days=1)
    assert sent_to(frida)[1] == ("Two days later", "sent")
    assert (walk_of(frida).state, passed(frida)) == (
        "ended",
        [("0", "queued"), ("1", ""), ("2", "queued"), ("3", "")],
    )
    assert "unsubscribe" in str(outbox.outbox[-1].message()["List-Unsubscribe-Post"]).lower()
    assert Entry.objects.filter(kind="journey.entered", person_id=frida.pk).count() == 1


def test_its_mail_leads_to_no_page_that_is_not_there(journey, later, client):
    journey(mail())
    frida = somebody("frida")
    agrees(frida)
    later(seconds=1)
    sent = Delivery.objects.get(person=frida, key__startswith="journeys.mail:")
    assert "Read this in the browser" not in sent.html
    assert client.get(reverse("mail_whole", args=[token(sent.pk)])).status_code == 404
    assert sent.unsubscribe in sent.html
    assert client.get(urlsplit(sent.unsubscribe).path).status_code == 200


def test_nobody_walks_it_twice_at_once_and_may_again_afterwards(journey, later):
    journey(wait(1))
    frida = somebody("frida")
    agrees(frida)
    agrees(frida, "events")
    later(seconds=1)
    assert Walk.objects.filter(person=frida).count() == 1
    later(days=1)
    agrees(frida)
    later(seconds=1)
    assert Walk.objects.filter(person=frida).count() == 2


def test_reading_the_ledger_again_lets_nobody_in_again(journey, later):
    journey(mail())
    frida = somebody("frida")
    agrees(frida)
    later(seconds=1)
    assert walk_of(frida).state == "ended"
    Cursor.objects.filter(consumer="journeys.beginnings").update(block=0)
    later(seconds=1)
    assert Walk.objects.filter(person=frida).count() == 1
    assert len(sent_to(frida)) == 1


def test_old_deeds_and_those_of_the_system_begin_nothing(journey, later):
    made = journey(wait(1))
    services.pause(made, made.made_by)
    frida, greta = somebody("frida"), somebody("greta")
    agrees(frida)
    with transaction.atomic():
        people.agree(greta, "news", "email", "Write to me.", "/", actor=system_actor("import"))
    services.resume(made, made.made_by)
    Cursor.objects.filter(consumer="journeys.beginnings").update(block=0)
    later(days=2)
    assert not Walk.objects.exists()


def test_only_the_deed_it_names_begins_it(journey, later, world):
    named = {"is": "deed", "kind": "event.rsvp", "on": str(world.event.pk)}
    journey(wait(1), trigger=named)
    other = journey(wait(1), trigger={**named, "on": str(world.waiting.pk)})
    Cursor.objects.filter(consumer="journeys.beginnings").update(block=0)
    Entry.objects.filter(kind="event.rsvp")
    later(seconds=1)
    assert Walk.objects.filter(person=world.bob).exclude(journey=other).count() == 1
    assert not Walk.objects.filter(journey=other).exists()


def test_nobody_beyond_the_reach_of_whoever_published_it_enters(journey, later, world, dana):
    alice = world.users["alice"]
    give(dana, alice, SEND, "movement.place.us.vt")
    journey(mail(), by=alice)
    near, far = somebody("frida", postal_code="05401"), somebody("greta", postal_code="94103")
    agrees(near)
    agrees(far)
    later(seconds=1)
    assert (len(sent_to(near)), len(sent_to(far))) == (1, 0)


def test_who_loses_the_power_reaches_nobody_any_more(journey, later, world, dana):
    alice = world.users["alice"]
    grant = give(dana, alice, SEND, "movement.place.us.vt")
    journey(wait(1), mail(), by=alice)
    frida = somebody("frida", postal_code="05401")
    agrees(frida)
    later(seconds=1)
    Grant.objects.filter(pk=grant.pk).update(revoked_at=clock.now())
    later(days=1)
    assert (walk_of(frida).state, sent_to(frida)) == ("left", [])


@pytest.mark.django_db(transaction=True)
def test_many_threads_let_somebody_in_once(journey):
    made = journey(wait(1))
    frida = somebody("frida")

    def work(number):
        with transaction.atomic():
            return services.enter(made.version, {frida.pk: f"entry:{number}"})

    assert sum(together(work, 8)) == 1
    assert Walk.objects.filter(person=frida).count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_index_several_would(journey):
    made = journey(wait(1))
    frida = somebody("frida")
    (constraint,) = [one for one in Walk._meta.constraints if one.name == "walk_one_at_a_time"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Walk, constraint)
    try:

        def work(number):
            with transaction.atomic():
                return services.enter(made.version, {frida.pk: f"entry:{number}"})

        assert sum(together(work, 8)) == 8
    finally:
        Walk.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Walk, constraint)


# --- days and segments ---------------------------------------------------------------------------------------------
def segment(dana, tag="nurse"):
    tree = segments.read({"all": [{"is": "tag", "tag": tag}]})
    return people.save_segment(Viewer(dana, strong=True), people.Draft("Nurses", tree))


def look():
    make_rounds()
    drain()


def tag(person, name="nurse"):
    people.tag(person, name, actor=person_actor(person.pk))


def test_who_comes_into_a_segment_sets_out_and_who_was_in_it_does_not(journey, later, dana):
    frida, greta = somebody("frida"), somebody("greta")
    tag(frida)
    journey(wait(1, "hours"), trigger={"is": "segment", "segment": str(segment(dana).pk)})
    look()
    later(minutes=11)
    tag(greta)
    look()
    assert [one.person_id for one in Walk.objects.all()] == [greta.pk]
    later(hours=2)
    look()
    assert Walk.objects.count() == 1
    people.untag(greta, greta.tags.get().pk, actor=person_actor(greta.pk))
    later(minutes=11)
    look()
    assert set(Seen.objects.values_list("person", flat=True)) == {frida.pk}
    tag(greta)
    later(minutes=11)
    look()
    assert Walk.objects.filter(person=greta).count() == 2


def test_a_version_keeps_the_segment_as_it_was(journey, later, dana):
    nurses = segment(dana)
    journey({"is": "if", "segment": str(nurses.pk), "then": [mail()], "else": []})
    nurses.tree = {"any": []}
    nurses.save()
    frida = somebody("frida")
    tag(frida)
    agrees(frida)
    later(seconds=1)
    assert passed(frida) == [("0", "then"), ("0.then.0", "queued")]


@pytest.mark.parametrize(("yearly", "years"), [("yes", 30), ("no", 0)])
def test_the_day_of_a_field_begins_it_from_its_hour_on(journey, later, monkeypatch, yearly, years, dana):
    noon = clock.now().astimezone(ZoneInfo(Movement.objects.get().time_zone)).replace(hour=12)
    born = noon.date().replace(year=noon.year - years)
    field = people.define_field("Birthday", "date", actor=person_actor(somebody("ida").pk))
    frida, greta = somebody("frida"), somebody("greta")
    people.set_field(frida, field, born.isoformat(), actor=person_actor(frida.pk))
    people.set_field(greta, field, (born + timedelta(days=1)).isoformat(), actor=person_actor(frida.pk))
    journey(wait(1), trigger={"is": "field", "field": field.name, "yearly": yearly, "hour": 13})
    monkeypatch.setattr(clock, "now", lambda: noon)
    look()
    assert not Walk.objects.exists()
    monkeypatch.setattr(clock, "now", lambda: noon.replace(hour=13))
    look()
    monkeypatch.setattr(clock, "now", lambda: noon.replace(hour=15))
    look()
    assert [one.person_id for one in Walk.objects.all()] == [frida.pk]


def test_a_day_begins_it_for_those_in_a_segment(journey, monkeypatch, dana):
    frida = somebody("frida")
    tag(frida)
    today = clock.now().astimezone(ZoneInfo(Movement.objects.get().time_zone)).replace(hour=9)
    trigger = {"is": "day", "day": today.date().isoformat(), "hour": 9, "segment": str(segment(dana).pk)}
    journey(wait(1), trigger=trigger)
    monkeypatch.setattr(clock, "now", lambda: today + timedelta(days=1))
    look()
    assert not Walk.objects.exists()
    monkeypatch.setattr(clock, "now", lambda: today)
    with transaction.atomic():
        from groundswell.jobs import services as jobs

        jobs.enqueue(walking.LOOK)
    drain()
    assert [one.person_id for one in Walk.objects.all()] == [frida.pk]


def nurses(*names):
    for name in names:
        tag(somebody(name))


def set_out():
    return Walk.objects.filter(state="inside").count()


@pytest.mark.parametrize(("above", "state", "number"), [(2, "paused", 0), (3, "running", 3)])
def test_a_day_that_would_let_in_too_many_pauses_it(journey, monkeypatch, dana, world, above, state, number):
    nurses("frida", "greta")
    today = clock.now().astimezone(ZoneInfo(Movement.objects.get().time_zone)).replace(hour=9)
    trigger = {"is": "day", "day": today.date().isoformat(), "hour": 9, "segment": str(segment(dana).pk)}
    Movement.objects.update(agree_above=above)
    forget()
    made = journey(wait(1), trigger=trigger)
    nurses("hana")
    monkeypatch.setattr(clock, "now", lambda: today)
    look()
    made.refresh_from_db()
    assert (made.state, set_out()) == (state, number)
    shown = world.client("dana").get(reverse("journeys:journey", args=[made.pk])).content.decode()
    assert ("It paused by itself" in shown) == (state == "paused")
    look()
    assert set_out() == number


def test_too_many_who_come_into_a_segment_at_once_pause_it_and_it_goes_on_without_them(journey, later, dana):
    Movement.objects.update(agree_above=2)
    forget()
    made = journey(wait(1), trigger={"is": "segment", "segment": str(segment(dana).pk)})
    look()
    nurses("frida", "greta", "hana")
    later(minutes=11)
    look()
    made.refresh_from_db()
    assert (made.state, made.held_above, set_out()) == ("paused", 2, 0)
    services.resume(made, dana)
    later(minutes=11)
    look()
    nurses("ines", "jana")
    later(minutes=11)
    look()
    made.refresh_from_db()
    assert (made.state, made.held_above, set_out()) == ("running", None, 2)


@pytest.mark.parametrize(
    ("above", "tree", "days", "refused"),
    [
        (1, {"all": [{"is": "tag", "tag": "nurse"}]}, 1, True),
        (2, {"all": [{"is": "tag", "tag": "nurse"}]}, 1, False),
        (1, {"all": [{"is": "tag", "tag": "nurse"}]}, -1, False),  # a day that is over lets nobody in
        (500, {"all": []}, 1, True),
    ],
)
def test_a_day_for_so_many_that_a_mailing_needs_two_is_not_published(world, dana, above, tree, days, refused):
    nurses("frida", "greta")
    Movement.objects.update(agree_above=above)
    forget()
    held = people.save_segment(Viewer(dana, strong=True), people.Draft("Nurses", segments.read(tree)))
    day = (clock.now() + timedelta(days=days)).date().isoformat()
    made = services.make("Welcome", {"trigger": {}, "steps": []}, dana)
    begins = {"name": "Welcome", "t:is": "day", "t:day": day, "t:hour": "9", "t:segment": str(held.pk)}
    reply = world.client("dana").post(
        reverse("journeys:edit", args=[made.pk]), {**begins, "s.0:is": "end", "do": "publish"}
    )
    made.refresh_from_db()
    assert (reply.status_code, made.state) == ((422, "draft") if refused else (302, "running"))
    assert ("Send a mailing, or narrow the segment" in reply.content.decode()) == refused


# --- steps ---------------------------------------------------------------------------------------------------------
def test_an_hour_is_that_of_where_they_live(journey, later):
    journey({"is": "until", "weekday": "0", "hour": 9}, mail())
    east, west = somebody("frida", postal_code="05401"), somebody("greta", postal_code="94103")
    agrees(east)
    agrees(west)
    settle()
    for person, zone in ((east, "America/New_York"), (west, "America/Los_Angeles")):
        due = walk_of(person).due_at.astimezone(ZoneInfo(zone))
        assert walk_of(person).at == "" or (due.weekday(), due.hour, due.minute) == (0, 9, 0)


@pytest.mark.parametrize(
    ("now", "weekday", "then"),
    [
        ((2026, 3, 7, 8), None, (2026, 3, 7, 9)),
        ((2026, 3, 7, 10), None, (2026, 3, 8, 9)),  # the clock goes forward in that night
        ((2026, 3, 7, 9), None, (2026, 3, 7, 9)),
        ((2026, 3, 7, 9), 5, (2026, 3, 7, 9)),
        ((2026, 3, 7, 10), 5, (2026, 3, 14, 9)),
        ((2026, 3, 7, 10), 0, (2026, 3, 9, 9)),
    ],
)
def test_the_next_hour_is_on_the_clock(now, weekday, then):
    zone = ZoneInfo("America/New_York")
    assert rules.next_hour(datetime(*now, tzinfo=zone), zone, 9, weekday) == datetime(*then, tzinfo=zone)


def test_a_fork_joins_again(journey, later, dana):
    nurses = str(segment(dana).pk)
    journey({"is": "if", "segment": nurses, "then": [wait(1)], "else": [mail(subject="No nurse")]}, mail())
    frida, greta = somebody("frida"), somebody("greta")
    tag(frida)
    agrees(frida)
    agrees(greta)
    later(seconds=1)
    assert (sent_to(frida), [one for one, _state in sent_to(greta)]) == ([], ["No nurse", "Welcome, Greta"])
    later(days=1)
    assert [one for one, _state in sent_to(frida)] == ["Welcome, Frida"]


def test_a_mail_goes_only_to_who_still_agrees(journey, later):
    journey(wait(1), mail())
    frida = somebody("frida")
    agrees(frida)
    later(seconds=1)
    people.withdraw(frida, "news", "email", actor=person_actor(frida.pk))
    later(days=1)
    assert sent_to(frida) == [("Welcome, Frida", "suppressed")]
    assert Delivery.objects.get(person=frida, key__startswith="journeys").problem == "took_back"


def test_it_counts_among_the_mailings_of_a_week(journey, later):
    Movement.objects.update(mails_per_week=2)
    forget()
    journey(mail(subject="One"), mail(subject="Two"), mail(subject="Three"))
    frida, greta = somebody("frida"), somebody("greta")
    Choice.objects.create(person=greta, per_week=1)
    agrees(frida)
    agrees(greta)
    later(seconds=1)
    assert sorted(sent_to(frida)) == [("One", "sent"), ("Three", "suppressed"), ("Two", "sent")]
    assert sorted(sent_to(greta)) == [("One", "sent"), ("Three", "suppressed"), ("Two", "suppressed")]


def test_it_speaks_their_language(journey, later):
    step = mail() | {"subject_es": "Hola, {first_name|amiga}"}
    journey(step)
    frida = somebody("frida")
    Person.objects.filter(pk=frida.pk).update(language="es", given_name="")
    agrees(frida)
    later(seconds=1)
    assert sent_to(frida) == [("Hola, amiga", "sent")]


def test_who_is_inside_stays_on_their_version(journey, later, dana):
    made = journey(wait(1), mail(subject="Old"))
    frida, greta = somebody("frida"), somebody("greta")
    agrees(frida)
    later(seconds=1)
    services.save_draft(made, "Welcome", made.draft | {"steps": [wait(1), mail(subject="New")]})
    services.publish(made, dana)
    agrees(greta)
    later(seconds=1)
    later(days=1)
    assert (sent_to(frida), sent_to(greta)) == ([("Old", "sent")], [("New", "sent")])


def test_a_paused_journey_keeps_everybody_where_they_are(journey, later, dana):
    made = journey(wait(1), mail())
    frida = somebody("frida")
    agrees(frida)
    later(seconds=1)
    services.pause(made, dana)
    later(days=2)
    assert sent_to(frida) == []
    services.resume(made, dana)
    later(seconds=1)
    assert len(sent_to(frida)) == 1


def test_one_whose_step_goes_wrong_does_not_hold_up_the_others(journey, later, monkeypatch):
    journey(mail())
    frida, greta = somebody("frida"), somebody("greta")
    real = walking.values_of
    monkeypatch.setattr(walking, "values_of", lambda one: 1 / 0 if one.pk == frida.pk else real(one))
    agrees(frida)
    agrees(greta)
    later(seconds=1)
    assert (sent_to(frida), len(sent_to(greta))) == ([], 1)
    monkeypatch.setattr(walking, "values_of", real)
    later(hours=1)
    assert len(sent_to(frida)) == 1


def test_one_whom_the_database_refuses_breaks_off_and_the_others_go_on(journey, later, monkeypatch):
    made = journey(mail())
    frida, greta = somebody("frida"), somebody("greta")
    real = walking.values_of

    def refused(one):
        if one.pk == frida.pk:
            Walk.objects.bulk_create([Walk(journey=made, version=made.version, person=frida, began_by="again")])
        return real(one)

    monkeypatch.setattr(walking, "values_of", refused)
    agrees(frida)
    agrees(greta)
    later(seconds=1)
    assert (sent_to(frida), len(sent_to(greta))) == ([], 1)
    assert (walk_of(frida).state, walk_of(frida).problem) == ("broken", "IntegrityError")


def test_a_database_in_trouble_breaks_nobody_off(journey, later, monkeypatch):
    journey(mail())
    frida = somebody("frida")
    real = walking.values_of

    def away(one):
        raise OperationalError

    monkeypatch.setattr(walking, "values_of", away)
    agrees(frida)
    with pytest.raises(OperationalError):
        later(seconds=1)
    assert walk_of(frida).state == "inside"
    monkeypatch.setattr(walking, "values_of", real)
    later(hours=1)
    assert len(sent_to(frida)) == 1


@pytest.mark.parametrize(("longest", "runs"), [(0, 3), (20, 1)])
def test_a_run_ends_after_its_time_and_another_goes_on(journey, later, monkeypatch, longest, runs):
    monkeypatch.setattr(walking, "BATCH", 1)
    journey(wait(1), {"is": "end"})
    for name in ("frida", "greta"):
        agrees(somebody(name))
    later(seconds=1)
    monkeypatch.setattr(walking, "LONGEST_RUN_S", longest)
    ran = []
    real = jobs.walk
    monkeypatch.setitem(hooks.jobs, walking.JOB, lambda lease: (ran.append(lease), real(lease)))
    later(days=1)
    assert (len(ran), Walk.objects.filter(state="ended").count()) == (runs, 2)


# --- humans --------------------------------------------------------------------------------------------------------
CALL = {"is": "ask", "who": "verb:people.see", "words": "Call them.", "hours": 12, "then": [], "else": [mail()]}


def test_a_human_is_asked_and_it_moves_on_after_their_hours(journey, later):
    journey(CALL)
    frida = somebody("frida")
    agrees(frida)
    later(seconds=1)
    ask = Ask.objects.get(person=frida)
    told = Delivery.objects.get(key__startswith="journeys.ask:")
    assert (ask.state, told.address, told.state) == ("open", "dana@example.org", "sent")
    assert "Call them." in told.text and "/hq/asks" in told.text and "Frida" not in told.text
    later(hours=11)
    assert sent_to(frida) == []
    later(hours=1)
    ask.refresh_from_db()
    assert (ask.state, passed(frida)) == ("over", [("0", "else"), ("0.else.0", "queued")])


def test_once_it_is_done_it_goes_on_at_once(journey, later, dana):
    journey(CALL)
    frida = somebody("frida")
    agrees(frida)
    later(seconds=1)
    assert services.answer(Ask.objects.get(), dana, done=True)
    later(seconds=1)
    assert (walk_of(frida).state, passed(frida), sent_to(frida)) == ("ended", [("0", "then")], [])
    assert not services.answer(Ask.objects.get(), dana, done=True)
    assert Entry.objects.filter(kind="journey.answered", person_id=frida.pk).count() == 1
