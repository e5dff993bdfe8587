"""Two thin events become one: everybody has a place there, is counted once, and is told."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import IntegrityError
from django.test import Client

from groundswell.events import attendance, links, selectors, services
from groundswell.events.models import RSVP, Event, Host, Merger, Shift
from groundswell.events.rules import Refused, together
from groundswell.events.services import merging
from groundswell.events.services import rsvps as deeds
from groundswell.events.tests import making
from groundswell.ledger.models import Entry
from groundswell.messaging.models import Delivery
from tests.at_once import together as at_once
from tests.cast import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_rates():
    attendance.forget_rates()


@pytest.fixture
def small(cast) -> Event:
    """Alice's, to which few come."""
    return making.published(cast.people["alice"], title="At Alice’s")


@pytest.fixture
def large(cast) -> Event:
    """Bob's, next door, with room for ten, an hour earlier."""
    return making.published(cast.people["bob"], title="At Bob’s", shifts=[making.shift(10, hour=18)])


def browser(viewer) -> Client:
    client = Client(headers={"sec-fetch-site": "same-origin"})
    sign_in(client, viewer.user, strong=viewer.strong)
    return client


def comes(event, name, guests=0) -> RSVP:
    return services.rsvp(making.first(event).pk, making.who(name), guests=guests)


def url(event) -> str:
    return f"/events/{event.pk}/host/merge"


def press(viewer, event, **sent) -> str:
    """Press a button of the page; what the page says then."""
    page = browser(viewer).post(url(event), {name: str(value) for name, value in sent.items()}, follow=True)
    return unescape(page.text)


def asked(cast, small, large, **more) -> Merger:
    press(cast.alice, small, propose=large.pk, **more)
    return Merger.objects.get(state="open")


def going(event) -> dict[str, int]:
    words = RSVP.objects.filter(shift__event=event, state="going").select_related("person").order_by("at")
    return {rsvp.person.given_name: rsvp.places for rsvp in words}


def told(event) -> dict[str, int]:
    """What the ledger adds up to."""
    sums: dict[str, int] = {}
    for entry in Entry.objects.filter(on_id=event.pk):
        sums[entry.kind.removeprefix("event.")] = sums.get(entry.kind.removeprefix("event."), 0) + entry.quantity
    return sums


def places(event) -> int:
    sums = told(event)
    plus = sum(sums.get(kind, 0) for kind in ("rsvp", "promoted", "rsvp_changed", "moved_in"))
    return plus - sum(sums.get(kind, 0) for kind in ("rsvp_cancelled", "moved_on"))


# --- the way through -----------------------------------------------------------------------------------------------
def test_a_host_asks_the_other_agrees_and_everybody_has_a_place_there(cast, small, large):
    comes(small, "erin", guests=1), comes(small, "gus"), comes(large, "hal")
    page = browser(cast.alice).get(url(small)).content.decode()
    assert "At Bob’s" in page and "Ask its host" in page
    merger = asked(cast, small, large)
    assert Delivery.objects.get(key__startswith="event.merge_proposed:").address == "bob@example.org"
    assert "You asked" in browser(cast.alice).get(url(small)).content.decode()
    assert going(small) == {"Erin": 2, "Gus": 1}, "until they agree nothing changes"
    for path in (url(large), f"/events/{large.pk}/host", f"/events/{large.pk}/edit"):
        assert "At Alice’s" in browser(cast.bob).get(path).content.decode()
    assert "have a place at your event" in press(cast.bob, large, agree=merger.pk)
    assert going(small) == {} and set(going(large)) == {"Hal", "Erin", "Gus"}
    assert Shift.objects.get(event=large).taken == 4 == places(large)
    assert Shift.objects.get(event=small).taken == 0 == places(small)
    small.refresh_from_db()
    assert small.state == "cancelled" and small.merged_into == large
    assert told(small)["merged"] == 3 == told(large)["took_in"]


def test_each_guest_is_written_to_with_what_changed_and_two_links(cast, small, large):
    word = comes(small, "erin")
    services.add_host(large, making.person("kim"), making.TEST)
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    mail = Delivery.objects.get(address="erin@example.org", key__startswith="event.merged:")
    assert "At Alice’s" in mail.text and "At Bob’s" in mail.text and "Bob and Kim will be there" in mail.text
    assert "6 PM – 8 PM" in mail.text and "7 PM – 9 PM" in mail.text, "when it is, and when it was to be"
    assert mail.text.count(links.rsvp_token(word)) == 2
    methods = [kind for _name, _text, kind in mail.attachments]
    assert methods == ["text/calendar; method=REQUEST", "text/calendar; method=CANCEL"]
    assert Delivery.objects.filter(address="alice@example.org", key__startswith="event.merged_away:").exists()


def test_one_press_says_that_they_come_there_too(cast, small, large, page):
    word = comes(small, "erin")
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    link = f"/rsvp/{links.rsvp_token(word)}"
    shown = page.get(link).content.decode()
    assert "Do you come here, too?" in shown and "You have a place" in shown
    assert "did not answer yet" in browser(cast.bob).get(f"/events/{large.pk}/host").content.decode()
    page.post(link, {"act": "stay"}), page.post(link, {"act": "stay"})
    assert "Do you come here, too?" not in page.get(link).content.decode()
    assert "did not answer yet" not in browser(cast.bob).get(f"/events/{large.pk}/host").content.decode()
    assert going(large) == {"Erin": 1} and Entry.objects.filter(kind="event.stayed").count() == 1


def test_who_tells_the_host_on_the_phone_has_answered(cast, small, large):
    word = comes(small, "erin")
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    browser(cast.bob).post(f"/events/{large.pk}/host/guests/{word.pk}", {"act": "will_come"})
    assert "did not answer yet" not in browser(cast.bob).get(f"/events/{large.pk}/host").content.decode()


def test_another_press_gives_the_place_back(cast, small, large, page):
    word = comes(small, "erin", guests=2)
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    page.post(f"/rsvp/{links.rsvp_token(word)}", {"act": "cancel"})
    assert going(large) == {} and Shift.objects.get(event=large).taken == 0 == places(large)
    assert "You are not coming" in page.get(f"/rsvp/{links.rsvp_token(word)}").content.decode()


def test_the_page_of_what_was_merged_leads_to_the_other(cast, small, large, page):
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    shown = page.get(f"/events/{small.pk}").content.decode()
    assert "goes together with another one" in shown and f'href="/events/{large.pk}"' in shown
    assert "is called off" not in shown
    assert f"/events/{large.pk}" in browser(cast.alice).get(url(small)).content.decode()


def test_they_come_in_the_order_they_said_so_those_who_waited_too(cast, large):
    small = making.published(cast.people["alice"], title="At Alice’s", shifts=[making.shift(3)])
    comes(small, "erin", guests=1), comes(small, "gus", guests=1), comes(small, "hal")
    assert [rsvp.state for rsvp in selectors.guest_list(small)] == ["going", "going", "waiting"]
    Shift.objects.filter(event=small).update(capacity=4)  # room, so that it is thin; Gus' two did not fit into one
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    assert list(going(large).items()) == [("Erin", 2), ("Gus", 2), ("Hal", 1)]
    assert not RSVP.objects.filter(state="waiting").exists()
    shift = Shift.objects.get(event=small)
    assert (shift.taken, shift.waiting) == (0, 0) and places(large) == 5
    sums = told(small)
    assert sums["waiting"] == sums["left_waiting"] and places(small) == 0


# --- co-hosts and who may ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("asks", "agrees"), [(True, True), (True, False), (False, True)])
def test_a_host_runs_the_other_one_too_only_if_both_want_that(cast, small, large, asks, agrees):
    merger = asked(cast, small, large, **({"joins": "on"} if asks else {}))
    press(cast.bob, large, agree=merger.pk, **({"joins": "on"} if agrees else {}))
    assert Host.objects.filter(event=large, person=cast.people["alice"]).exists() == (asks and agrees)


def test_who_runs_both_asks_nobody_but_looks_first(cast, small):
    other = making.published(cast.people["alice"], title="My other", shifts=[making.shift(10, hour=18)])
    comes(small, "erin")
    assert "This cannot be undone" in press(cast.alice, small, look=other.pk) and going(small)
    assert "all guests have a place there" in press(cast.alice, small, merge=other.pk)
    assert going(other) == {"Erin": 1}


def test_headquarters_merges_two_events_of_others(cast, small, large):
    comes(small, "erin")
    short = browser(cast.dana).get("/hq/events").content.decode()
    assert url(small) in short
    press(cast.dana, small, merge=large.pk)
    assert going(large) == {"Erin": 1}
    keys = {mail.address: mail.key.split(":")[0] for mail in Delivery.objects.filter(key__regex="merged_away|took_in")}
    assert keys == {"alice@example.org": "event.merged_away", "bob@example.org": "event.took_in"}


def test_a_host_cannot_merge_into_what_is_not_theirs(cast, small, large):
    reply = browser(cast.alice).post(url(small), {"merge": str(large.pk)})
    assert reply.status_code == 404 and not Merger.objects.exists()


def test_charlie_neither_sees_nor_answers(cast, small, large):
    merger = asked(cast, small, large)
    page = browser(cast.charlie)
    assert page.get(url(small)).status_code == page.get(url(large)).status_code == 404
    assert page.post(url(large), {"agree": str(merger.pk)}).status_code == 404
    assert "answered already" in press(cast.alice, small, agree=merger.pk), "nor does who asked agree for the other"
    merger.refresh_from_db()
    assert merger.state == "open"


# --- an answer, or none --------------------------------------------------------------------------------------------
def test_no_is_told_and_is_not_asked_again(cast, small, large):
    comes(small, "erin")
    press(cast.bob, large, decline=asked(cast, small, large).pk)
    assert Delivery.objects.filter(address="alice@example.org", key__startswith="event.merge_declined:").exists()
    assert "They said no before" in press(cast.alice, small, propose=large.pk)
    assert going(small) == {"Erin": 1} and told(small)["merge_declined"] == 1


def test_what_was_taken_back_is_not_agreed_to(cast, small, large):
    merger = asked(cast, small, large)
    press(cast.alice, small, withdraw=merger.pk)
    assert "answered already" in press(cast.bob, large, agree=merger.pk)
    with pytest.raises(Refused):
        merging.agree(merger, making.TEST, together=False)
    assert Event.objects.get(pk=small.pk).state == "published"


@pytest.mark.parametrize("what", ["changed", "other changed", "cancelled", "other cancelled", "begun", "other over"])
def test_a_proposal_ends_when_either_event_is_another(cast, small, large, what):
    comes(small, "erin")
    merger = asked(cast, small, large)
    event = large if "other" in what else small
    if "changed" in what:
        services.change(event, making.TEST, title="Something else")
    elif "cancelled" in what:
        services.cancel(event, making.TEST)
    else:
        making.ago(event, days=4)
    assert merging.asked_by(small) is None and not merging.asked_of(large)
    with pytest.raises(Refused):
        merging.agree(merger, making.TEST, together=False)
    assert going(small) == {"Erin": 1} and not going(large)


def test_after_a_change_one_may_ask_anew(cast, small, large):
    first = asked(cast, small, large)
    services.change(large, making.TEST, title="Something else")
    assert asked(cast, small, large) != first


# --- two at once, twice, full meanwhile ----------------------------------------------------------------------------
def test_one_question_at_a_time(cast, small, large):
    third = making.published(making.person("gus"), title="At Gus’", shifts=[making.shift(10)])
    asked(cast, small, large)
    assert "You asked others already" in press(cast.alice, small, propose=third.pk)
    assert Merger.objects.filter(event=small).count() == 1


def test_two_do_not_ask_each_other(cast, small, large):
    asked(cast, small, large)
    assert "asked to merge with another event themselves" in press(cast.bob, large, propose=small.pk)


def test_the_same_press_twice_asks_once_and_merges_once(cast, small, large):
    comes(small, "erin")
    merger = asked(cast, small, large)
    asked(cast, small, large)
    assert Merger.objects.count() == 1 == Delivery.objects.filter(key__startswith="event.merge_proposed:").count()
    press(cast.bob, large, agree=merger.pk)
    merging.agree(merger, making.TEST, together=False)
    press(cast.bob, large, agree=merger.pk)
    assert going(large) == {"Erin": 1} and told(large)["moved_in"] == 1 == told(large)["took_in"]
    assert Delivery.objects.filter(key__startswith="event.merged:").count() == 1


def test_full_meanwhile_is_refused_and_nothing_is_half_done(cast, small, large):
    comes(small, "erin"), comes(small, "gus")
    merger = asked(cast, small, large)
    comes(large, "hal", guests=8)
    assert "no room for all" in press(cast.bob, large, agree=merger.pk)
    assert going(small) == {"Erin": 1, "Gus": 1} and going(large) == {"Hal": 9}
    assert Event.objects.get(pk=small.pk).state == "published" and "moved_on" not in told(small)
    assert not Delivery.objects.filter(key__startswith="event.merged:").exists()


def test_without_asking_for_room_it_would_break_off(cast, small, large, monkeypatch):
    """The control: the place itself is asked for once more as it is taken."""
    comes(small, "erin"), comes(small, "gus")
    merger = asked(cast, small, large)
    comes(large, "hal", guests=8)
    monkeypatch.setattr(merging.rules, "together", lambda asked, offered, zone: [0] * len(asked))
    with pytest.raises(AssertionError):
        merging.agree(merger, making.TEST, together=False)
    assert going(small) == {"Erin": 1, "Gus": 1}


def test_who_comes_to_both_is_counted_once_and_keeps_their_word(cast, small, large):
    comes(small, "erin", guests=3), comes(large, "erin", guests=1)
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    assert going(large) == {"Erin": 2} and Shift.objects.get(event=large).taken == 2 == places(large)
    assert Shift.objects.get(event=small).taken == 0 == places(small)
    assert "come to the other one, too" in Delivery.objects.get(key__startswith="event.merged:").text


def test_without_looking_who_comes_already_the_place_would_be_there_twice(cast, small, large, monkeypatch):
    """The control."""
    comes(small, "erin"), comes(large, "erin")
    merger = asked(cast, small, large)
    monkeypatch.setattr(merging, "_known", lambda into: {})
    with pytest.raises(IntegrityError):
        merging.agree(merger, making.TEST, together=False)


def waits_at_large(large, name) -> RSVP:
    """A party of three for which the other event has no room, though it has some."""
    comes(large, "hal", guests=7)
    word = comes(large, name, guests=2)
    assert word.state == "waiting"
    return word


def test_who_only_waits_at_the_other_keeps_the_place_they_have(cast, small, large, page):
    waits = waits_at_large(large, "erin")
    comes(small, "erin")
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    assert going(large) == {"Hal": 8, "Erin": 1}
    shift = Shift.objects.get(event=large)
    assert (shift.taken, shift.waiting) == (9, 0) and places(large) == 9
    sums = told(large)
    assert sums["waiting"] == sums["left_waiting"] == 3 and sums["moved_in"] == 1
    mail = Delivery.objects.get(key__startswith="event.merged:")
    assert "You have a place there" in mail.text and "You said before" not in mail.text
    assert mail.text.count(links.rsvp_token(waits)) == 2, "the word that has the place now"
    assert "Do you come here, too?" in page.get(f"/rsvp/{links.rsvp_token(waits)}").content.decode()


def test_without_asking_whether_they_wait_they_would_lose_their_place(cast, small, large, monkeypatch):
    """The control."""
    waits = waits_at_large(large, "erin")
    comes(small, "erin")
    merger = asked(cast, small, large)
    monkeypatch.setattr(merging, "_known", lambda into: {waits.person_id: waits})
    press(cast.bob, large, agree=merger.pk)
    assert going(large) == {"Hal": 8}


def test_who_waits_for_one_time_and_cannot_come_to_another_has_a_place(cast, small):
    large = making.published(
        cast.people["bob"], title="At Bob’s", shifts=[making.shift(10, hour=19), making.shift(1, hour=9)]
    )
    morning, evening = large.shifts.order_by("starts_at")
    deeds.rsvp(morning.pk, making.who("hal")), deeds.rsvp(morning.pk, making.who("erin"))
    services.cancel_rsvp(deeds.rsvp(evening.pk, making.who("erin")))
    comes(small, "erin")
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    assert set(going(large)) == {"Hal", "Erin"} and places(large) == 2
    morning.refresh_from_db(), evening.refresh_from_db()
    assert (morning.taken, morning.waiting, evening.taken, evening.waiting) == (1, 1, 1, 0)


def test_who_said_no_to_the_other_is_not_moved_but_told(cast, small, large):
    comes(small, "erin"), services.cancel_rsvp(comes(large, "erin"))
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    assert going(large) == {}
    assert "cannot come to the other one" in Delivery.objects.get(key__startswith="event.merged:").text


def test_who_cancelled_meanwhile_is_neither_moved_nor_told(cast, small, large):
    word = comes(small, "erin")
    merger = asked(cast, small, large)
    services.cancel_rsvp(word)
    press(cast.bob, large, agree=merger.pk)
    assert going(large) == {} and not Delivery.objects.filter(key__startswith="event.merged:").exists()


@pytest.mark.django_db(transaction=True)
def test_places_stay_true_when_people_cancel_and_come_while_it_happens(cast, small, large):
    words = [comes(small, f"guest{n}") for n in range(4)]
    merger = asked(cast, small, large)

    def work(number):
        if number == 0:
            return merging.agree(merger, making.TEST, together=False)
        if number < 3:
            return services.cancel_rsvp(RSVP.objects.get(pk=words[number].pk))
        return services.rsvp(making.first(large).pk, making.who(f"late{number}"))

    at_once(work, 5)
    assert set(going(large)) == {"Guest0", "Guest3", "Late3", "Late4"} and not going(small)
    for event in (small, large):
        taken = Shift.objects.get(event=event).taken
        assert taken == sum(going(event).values()) == places(event)


@pytest.mark.django_db(transaction=True)
def test_pressing_yes_twice_at_once_merges_once(cast, small, large):
    comes(small, "erin")
    merger = asked(cast, small, large)
    at_once(lambda _n: merging.agree(merger, making.TEST, together=False), 2)
    assert Shift.objects.get(event=large).taken == 1 == told(large)["took_in"]


# --- where to ------------------------------------------------------------------------------------------------------
def test_only_neighbors_with_room_for_all_on_the_same_days_are_offered(cast, small):
    comes(small, "erin", guests=2), comes(small, "gus")
    fits = making.published(making.person("bob"), title="Fits", shifts=[making.shift(4)])
    making.published(making.person("hal"), title="Too small", shifts=[making.shift(3)])
    making.published(making.person("ida"), title="Too late", shifts=[making.shift(days=4, hour=10)])
    making.published(making.person("joe"), title="Too far", postal_code="02108")
    making.published(making.person("kim"), title="Online", online=True, postal_code="", time_zone="America/New_York")
    assert [one.id for one in merging.neighbors(small)] == [fits.pk]
    shown = browser(cast.alice).get(f"/events/{small.pk}/host/fill").content.decode()
    assert "Fits" in shown and "Too small" not in shown and url(small) in shown


def test_an_event_with_people_needs_no_other(cast, small, large):
    for number in range(9):
        comes(small, f"guest{number}")
    assert "Enough people come" in press(cast.alice, small, propose=large.pk)
    assert not Merger.objects.exists()


def test_numbers_without_names_are_not_moved(cast, small, large):
    Event.objects.filter(pk=small.pk).update(opening_rsvps=2)
    assert "without names" in press(cast.alice, small, propose=large.pk)


def test_each_shift_goes_to_the_nearest_of_the_other():
    now = datetime(2026, 5, 6, 17, tzinfo=UTC)
    evening, night, later = now, now + timedelta(hours=3), now + timedelta(days=3)
    assert together([(evening, 2), (night, 3)], [(night, 3), (evening, None)], "UTC") == [1, 0]
    assert together([(evening, 2), (night, 2)], [(evening, 3)], "UTC") is None, "not room for all"
    assert together([(evening, 1)], [(later, None)], "UTC") is None, "not on the same day"
    assert together([], [], "UTC") == []


def test_nobody_goes_to_another_day_even_within_hours():
    late, soon_after = (datetime(2026, 5, day, hour, tzinfo=UTC) for day, hour in ((6, 3), (6, 5)))
    assert together([(late, 1)], [(soon_after, None)], "UTC") == [0]
    assert together([(late, 1)], [(soon_after, None)], "America/New_York") is None, "there it is past midnight"


def test_two_words_of_one_person_take_one_place(cast, large):
    small = making.published(
        cast.people["alice"], title="At Alice’s", shifts=[making.shift(hour=17), making.shift(hour=19)]
    )
    for shift in small.shifts.all():
        deeds.rsvp(shift.pk, making.who("erin"))
    press(cast.bob, large, agree=asked(cast, small, large).pk)
    assert going(large) == {"Erin": 1} and Shift.objects.get(event=large).taken == 1 == places(large)
    assert Delivery.objects.filter(key__startswith="event.merged:").count() == 1
