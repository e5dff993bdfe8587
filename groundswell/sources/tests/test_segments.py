"""Segments ask where people came from: through which code, and whether somebody brought them."""

import pytest

from groundswell.people import counting
from groundswell.people.models import Segment
from groundswell.people.services import NewPerson, find_or_add
from groundswell.powers.services import found_movement
from groundswell.powers.viewer import Viewer
from groundswell.sources import services


def somebody(name):
    return find_or_add(NewPerson(given_name=name, email=f"{name}@example.org"), how="test").person


@pytest.fixture
def dana(db):
    return Viewer(found_movement("dana@example.org"), strong=True)


def names(viewer, *conditions):
    found = counting.members(viewer, Segment(tree={"all": list(conditions)}))
    return set(found.values_list("given_name", flat=True))


def test_who_came_through_a_code_or_was_brought_is_found(dana):
    ann, ben, cem, dee = map(somebody, ("ann", "ben", "cem", "dee"))
    code = services.sharer_code(ann)
    services.make_link("Flyer", "flyer", actor="system:test")
    services.arrive(code, person=ben)
    services.arrive(code, person=ann)  # her own link brings nobody
    services.arrive("flyer", person=cem)
    assert names(dana, {"is": "source", "code": "flyer"}) == {"cem"}
    assert names(dana, {"is": "source", "code": "nothing"}) == set()
    assert names(dana, {"is": "brought", "by": ""}) == {"ben"}
    assert names(dana, {"is": "brought", "by": f"https://example.org/hq/people/{ann.pk}"}) == {"ben"}
    assert names(dana, {"is": "brought", "by": str(dee.pk)}) == set()
