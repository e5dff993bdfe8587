"""Whatever people do with powers, in any order, a grant never exceeds the one it came from, and what is taken back is
gone for everybody below at once.

A machine gives, hands on, uses and takes back at random against the real database while time passes, and compares it
with a plain account of what happened that knows nothing of chains and locks.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from groundswell.kit.clock import now
from groundswell.powers import rules, selectors, services
from groundswell.powers.models import Grant, GrantQuerySet, User
from groundswell.powers.services import Refused
from groundswell.powers.verbs import EVERYTHING

NAMES = ["alice", "bob", "charlie", "dana"]
VERBS = ["events.review", "people.see"]
SCOPES = ["movement", "movement.place.us", "movement.place.us.vt", "movement.place.us.nh"]

people = st.sampled_from(NAMES)
verbs = st.sampled_from([*VERBS, EVERYTHING])
scopes = st.sampled_from(SCOPES)
which = st.integers(0, 10**6).map(lambda n: n * 2654435761 >> 8)  # spread: the first grants are no likelier


def mostly(usual, *others):
    """The usual value every other time, so that enough is granted for the rest to matter."""
    return st.sampled_from([usual] * len(others) + list(others))


asked = {
    "limit": mostly(None, 0, 1, 2, 3, 5),
    "hours": mostly(None, -1, 1, 2, 3),
    "levels": st.sampled_from([-1, 0, 1, 1, 2, 2, 3]),
}


class Account:
    """What we wrote down about one grant."""

    def __init__(self, grant, parent):
        self.parent = parent
        self.power = rules.Power(grant.verb, grant.scope, grant.limit, grant.ends_at, grant.may_hand_on)
        self.holder = grant.holder_id
        self.revoked = False
        self.used = 0

    def line(self):
        """This grant and all above."""
        return [self, *(self.parent.line() if self.parent else [])]

    def stands(self):
        return all(not one.revoked and (one.power.ends_at is None or one.power.ends_at > now()) for one in self.line())

    def room(self):
        return min((one.power.limit - one.used for one in self.line() if one.power.limit is not None), default=10**9)

    def allows(self, verb, scope):
        return self.power.verb in (verb, EVERYTHING) and f"{scope}.".startswith(f"{self.power.scope}.")


class Powers(RuleBasedStateMachine):
    @initialize()
    def found(self):
        self.clock = time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False)
        self.traveller = self.clock.start()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        services.found_movement("dana@example.org")
        self.users = {name: User.objects.at_address(f"{name}@example.org") for name in NAMES}
        root = Grant.objects.get()
        self.book = {root.pk: Account(root, None)}
        self.give("dana", "alice", "events.review", "movement.place.us", 5, 3, 3)
        self.give("dana", "bob", "people.see", "movement.place.us.vt", None, 2, 2)
        self.give("alice", "bob", "events.review", "movement.place.us.vt", 3, 2, 2)
        self.give("bob", "charlie", "events.review", "movement.place.us.vt", 2, 1, 1)

    def teardown(self):
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.clock.stop()

    def grant(self, which):
        return Grant.objects.get(pk=list(self.book)[which % len(self.book)])

    def write_down(self, grant):
        self.book[grant.pk] = Account(grant, self.book[grant.from_grant_id])

    def in_hours(self, hours):
        return None if hours is None else now() + timedelta(hours=hours)

    @rule(giver=mostly("dana", *NAMES), holder=people, verb=verbs, scope=scopes, **asked)
    def give(self, giver, holder, verb, scope, limit, hours, levels):
        try:
            with transaction.atomic():
                grant = services.give(
                    self.users[giver], self.users[holder], verb, scope,
                    limit=limit, ends_at=self.in_hours(hours), may_hand_on=levels,
                )  # fmt: skip
        except Refused:
            return
        self.write_down(grant)

    @rule(
        which=which,
        holder=people,
        verb=mostly(None, *VERBS, EVERYTHING),
        scope=mostly(None, *SCOPES),
        own=mostly(True, False),
        **asked,
    )
    def hand_on(self, which, holder, verb, scope, limit, hours, levels, own):
        grant = self.grant(which)
        by = grant.holder if own else self.users[holder]
        stood = self.book[grant.pk].stands() and by == grant.holder
        try:
            with transaction.atomic():
                new = services.hand_on(
                    grant, by, self.users[holder], verb, scope,
                    limit=limit, ends_at=self.in_hours(hours), may_hand_on=levels,
                )  # fmt: skip
        except Refused:
            return
        assert stood, "handed on from a grant that was dead or somebody else's"
        self.write_down(new)

    @rule(which=which, by=mostly("dana", *NAMES))
    def revoke(self, which, by):
        grant, by = self.grant(which), self.users[by]
        line = self.book[grant.pk].line()
        owner = self.book[grant.pk].parent is None
        try:
            with transaction.atomic():
                services.revoke(grant, by)
        except Refused:
            return
        assert not owner, "the only owner's grant was revoked"
        theirs = any(one.holder == by.pk for one in line)
        assert theirs or any(
            one.holder == by.pk and one.stands() and one.room() > 0 and one.allows(EVERYTHING, "movement")
            for one in self.book.values()
        ), "revoked by somebody it never passed through"
        self.book[grant.pk].revoked = True

    @rule(user=people, verb=st.sampled_from(VERBS), scope=scopes, n=st.integers(1, 3))
    def spend(self, user, verb, scope, n):
        before = dict(Grant.objects.values_list("pk", "used"))
        able = [
            one for one in self.book.values()
            if one.holder == self.users[user].pk and one.stands() and one.allows(verb, scope) and one.room() >= n
        ]  # fmt: skip
        try:
            with transaction.atomic():
                services.spend(self.users[user], verb, scope, n)
        except Refused:
            assert not able, "refused although there was room"
            return
        touched = {pk for pk, used in Grant.objects.values_list("pk", "used") if used != before[pk]}
        lines = {frozenset(id(link) for link in one.line()): one for one in able}
        spent = lines.get(frozenset(id(self.book[pk]) for pk in touched))
        assert spent, "used without a grant that allows it"
        for link in spent.line():
            link.used += n

    @rule(which=which, holder=people, scope=scopes)
    def hand_on_elsewhere(self, which, holder, scope):
        self.hand_on(which, holder, None, scope, None, None, 0, own=True)

    @rule(which=which, holder=people)
    def hand_on_what_died(self, which, holder):
        dead = [n for n, one in enumerate(self.book.values()) if not one.stands() and one.power.may_hand_on > 0]
        if dead:
            self.hand_on(dead[which % len(dead)], holder, None, None, None, None, 0, own=True)

    @rule(which=which)
    def spend_more_than_is_left(self, which):
        limited = [one for one in self.book.values() if one.stands() and 0 < one.room() < 10]
        if limited:
            one = limited[which % len(limited)]
            user = next(name for name, user in self.users.items() if user.pk == one.holder)
            verb = VERBS[0] if one.power.verb == EVERYTHING else one.power.verb
            self.spend(user, verb, one.power.scope, one.room() + 1)

    @rule(minutes=st.integers(10, 100))
    def time_passes(self, minutes):
        self.traveller.shift(timedelta(minutes=minutes))

    @invariant()
    @precondition(lambda self: hasattr(self, "book"))
    def nothing_exceeds_what_it_came_from(self):
        for one in self.book.values():
            if one.parent is None:
                continue
            child, parent = one.power, one.parent.power
            assert parent.verb in (child.verb, EVERYTHING)
            assert f"{child.scope}.".startswith(f"{parent.scope}.")
            assert parent.limit is None or (child.limit is not None and child.limit <= parent.limit)
            assert parent.ends_at is None or (child.ends_at is not None and child.ends_at <= parent.ends_at)
            assert 0 <= child.may_hand_on < parent.may_hand_on

    @invariant()
    @precondition(lambda self: hasattr(self, "book"))
    def the_database_counts_as_we_do(self):
        for pk, used, limit in Grant.objects.values_list("pk", "used", "limit"):
            assert used == self.book[pk].used
            assert limit is None or used <= limit

    @invariant()
    @precondition(lambda self: hasattr(self, "book"))
    def what_stands_may_be_used_and_nothing_else(self):
        usable = set(Grant.objects.alive(now()).not_used_up().values_list("pk", flat=True))
        assert usable == {pk for pk, one in self.book.items() if one.stands() and one.room() > 0}

    @rule(user=people, verb=st.sampled_from(VERBS), scope=scopes)
    def ask(self, user, verb, scope):
        user = self.users[user]
        held = [one for one in self.book.values() if one.holder == user.pk and one.stands() and one.room() > 0]
        assert selectors.may(user, verb, scope) == any(one.allows(verb, scope) for one in held)
        places = sorted({one.power.scope for one in held if one.allows(verb, one.power.scope)})
        outermost = [place for place in places if not any(place.startswith(f"{outer}.") for outer in places)]
        assert selectors.scopes(user, verb) == outermost
        assert selectors.why(user, verb, scope).startswith("You may not") != any(
            one.allows(verb, scope) for one in held
        )


def run(examples):
    run_state_machine_as_test(
        Powers,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_a_grant_never_exceeds_the_one_it_came_from_and_dies_with_it():
    run(20)


def unchecked(parent, *, verb, scope, limit, ends_at, may_hand_on, at):
    return rules.Power(
        verb or parent.verb,
        scope or parent.scope,
        parent.limit if limit is None else limit or None,
        ends_at or parent.ends_at,
        max(0, may_hand_on),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("where", "what", "off"),
    [
        (rules, "handed_on", unchecked),
        (rules, "covers", lambda scope, inner: True),
        (rules, "alive", lambda chain, at: True),
        (rules, "room", lambda limit, used, n: True),
        (GrantQuerySet, "alive", lambda self, at: self.filter(revoked_at=None)),  # looks at the grant alone
        (GrantQuerySet, "alive", lambda self, at: self),
        (services, "_lock", lambda grant: [grant]),  # counts in one grant instead of all above
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_machine_notices_each_check_that_is_switched_off(monkeypatch, where, what, off):
    monkeypatch.setattr(where, what, off)
    with pytest.raises((AssertionError, IntegrityError)):
        run(60)
