"""Powers used and taken back by many at the same moment."""

import threading

import pytest
from django.db import OperationalError, connection

from groundswell.powers import limits, rules, selectors, services
from groundswell.powers.models import Grant, GrantQuerySet, User
from groundswell.powers.services import Refused
from tests.at_once import HANGS_S, together, until, waiting

pytestmark = pytest.mark.django_db(transaction=True)

REVIEW = "events.review"


@pytest.fixture
def dana():
    return services.found_movement("dana@example.org")


@pytest.fixture
def alice():
    return User.objects.at_address("alice@example.org")


@pytest.fixture
def bob():
    return User.objects.at_address("bob@example.org")


@pytest.fixture
def seven(dana, alice, bob):
    """A grant of Alice's that holds seven; Bob has one under it."""
    first = services.give(dana, alice, REVIEW, limit=7, may_hand_on=2)
    services.hand_on(first, alice, bob)
    return first


def spent_by_twenty(first, alice, bob, returned):
    """Twenty uses at once through both grants: how often it was done, how often it was counted, and how many were cut
    off because two waited for each other."""
    answers = together(lambda i: services.spend([alice, bob][i % 2], REVIEW), 20, returned)
    first.refresh_from_db()
    circles = sum(isinstance(answer, OperationalError) for answer in answers)
    return sum(answer is None for answer in answers), first.used, circles


def test_twenty_at_once_never_use_more_than_the_limit(seven, alice, bob):
    assert spent_by_twenty(seven, alice, bob, returned=Refused) == (7, 7, 0)


def test_without_the_lock_the_count_goes_wrong(seven, alice, bob, monkeypatch):
    """Or two wait for each other, who with it take the chain in one order."""
    all_looked = threading.Barrier(20)

    def unlocked(grant):
        chain = list(Grant.objects.filter(pk__in=[*grant.chain, grant.pk]))
        all_looked.wait(HANGS_S)
        return chain

    monkeypatch.setattr(services, "_lock", unlocked)
    with connection.cursor() as cursor:  # the table's own check is a second guard: off as well
        cursor.execute("ALTER TABLE powers_grant DROP CONSTRAINT grant_within_limit")
    try:
        done, used, circles = spent_by_twenty(seven, alice, bob, returned=(Refused, OperationalError))
        assert done > 7 or used > 7 or circles
    finally:
        Grant.objects.update(used=0)
        with connection.cursor() as cursor:
            cursor.execute(
                'ALTER TABLE powers_grant ADD CONSTRAINT grant_within_limit CHECK ("limit" IS NULL OR used <= "limit")'
            )


def given_while_revoked(monkeypatch, dana, alice, bob):
    """Alice hands on while Dana takes her power back; the grant as handed on (None: refused), and Alice's."""
    first = services.give(dana, alice, REVIEW, may_hand_on=1)
    looked, taken_back, checked = threading.Event(), threading.Event(), rules.handed_on

    def slowly(*args, **kwargs):
        looked.set()  # the grant was read and is alive
        until(lambda: taken_back.is_set() or waiting())
        return checked(*args, **kwargs)

    monkeypatch.setattr(rules, "handed_on", slowly)

    def do(i):
        if i == 0:
            return services.hand_on(first, alice, bob)
        looked.wait(HANGS_S)
        services.revoke(first, dana)
        there = Grant.objects.filter(from_grant=first).exists()  # the moment it is taken back
        taken_back.set()
        return there

    handed, seen = together(do, 2, returned=Refused)
    assert not selectors.may(bob, REVIEW)  # whichever came first
    assert not selectors.may(alice, REVIEW)
    return handed, seen


def test_nothing_is_handed_on_after_it_was_taken_back(monkeypatch, dana, alice, bob):
    handed, seen = given_while_revoked(monkeypatch, dana, alice, bob)
    assert isinstance(handed, Grant)
    assert seen is True  # taking back waited for it, and took it along


def test_without_the_lock_something_is_handed_on_after_it_was_taken_back(monkeypatch, dana, alice, bob):
    monkeypatch.setattr(
        services, "_lock", lambda grant: [*Grant.objects.filter(pk__in=grant.chain), Grant.objects.get(pk=grant.pk)]
    )
    handed, seen = given_while_revoked(monkeypatch, dana, alice, bob)
    assert isinstance(handed, Grant)
    assert seen is False  # and yet the new grant is dead: its chain says so


def two_owners_revoke_each_other():
    owners = [services.found_movement(f"{name}@example.org") for name in ("dana", "frank")]
    grants = [owner.grants.get() for owner in owners]
    together(lambda i: services.revoke(grants[1 - i], owners[i]), 2, returned=Refused)
    return Grant.objects.filter(revoked_at=None).count()


def test_two_owners_who_revoke_each_other_leave_one():
    assert two_owners_revoke_each_other() == 1


def test_two_owners_leave_none_when_they_are_not_locked(monkeypatch):
    owners, both_looked = services._living_owners, threading.Barrier(2)

    def slowly():
        found = list(owners())
        both_looked.wait(HANGS_S)
        return found

    def unlocked(*args, **kwargs):
        return []

    monkeypatch.setattr(GrantQuerySet, "select_for_update", unlocked)
    grants = [services.found_movement(f"{name}@example.org").grants.get() for name in ("dana", "frank")]
    monkeypatch.setattr(services, "_living_owners", slowly)
    together(lambda i: services.revoke(grants[1 - i], grants[i].holder), 2)
    assert Grant.objects.filter(revoked_at=None).count() == 0


def taken_of_ten():
    return sum(together(lambda i: limits.take("sign:1.2.3.4", per_hour=0, burst=10), 25))


def test_a_bucket_of_ten_gives_ten_to_twenty_five_at_once():
    assert taken_of_ten() == 10


def test_a_bucket_read_before_it_is_written_gives_more(monkeypatch):
    all_looked = threading.Barrier(25)

    def read_then_write(key, *, per_hour, burst):
        from groundswell.kit.clock import now
        from groundswell.powers.models import Bucket

        left = Bucket.objects.filter(pk=key).values_list("tokens", flat=True).first()
        left = burst if left is None else left
        all_looked.wait(HANGS_S)
        Bucket.objects.update_or_create(pk=key, defaults={"tokens": left - 1, "at": now()})
        return left >= 1

    monkeypatch.setattr(limits, "take", read_then_write)
    assert taken_of_ten() > 10
