"""Segments ask who hosts an event that is still to come, and who will be there."""

import pytest

from groundswell.events import services
from groundswell.events.tests import making
from groundswell.people import counting, lists, segments
from groundswell.people.models import Segment
from groundswell.powers.services import found_movement
from groundswell.powers.viewer import Viewer


@pytest.fixture
def dana(db):
    return Viewer(found_movement("dana@example.org"), strong=True)


def names(viewer, how):
    found = counting.members(viewer, Segment(tree={"all": [{"is": "to_come", "how": how}]}))
    return set(found.values_list("given_name", flat=True))


def test_hosts_and_guests_of_what_is_to_come_and_not_of_what_is_over_or_off(dana):
    to_come = making.published(making.person("ann"))
    over = making.published(making.person("ben"))
    off = making.published(making.person("cem"))
    making.draft(making.person("dee"))
    for event, guest in ((to_come, "eva"), (over, "fay"), (off, "gus")):
        services.rsvp(making.first(event).pk, making.who(guest), page="/events")
    making.ago(over, days=30)
    services.cancel(off, actor=making.TEST)
    assert names(dana, "hosts") == {"Ann"}
    assert names(dana, "comes") == {"Eva"}


def test_it_is_told_with_what_they_never_did():
    tree = segments.read({"all": [{"is": "to_come", "how": "hosts"}, {"none": [{"is": "to_come", "how": "comes"}]}]})
    assert segments.sentence(tree, lists.label) == (
        "People who host an event that is still to come, but say of no event still to come that they will be there."
    )
