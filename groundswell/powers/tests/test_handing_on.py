"""Powers are given, handed on, counted, explained and taken back."""

from datetime import timedelta

import pytest

from groundswell.kit.clock import now
from groundswell.ledger.models import Entry
from groundswell.powers import hooks, selectors, services
from groundswell.powers.models import Grant, User
from groundswell.powers.services import Refused
from groundswell.powers.verbs import EVERYTHING

pytestmark = pytest.mark.django_db

REVIEW = "events.review"
VERMONT = "movement.place.us.vt"


def user(name):
    return User.objects.at_address(f"{name}@example.org")


@pytest.fixture
def dana():
    return services.found_movement("dana@example.org", "Green Mountain")


@pytest.fixture
def alice():
    return user("alice")


@pytest.fixture
def bob():
    return user("bob")


@pytest.fixture
def charlie():
    return user("charlie")


def test_the_founder_may_do_everything_everywhere(dana):
    assert selectors.may(dana, REVIEW, VERMONT)
    assert selectors.scopes(dana, REVIEW) == ["movement"]


def test_founding_twice_makes_one_owner_grant(dana):
    services.found_movement("Dana@Example.org")
    assert Grant.objects.filter(holder=dana).count() == 1


def test_a_grant_covers_its_place_and_below_and_nothing_else(dana, alice, charlie):
    services.give(dana, alice, REVIEW, VERMONT)
    assert selectors.may(alice, REVIEW, VERMONT)
    assert selectors.may(alice, REVIEW, f"{VERMONT}.05401")
    assert not selectors.may(alice, REVIEW, "movement.place.us.vtx")
    assert not selectors.may(alice, REVIEW, "movement.place.us")
    assert not selectors.may(alice, "people.see", VERMONT)
    assert not selectors.may(charlie, REVIEW, VERMONT)
    assert not selectors.may(None, REVIEW, VERMONT)
    assert selectors.scopes(alice, REVIEW) == [VERMONT]
    assert selectors.scopes(charlie, REVIEW) == []


def test_what_everybody_may_needs_no_grant_but_a_sign_in(charlie):
    assert selectors.may(charlie, "events.host", VERMONT)
    assert selectors.scopes(charlie, "events.host") == ["movement"]
    assert not selectors.may(None, "events.host")


def test_an_unknown_verb_is_a_mistake_of_ours(dana, alice):
    for call in (
        lambda: selectors.may(alice, "events.revew"),
        lambda: selectors.may(None, "events.revew"),
        lambda: selectors.why(alice, "events.revew"),
        lambda: selectors.scopes(None, "events.revew"),
        lambda: selectors.holders("events.revew"),
        lambda: services.give(dana, alice, "events.revew"),
        lambda: services.spend(dana, "events.revew"),
        lambda: hooks.verb("events.revew"),
    ):
        with pytest.raises(ValueError, match=r"events\.revew"):
            call()


def test_a_power_is_handed_on_as_it_is_or_smaller(dana, alice, bob):
    soon = now() + timedelta(days=3)
    first = services.give(dana, alice, REVIEW, VERMONT, limit=5, ends_at=soon, may_hand_on=1)
    second = services.hand_on(first, alice, bob)
    assert (second.verb, second.scope, second.limit, second.ends_at) == (REVIEW, VERMONT, 5, soon)
    assert second.may_hand_on == 0
    assert selectors.may(bob, REVIEW, VERMONT)


@pytest.mark.parametrize(
    "more",
    [
        {"verb": "people.see"},
        {"verb": EVERYTHING},
        {"scope": "movement.place.us"},
        {"scope": "movement.place.us.nh"},
        {"limit": 6},
        {"limit": 0},
        {"limit": -1},
        {"ends_at": timedelta(days=4)},
        {"ends_at": timedelta(days=-1)},
        {"may_hand_on": 2},
        {"may_hand_on": -1},
    ],
    ids=str,
)
def test_a_power_is_never_handed_on_larger(dana, alice, bob, more):
    soon = now() + timedelta(days=3)
    grant = services.give(dana, alice, REVIEW, VERMONT, limit=5, ends_at=soon, may_hand_on=2)
    if "ends_at" in more:
        more = {"ends_at": now() + more["ends_at"]}
    with pytest.raises(Refused):
        services.hand_on(grant, alice, bob, **more)
    assert not Grant.objects.filter(holder=bob).exists()


def test_a_power_without_levels_left_stays_where_it_is(dana, alice, bob):
    grant = services.give(dana, alice, REVIEW, VERMONT)
    with pytest.raises(Refused, match="may not be handed on"):
        services.hand_on(grant, alice, bob)


def test_an_outsider_hands_on_nothing(dana, alice, charlie):
    grant = services.give(dana, alice, REVIEW, VERMONT, may_hand_on=3)
    with pytest.raises(Refused):
        services.hand_on(grant, charlie, charlie)
    with pytest.raises(Refused):
        services.give(charlie, charlie, REVIEW, VERMONT)


def test_giving_finds_the_grant_that_allows_it(dana, alice, bob):
    services.give(dana, alice, REVIEW, VERMONT)
    allows = services.give(dana, alice, REVIEW, VERMONT, limit=9, may_hand_on=1)
    given = services.give(alice, bob, REVIEW, VERMONT, limit=3)
    assert given.from_grant == allows


def test_nothing_is_given_to_somebody_who_left(dana, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    alice.refresh_from_db()
    with pytest.raises(Refused):
        services.give(dana, alice, REVIEW)


def test_revoking_one_takes_everything_below_at_once(dana, alice, bob, charlie):
    first = services.give(dana, alice, REVIEW, may_hand_on=2)
    second = services.hand_on(first, alice, bob, may_hand_on=1)
    services.hand_on(second, bob, charlie)
    services.revoke(first, dana)
    assert not any(selectors.may(one, REVIEW) for one in (alice, bob, charlie))
    assert Grant.objects.filter(revoked_at__isnull=False).count() == 1
    with pytest.raises(Refused):
        services.hand_on(second, bob, charlie)


def test_an_ended_power_ends_what_came_from_it(dana, alice, bob):
    first = services.give(dana, alice, REVIEW, ends_at=now() + timedelta(hours=1), may_hand_on=2)
    services.hand_on(first, alice, bob)
    Grant.objects.filter(pk=first.pk).update(ends_at=now() - timedelta(seconds=1))
    assert not selectors.may(bob, REVIEW)
    assert not selectors.may(alice, REVIEW)


def test_who_may_take_a_power_back(dana, alice, bob, charlie):
    first = services.give(dana, alice, REVIEW, may_hand_on=2)
    second = services.hand_on(first, alice, bob, may_hand_on=1)
    third = services.hand_on(second, bob, charlie)
    erin = user("erin")
    with pytest.raises(Refused):
        services.revoke(second, charlie)  # below
    with pytest.raises(Refused):
        services.revoke(second, erin)  # outside
    services.revoke(third, charlie)  # lays it down
    services.revoke(second, alice)  # above
    other = services.found_movement("frank@example.org")
    services.revoke(first, other)  # an owner
    assert not selectors.may(alice, REVIEW)


def test_revoking_twice_is_recorded_once(dana, alice):
    grant = services.give(dana, alice, REVIEW)
    services.revoke(grant, dana)
    services.revoke(grant, dana)
    assert Entry.objects.filter(kind="powers.revoked").count() == 1


def test_the_ledger_says_what_was_given_and_by_whom(dana, alice):
    grant = services.give(dana, alice, REVIEW, VERMONT)
    entry = Entry.objects.get(kind="powers.given", on_id=grant.pk)
    assert entry.actor == f"user:{dana.pk}"
    assert entry.data == {"verb": REVIEW, "scope": VERMONT, "from_grant": str(grant.from_grant_id)}


def test_the_last_owner_stays(dana, alice):
    root = dana.grants.get()
    services.give(dana, alice, EVERYTHING, may_hand_on=3)  # under the root: it would go with it
    for by in (dana, alice):
        with pytest.raises(Refused, match="last owner"):
            services.revoke(root, by)
    frank = services.found_movement("frank@example.org")
    services.revoke(root, frank)
    with pytest.raises(Refused, match="last owner"):
        services.revoke(frank.grants.get(), frank)


def test_an_owner_who_left_does_not_count_as_one(dana):
    frank = services.found_movement("frank@example.org")
    User.objects.filter(pk=frank.pk).update(is_active=False)
    with pytest.raises(Refused, match="last owner"):
        services.revoke(dana.grants.get(), dana)


def test_somebody_who_left_may_nothing(dana, alice):
    services.give(dana, alice, REVIEW)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not selectors.may(alice, REVIEW)  # even through an object that was read before
    alice.refresh_from_db()
    assert not selectors.may(alice, "events.host")
    assert alice not in selectors.holders(REVIEW)


def test_all_below_a_grant_together_use_no_more_than_it_holds(dana, alice, bob, charlie):
    first = services.give(dana, alice, REVIEW, limit=5, may_hand_on=2)
    services.hand_on(first, alice, bob, limit=4)
    services.hand_on(first, alice, charlie, limit=4)
    services.spend(bob, REVIEW, n=4)
    with pytest.raises(Refused):
        services.spend(bob, REVIEW)
    with pytest.raises(Refused):
        services.spend(charlie, REVIEW, n=2)
    services.spend(charlie, REVIEW)
    assert not any(selectors.may(one, REVIEW) for one in (alice, bob, charlie))
    first.refresh_from_db()
    assert first.used == 5
    assert dana.grants.get().used == 5


def test_using_a_power_passes_to_another_grant_when_one_is_used_up(dana, alice):
    small = services.give(dana, alice, REVIEW, limit=1)
    large = services.give(dana, alice, REVIEW, limit=3)
    services.spend(alice, REVIEW, n=3)
    services.spend(alice, REVIEW, n=1)
    small.refresh_from_db()
    large.refresh_from_db()
    assert (small.used, large.used) == (1, 3)


def test_an_outsider_uses_nothing(dana, charlie):
    with pytest.raises(Refused, match=r"You may not .* dana holds that power"):
        services.spend(charlie, REVIEW)
    with pytest.raises(ValueError, match="at least once"):
        services.spend(dana, REVIEW, n=-5)


def test_holders_are_those_who_may(dana, alice, bob):
    services.give(dana, alice, REVIEW, VERMONT)
    services.give(dana, bob, REVIEW, "movement.place.us.nh")
    assert selectors.holders(REVIEW, VERMONT) == [dana, alice]
    assert selectors.holders(REVIEW) == [dana]
    assert selectors.holders_around(REVIEW, ["movement"]) == {
        dana: ["movement"],
        alice: [VERMONT],
        bob: ["movement.place.us.nh"],
    }
    assert list(selectors.holders_around(REVIEW, [f"{VERMONT}.burlington"])) == [dana, alice]
    assert selectors.holders_around(REVIEW, []) == {}


def test_a_number_of_times_is_refused_where_nobody_counts(dana, alice):
    with pytest.raises(services.Refused, match="leave the number of times empty"):
        services.give(dana, alice, "hq.open", limit=3)
    assert not selectors.may(alice, "hq.open")


def test_a_power_that_is_used_up_still_shows_where_it_was_held(dana, alice):
    services.give(dana, alice, REVIEW, VERMONT, limit=1)
    services.spend(alice, REVIEW, VERMONT)
    assert selectors.scopes(alice, REVIEW) == [VERMONT]
    assert not selectors.may(alice, REVIEW, VERMONT)
