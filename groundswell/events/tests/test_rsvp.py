"""Saying one comes: one RSVP a person and shift, places, the waiting list, taking it back."""

from contextlib import suppress

import psycopg
import pytest

from groundswell.events import links, selectors, services
from groundswell.events.models import RSVP, Event
from groundswell.events.rules import Invalid, NoRoom, Refused
from groundswell.events.services import Agreed
from groundswell.events.tests import making
from groundswell.events.tests.making import TEST, ago, draft, first, person, published, who
from groundswell.ledger import selectors as ledger
from groundswell.people.models import Consent, ContactPoint
from groundswell.people.selectors import NotFound
from groundswell.people.services import NewPerson
from groundswell.powers.viewer import Viewer
from groundswell.sources.models import Source, Touch
from groundswell.sources.services import sharer_code
from tests.at_once import STOP_AT_GATE, gate, together
from tests.functions import without

pytestmark = pytest.mark.django_db


def party(capacity=None):
    return first(published(shifts=[making.shift(capacity)]))


def come(shift, name, guests=0, **more):
    return services.rsvp(shift.pk, who(name), guests=guests, **more)


def state(rsvp):
    rsvp.refresh_from_db()
    return rsvp.state


def counts(shift):
    shift.refresh_from_db()
    return shift.taken, shift.waiting


def kinds_of(rsvp):
    entries = ledger.of_person(rsvp.person_id)
    return [(e.kind.removeprefix("event."), e.quantity) for e in entries if e.kind.startswith("event.")][::-1]


# --- places --------------------------------------------------------------------------------------------------------
def test_a_person_gets_a_place_with_their_guests():
    shift = party(5)
    rsvp = come(shift, "erin", 2)
    assert (rsvp.state, counts(shift)) == ("going", (3, 0))
    entry = ledger.of_person(rsvp.person_id)[0]
    assert (entry.kind, entry.quantity, entry.on_id) == ("event.rsvp", 3, shift.event_id)
    assert entry.data == {"shift": str(shift.pk), "rsvp": str(rsvp.pk)}


def test_pressing_again_changes_nothing():
    shift = party(5)
    one = come(shift, "erin", 1)
    assert come(shift, "erin", 1).pk == come(shift, "ERIN", 1).pk == one.pk
    assert counts(shift) == (2, 0)
    for guests in (0, 2, 4):  # also where there would be no room
        assert come(shift, "erin", guests).guests == 1
    assert counts(shift) == (2, 0)
    assert kinds_of(one) == [("rsvp", 2)]


def test_who_had_cancelled_may_come_back_behind_those_who_wait():
    shift = party(1)
    erin = come(shift, "erin")
    bob = come(shift, "bob")
    services.cancel_rsvp(erin)
    assert (state(erin), state(bob)) == ("cancelled", "going")
    assert come(shift, "erin").pk == erin.pk
    assert (state(erin), counts(shift)) == ("waiting", (1, 1))


def test_without_room_they_wait_and_a_cancellation_lets_the_first_in():
    shift = party(2)
    erin, bob, charlie = come(shift, "erin", 1), come(shift, "bob"), come(shift, "charlie")
    assert (bob.state, charlie.state, counts(shift)) == ("waiting", "waiting", (2, 2))
    services.change_rsvp(erin, 0)
    assert (state(bob), state(charlie), counts(shift)) == ("going", "waiting", (2, 1))
    services.cancel_rsvp(erin)
    assert (state(charlie), counts(shift)) == ("going", (2, 0))
    assert kinds_of(bob) == [("waiting", 1), ("promoted", 1)]
    assert kinds_of(erin) == [("rsvp", 2), ("rsvp_changed", -1), ("rsvp_cancelled", 1)]


def test_a_group_too_large_is_passed_over_and_keeps_its_position():
    shift = party(4)
    erin, _dana = come(shift, "erin", 1), come(shift, "dana", 1)
    large, small = come(shift, "bob", 2), come(shift, "charlie", 1)
    services.cancel_rsvp(erin)
    assert (state(large), state(small)) == ("waiting", "going")
    services.cancel_rsvp(small)
    services.cancel_rsvp(_dana)
    assert state(large) == "going"


def test_waiting_with_fewer_guests_may_fit():
    shift = party(3)
    come(shift, "erin", 1)
    bob = come(shift, "bob", 1)
    assert bob.state == "waiting"
    assert services.change_rsvp(bob, 0).state == "going"
    assert counts(shift) == (3, 0)


def test_more_guests_than_are_free_changes_nothing():
    shift = party(4)
    erin = come(shift, "erin", 1)
    come(shift, "bob")
    with pytest.raises(NoRoom, match="Only 1 more"):
        services.change_rsvp(erin, 3)
    assert counts(shift) == (3, 0)
    assert state(erin) == "going"


def test_leaving_the_waiting_list_frees_no_place():
    shift = party(1)
    come(shift, "erin")
    bob = come(shift, "bob")
    services.cancel_rsvp(bob)
    services.cancel_rsvp(bob)
    assert counts(shift) == (1, 0)
    assert kinds_of(bob) == [("waiting", 1), ("left_waiting", 1)]


def test_each_shift_has_its_own_places():
    event = published(shifts=[making.shift(1, days=3), making.shift(1, days=4)])
    one, two = event.shifts.all()
    assert (come(one, "erin").state, come(two, "erin").state) == ("going", "going")
    assert (come(one, "bob").state, come(two, "bob").state) == ("waiting", "waiting")


# --- what is refused -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("guests", [-1, 11])
def test_too_many_guests_are_told(guests):
    with pytest.raises(Invalid) as caught:
        come(party(), "erin", guests)
    assert list(caught.value.problems) == ["guests"]


def test_a_group_that_can_never_fit_is_told_instead_of_waiting_forever():
    with pytest.raises(Invalid, match="room for 2"):
        come(party(2), "erin", 2)


@pytest.mark.parametrize("email", ["", "not an address", "erin@", "a@b\r\nBcc: c@example.org d"])
def test_a_bad_address_is_told_with_its_field_and_nothing_is_written(email):
    shift = party(5)
    with pytest.raises(Invalid) as caught:
        services.rsvp(shift.pk, NewPerson(given_name="Erin", email=email))
    assert list(caught.value.problems) == ["email"]
    assert not RSVP.objects.exists()
    assert counts(shift) == (0, 0)


def test_no_rsvp_to_what_is_not_published_cancelled_or_over():
    with pytest.raises(NotFound):
        come(first(draft()), "erin")
    with pytest.raises(NotFound):
        services.rsvp(published().pk, who("erin"))
    gone = published()
    services.cancel(gone, TEST)
    with pytest.raises(Refused, match="called off"):
        come(first(gone), "erin")
    over = ago(published(), days=5)
    with pytest.raises(Refused, match="over"):
        come(first(over), "erin")


# --- what comes along ----------------------------------------------------------------------------------------------
def test_consents_source_and_touch_are_kept_with_the_rsvp():
    shift, code = party(), sharer_code(person("bob"))
    words = "Write to me about the campaign."
    rsvp = come(
        shift, "erin", source_code=code, consents=[Agreed("news", "email", words)], page=f"/events/{shift.event_id}"
    )
    consent = Consent.objects.get(person=rsvp.person)
    assert (consent.wording.words, consent.page, consent.given) == (words, f"/events/{shift.event_id}", True)
    assert rsvp.source == Source.objects.get(code=code)
    assert Touch.objects.get(source=rsvp.source).person == rsvp.person
    assert ledger.of_person(rsvp.person_id)[0].source_id == rsvp.source_id


def test_an_unknown_or_malformed_code_does_no_harm():
    shift = party()
    for n, code in enumerate(["'; DROP TABLE", "x" * 5000, "\0", "nobody-issued-this"]):
        assert come(shift, f"erin{n}", source_code=code).state == "going"


# --- the link in the mail ------------------------------------------------------------------------------------------
def test_the_link_opens_one_rsvp_and_a_forged_one_none():
    shift = party()
    erin, bob = come(shift, "erin"), come(shift, "bob")
    token = links.rsvp_token(erin)
    assert links.rsvp_from(token) == erin
    forged = [token[:-1], token + "x", links.rsvp_token(bob).split("~")[0] + "~" + token.split("~")[1], "", "~", "x~y"]
    for bad in [*forged, links.thanks_token(shift.pk, room=True), links.confirm_token(shift.event)]:
        with pytest.raises(NotFound):
            links.rsvp_from(bad)


def test_pressing_the_link_proves_the_address():
    rsvp = come(party(), "erin")
    assert ContactPoint.objects.get(value="erin@example.org").verified_at is None
    services.prove(rsvp)
    assert ContactPoint.objects.get(value="erin@example.org").verified_at


def test_nothing_can_be_changed_once_it_is_over():
    event = published()
    erin = come(first(event), "erin")
    ago(event, days=5)
    for act in (lambda: services.change_rsvp(erin, 1), lambda: services.cancel_rsvp(erin)):
        with pytest.raises(Refused, match="over"):
            act()


def test_who_comes_may_change_and_cancel_while_the_event_is_looked_over_again():
    shift = party(3)
    erin = come(shift, "erin", 1)
    Event.objects.filter(pk=shift.event_id).update(state="waiting")
    with pytest.raises(NotFound):
        come(shift, "bob")
    assert services.change_rsvp(erin, 0).guests == 0
    assert services.cancel_rsvp(erin).state == "cancelled"
    assert counts(shift) == (0, 0)


# --- attendance ----------------------------------------------------------------------------------------------------
def test_attendance_is_recorded_once():
    event = published()
    erin = come(first(event), "erin", 1)
    ago(event, days=4)
    for came in (True, True, False):
        services.mark_attended(erin, came, TEST)
    assert kinds_of(erin) == [("rsvp", 2), ("attended", 2), ("attended", -2), ("missed", 2)]


def test_nobody_has_come_to_what_is_days_away():
    erin = come(party(), "erin")
    with pytest.raises(Refused):
        services.mark_attended(erin, True, TEST)


def test_guests_are_listed_for_those_who_passed_the_gate(cast):
    shift = first(published(cast.people["alice"], shifts=[making.shift(1)]))
    come(shift, "erin")
    come(shift, "bob")
    event = selectors.access_event(cast.alice, shift.event_id)
    assert [(r.person.given_name, r.state) for r in selectors.guest_list(event)] == [
        ("Erin", "going"),
        ("Bob", "waiting"),
    ]
    with pytest.raises(NotFound):
        selectors.access_event(Viewer(None), shift.event_id)


# --- at once -------------------------------------------------------------------------------------------------------
def rush(shift_id):
    """Forty press at the same moment; their states in order."""
    return sorted(together(lambda n: services.rsvp(shift_id, who(f"p{n}")).state, 40))


@pytest.mark.django_db(transaction=True)
def test_forty_at_once_for_five_seats_fill_exactly_five():
    shift = party(5)
    assert rush(shift.pk) == ["going"] * 5 + ["waiting"] * 35
    assert counts(shift) == (5, 35)
    assert RSVP.objects.filter(shift=shift, state="going").count() == 5


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_same_rush_oversells():
    """The control: whoever looks and takes without waiting for the others sells seats twice."""
    with (
        without("events_come", "WHERE s.id = shift.id FOR UPDATE;", f"WHERE s.id = shift.id; {STOP_AT_GATE}"),
        gate(40),
    ):
        assert rush(party(5).pk).count("going") > 5


@pytest.mark.django_db(transaction=True)
def test_one_person_pressing_twenty_times_at_once_has_one_rsvp():
    shift = party(5)
    assert len(set(together(lambda n: services.rsvp(shift.pk, who("erin")).pk, 20))) == 1
    assert counts(shift) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_nobody_slips_into_an_event_that_is_being_cancelled():
    for _ in range(5):
        event = published()
        shift = first(event)

        def press_or_call_off(n, event=event, shift=shift):
            if n == 0:
                return services.cancel(event, TEST)
            try:
                return services.rsvp(shift.pk, who(f"p{n}")).state
            except Refused:
                return "refused"

        states = together(press_or_call_off, 11)[1:]
        cancelled = ledger.of_subject(event.pk)
        order = [entry.kind for entry in sorted(cancelled, key=lambda entry: entry.pk)]
        assert set(order[order.index("event.cancelled") + 1 :]) == set()
        assert states.count("going") == order.count("event.rsvp")


@pytest.mark.django_db(transaction=True)
def test_joining_changing_and_leaving_at_once_never_lock_in_a_circle():
    shift = party(6)

    def act(n):
        for guests in (1, 0, 2, 1):
            rsvp = services.rsvp(shift.pk, who(f"p{n}"))
            with suppress(NoRoom):
                services.change_rsvp(rsvp, guests)
            if guests == 2:
                services.cancel_rsvp(rsvp)

    together(act, 12)
    going = sum(r.places for r in RSVP.objects.filter(shift=shift, state="going"))
    waiting = [r.places for r in RSVP.objects.filter(shift=shift, state="waiting")]
    assert counts(shift) == (going, sum(waiting))
    assert going <= 6
    assert all(places > 6 - going for places in waiting)
    tally = dict.fromkeys(("rsvp", "promoted", "rsvp_changed", "rsvp_cancelled"), 0)
    for entry in ledger.of_subject(shift.event_id, limit=1000):
        if (kind := entry.kind.removeprefix("event.")) in tally:
            tally[kind] += entry.quantity
    assert tally["rsvp"] + tally["promoted"] + tally["rsvp_changed"] - tally["rsvp_cancelled"] == going


# --- cost ----------------------------------------------------------------------------------------------------------
def test_a_known_person_gets_a_place_in_one_statement(monkeypatch):
    """Of all that the driver sends, Django's cursors and its own."""
    shift, sent, execute = party(100), [], psycopg.Cursor.execute
    person("erin")

    def listen(self, query, *args, **more):
        sent.append(str(query))
        return execute(self, query, *args, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", listen)
    come(shift, "erin")
    sent = [query for query in sent if not query.startswith(("SAVEPOINT", "RELEASE", "SELECT ledger_"))]
    assert len(sent) == 1, "\n".join(sent)
