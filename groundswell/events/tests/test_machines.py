"""Random lives of events and random pressing of buttons, against models that know no database."""

from collections import defaultdict
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from groundswell.events import rules, services
from groundswell.events.models import RSVP
from groundswell.events.rules import Act, Invalid, NoRoom, Refused, Standing, next_standing
from groundswell.events.services import OWN_SYSTEM, ImportedEvent, ImportedShift, rsvps
from groundswell.events.tests.making import TEST, first, person, published, shift, who
from groundswell.ledger import selectors as ledger


# --- the lifecycle -------------------------------------------------------------------------------------------------
class Lifecycle(RuleBasedStateMachine):
    """What must hold in every life, told without the table."""

    def __init__(self):
        super().__init__()
        self.standing = Standing("draft", confirmed=False)

    @rule(act=st.sampled_from(list(Act)), needs_review=st.booleans())
    def try_to(self, act, needs_review):
        before = self.standing
        try:
            self.standing = next_standing(before, act, needs_review=needs_review)
        except Refused as refused:
            assert str(refused)
            assert before == self.standing
            return
        assert not before.past, "nothing can be done to what is over"
        assert before.state != "cancelled", "nor to what is cancelled"
        if before.state != "published" and self.standing.state == "published":
            assert before.confirmed
            assert (act, before.state) == (Act.PUBLISH, "waiting") or (act is Act.SUBMIT and not needs_review)
        if act is Act.REVIEW_AGAIN:
            assert (before.state, self.standing.state) == ("published", "waiting")
        if before.state == "published":
            assert self.standing.state in ("published", "cancelled") or act is Act.REVIEW_AGAIN
        if act in (Act.CONFIRM, Act.CHANGE):
            assert self.standing.state == before.state

    @precondition(lambda self: not self.standing.past)
    @rule()
    def time_passes(self):
        self.standing = Standing(self.standing.state, self.standing.confirmed, past=True)

    @invariant()
    def nobody_sees_what_was_not_confirmed(self):
        assert self.standing.confirmed or self.standing.state in ("draft", "cancelled")


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=200, stateful_step_count=20)


# --- places --------------------------------------------------------------------------------------------------------
PEOPLE = ["erin", "bob", "charlie", "dana", "frank"]
names, guests = st.sampled_from(PEOPLE), st.integers(0, 3)


class Places(RuleBasedStateMachine):
    """The model: who comes and who waits, as lists of (name, places). Promotion takes the first that fits, again and
    again, which is another way to say what `rules.promoted` does in one pass."""

    def __init__(self):
        super().__init__()
        self.event = published(shifts=[shift(4, days=1, hour=9)])
        self.shift = first(self.event)
        self.capacity = 4
        self.opening = 0  # places of RSVPs that came as a number
        self.going: dict[str, int] = {}
        self.waiting: dict[str, int] = {}  # in order of joining
        self.rsvps: dict[str, RSVP] = {}

    def free(self):
        return self.capacity - self.opening - sum(self.going.values())

    def promote(self):
        while fits := [name for name, places in self.waiting.items() if places <= self.free()]:
            self.going[fits[0]] = self.waiting.pop(fits[0])

    @rule(name=names, guests=guests)
    def says_they_come(self, name, guests):
        places = 1 + guests
        try:
            rsvp = services.rsvp(self.shift.pk, who(name), guests=guests)
        except Invalid:
            assert places > self.capacity
            return
        self.rsvps[name] = rsvp
        if name in self.going or name in self.waiting:
            pass  # whoever writes that address changes nothing
        elif places <= self.free():
            self.going[name] = places
        else:
            self.waiting[name] = places
        self.same(rsvp, name)

    @precondition(lambda self: self.rsvps)
    @rule(name=names, guests=guests)
    def changes_guests(self, name, guests):
        if name not in self.rsvps:
            return
        places = 1 + guests
        try:
            rsvp = services.change_rsvp(self.rsvps[name], guests)
        except Invalid:
            assert places > self.capacity
        except NoRoom:
            assert places - self.going[name] > self.free()
        except Refused:
            assert name not in self.going and name not in self.waiting
        else:
            (self.going if name in self.going else self.waiting)[name] = places
            self.promote()
            self.same(rsvp, name)

    @precondition(lambda self: self.rsvps)
    @rule(name=names)
    def cancels(self, name):
        if name in self.rsvps:
            services.cancel_rsvp(self.rsvps[name])
            self.going.pop(name, None)
            self.waiting.pop(name, None)
            self.promote()

    @precondition(lambda self: self.rsvps)
    @rule(name=names, came=st.sampled_from([True, False, None]), of_them=st.none() | st.integers(1, 3))
    def host_notes_attendance(self, name, came, of_them):
        if name in self.rsvps:
            with mock.patch.multiple(rules, has_come=lambda *_: True, check_over=lambda *_: None):
                services.mark_attended(self.rsvps[name], came, TEST, of_them=of_them)

    @rule(capacity=st.integers(2, 8))
    def host_changes_capacity(self, capacity):
        try:
            services.change(self.event, TEST, shifts=[shift(capacity, days=1, hour=9, id=self.shift.pk)])
        except Invalid:
            assert capacity < min(self.opening + sum(self.going.values()), self.capacity)
        else:
            self.capacity = capacity
            self.promote()

    @rule(opening=st.integers(0, 5))
    def an_import_brings_a_number(self, opening):
        row = ImportedEvent(
            external_id=str(self.event.pk),
            shifts=[ImportedShift(self.shift.starts_at, self.shift.ends_at, self.capacity)],
            title=self.event.title,
            type=self.event.type,
            time_zone=self.event.time_zone,
            opening_rsvps=opening,
        )
        services.import_events([row], OWN_SYSTEM)
        self.opening = opening
        self.promote()

    def same(self, rsvp, name):
        expected = "going" if name in self.going else "waiting" if name in self.waiting else "cancelled"
        assert rsvp.state == expected

    @invariant()
    def the_database_says_what_the_model_says(self):
        rows = RSVP.objects.filter(shift=self.shift).select_related("person").order_by("at", "pk")
        told = {"going": {}, "waiting": {}, "cancelled": {}}
        for row in rows:
            told[row.state][row.person.given_name.lower()] = row.places
        assert told["going"] == self.going
        assert list(told["waiting"].items()) == list(self.waiting.items()), "in order of joining"
        self.shift.refresh_from_db()
        assert (self.shift.capacity, self.shift.opening) == (self.capacity, self.opening)
        assert self.shift.taken == sum(self.going.values()) <= self.capacity
        assert self.shift.waiting == sum(self.waiting.values())
        assert all(places > self.free() for places in self.waiting.values()), "nobody waits who would fit"

    @invariant()
    def the_ledger_adds_up_to_the_rows(self):
        told = defaultdict(int)
        for entry in ledger.of_subject(self.event.pk, limit=10_000):
            told[entry.kind.removeprefix("event.")] += entry.quantity
        rows = RSVP.objects.filter(shift=self.shift)

        def places(**those):
            return sum(row.places for row in rows.filter(**those))

        assert told["rsvp"] + told["promoted"] + told["rsvp_changed"] - told["rsvp_cancelled"] == places(state="going")
        waiting = told["waiting"] + told["waiting_changed"] - told["promoted"] - told["left_waiting"]
        assert waiting == places(state="waiting")
        noted = RSVP.objects.filter(shift=self.shift).exclude(attended=None)
        assert told["attended"] == sum(rsvp.here for rsvp in noted)
        assert told["missed"] == sum(rsvp.places - rsvp.here for rsvp in noted)


few = settings(max_examples=10, stateful_step_count=20, suppress_health_check=list(HealthCheck), print_blob=False)


@pytest.mark.django_db
def test_places_follow_the_model_whatever_people_press():
    for name in PEOPLE:
        person(name)
    run_state_machine_as_test(Places, settings=few)


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["promote", "_give_back", "_record_noted"])
def test_the_machine_notices_a_missing_step(broken, monkeypatch):
    monkeypatch.setattr(rsvps, broken, lambda *args, **kwargs: None)
    until_found = settings(
        few, max_examples=200, phases=[Phase.generate], report_multiple_bugs=False, derandomize=True, database=None
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Places, settings=until_found)
