"""How often each person did what is what the ledger says, however it came in, and again when it is made anew."""

import pytest

from groundswell.ledger import hooks, services
from groundswell.people.models import Deed
from groundswell.people.tests.population import populate


def counted():
    rows = Deed.objects.exclude(kind__startswith="person.").values_list(
        "person_id", "kind", "done", "taken_back", "first_at", "last_at"
    )
    return {row[:2]: row[2:] for row in rows}


@pytest.mark.django_db
def test_deeds_equal_a_count_by_hand_and_a_rebuild_equals_the_live_ones(monkeypatch):
    monkeypatch.setattr(services, "BLOCK", 20)
    by_hand = {}
    for one in populate(30):
        for kind, at, quantity, _on in one.deeds:
            done, taken_back, times = by_hand.get((one.person.pk, kind), (0, 0, []))
            if quantity > 0:
                done, times = done + 1, [*times, at]
            by_hand[one.person.pk, kind] = (done, taken_back + (quantity < 0), times)
    assert counted() == {
        key: (done, taken_back, min(times, default=None), max(times, default=None))
        for key, (done, taken_back, times) in by_hand.items()
    }
    live = hooks.consumers["deeds"].digest()
    rebuilt = services.rebuild(hooks.consumers["deeds"])
    assert rebuilt.before == rebuilt.after == live


@pytest.mark.django_db
def test_a_damaged_count_is_made_right():
    populate(10)
    right = hooks.consumers["deeds"].digest()
    Deed.objects.update(done=99)
    rebuilt = services.rebuild(hooks.consumers["deeds"])
    assert rebuilt.before != right and rebuilt.after == right
