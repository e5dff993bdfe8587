"""What a person agreed to is kept with its exact words, and never changed."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from groundswell.kit import clock
from groundswell.ledger import selectors as ledger
from groundswell.ledger.models import Entry
from groundswell.people import selectors
from groundswell.people.models import Consent, Wording
from groundswell.people.services import agree, agree_many, verify_many, withdraw

WORDS = "Yes, Green Mountain may write to me about events near me. 🌻"


def give(person, purpose="news", channel="email", words=WORDS):
    return agree(person, purpose, channel, words, "/events/1", actor=f"person:{person.pk}")


def test_the_exact_words_and_their_page_are_kept_once(cast):
    first, second = give(cast.erin), give(cast.bob)
    wording = Wording.objects.get()
    assert (wording.words, bytes(wording.digest)) == (WORDS, sha256(WORDS.encode()).digest())
    assert first.wording_id == second.wording_id == wording.pk
    kept = Consent.objects.get(pk=first.pk)
    assert (kept.page, kept.given, kept.at) == ("/events/1", True, first.at)


def test_many_agree_and_prove_their_addresses_at_once(cast):
    at, people = clock.now() - timedelta(days=1), [cast.erin.pk, cast.bob.pk]
    agree_many(people, "events", "email", WORDS, "/events", actor="system:test", at=at)
    verify_many(people, actor="system:test", at=at)
    for person in (cast.erin, cast.bob):
        (consent,) = selectors.consents(person)
        assert (consent.given, consent.wording.words, consent.page, consent.at) == (True, WORDS, "/events", at)
        assert person.contact_points.get(channel="email").verified_at == at
    kinds = ("consent.given", "person.contact_verified")
    assert sorted(entry.kind for entry in Entry.objects.filter(at=at)) == sorted([*kinds, *kinds])


def test_the_newest_word_for_a_purpose_and_channel_is_in_force(cast):
    give(cast.erin)
    give(cast.erin, channel="phone")
    give(cast.erin, purpose="events")
    withdraw(cast.erin, "news", "email", actor=f"person:{cast.erin.pk}")
    in_force = {(one.purpose, one.channel): one.given for one in selectors.consents(cast.erin)}
    assert in_force == {("news", "email"): False, ("news", "phone"): True, ("events", "email"): True}
    assert not selectors.agrees(cast.erin, "news", "email")
    give(cast.erin)
    assert selectors.agrees(cast.erin, "news", "email")
    assert Consent.objects.filter(person=cast.erin).count() == 5


def test_taking_back_twice_adds_nothing_and_without_a_yes_it_stands(cast):
    first = withdraw(cast.erin, "news", "email", actor="system:test")
    assert withdraw(cast.erin, "news", "email", actor="system:test") == first
    assert Consent.objects.count() == 1


def test_both_are_in_the_ledger_without_the_words(cast):
    consent = give(cast.erin)
    withdraw(cast.erin, "news", "email", actor="system:test")
    withdrawn, given = ledger.of_person(cast.erin.pk)[:2]
    assert (given.kind, given.on_id, given.data["purpose"]) == ("consent.given", consent.pk, "news")
    assert given.data["wording"] == str(consent.wording_id)
    assert withdrawn.kind == "consent.withdrawn"


REFUSED = (InternalError, ProgrammingError)


@pytest.mark.parametrize(
    "change",
    [
        lambda consent: Consent.objects.filter(pk=consent.pk).update(given=False),
        lambda consent: Consent.objects.filter(pk=consent.pk).delete(),
        lambda consent: consent.person.delete(),
        lambda consent: Wording.objects.update(words="something else"),
        lambda consent: Wording.objects.all()._raw_delete("default"),
    ],
)
def test_the_database_refuses_to_change_what_was_agreed(change, cast):
    consent = give(cast.erin)
    with pytest.raises(REFUSED), transaction.atomic():
        change(consent)
    assert Consent.objects.get().given and Wording.objects.get().words == WORDS


def test_without_the_guard_a_consent_could_be_changed(cast):
    consent = give(cast.erin)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE people_consent DISABLE TRIGGER people_consent_guard")
    assert Consent.objects.filter(pk=consent.pk).update(given=False) == 1


def test_erasing_one_person_may_delete_their_consents_and_nobody_elses(cast):
    give(cast.erin)
    give(cast.bob)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('groundswell.erasing', %s, true)", [str(cast.erin.pk)])
    cast.erin.delete()
    assert [one.person for one in Consent.objects.all()] == [cast.bob]
    with pytest.raises(REFUSED), transaction.atomic():
        cast.bob.delete()
