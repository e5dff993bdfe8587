"""The night that a bench begins with: drawn, or as a file has it."""

from collections import Counter

import pytest

from bench.fill import night, real
from bench.replay import NIGHT
from groundswell.events.models import Shift

pytestmark = pytest.mark.django_db

FILE = """id,state,zip,capacity,rsvps,lat,lon
1,VT,05401,2,5,44.48,-73.22
2,VT,05602,0,3,44.26,-72.58
3,AE,09777,20,0,0.00,0.00
"""


def test_events_of_a_file_have_its_capacities_and_as_many_ask_as_it_counts(tmp_path):
    file = tmp_path / "night.csv"
    file.write_text(FILE)
    filled = real(str(file))
    capacities = dict(Shift.objects.values_list("event__postal_code", "capacity"))
    assert capacities == {"05401": 2, "05602": None, "09777": 20}
    codes = {str(pk): code for pk, code in Shift.objects.values_list("pk", "event__postal_code")}
    assert Counter(codes[shift] for shift, _event, _guests in filled["asked"]) == {"05401": 5, "05602": 3}
    assert filled["over"] == 1


@pytest.mark.skipif(not NIGHT.exists(), reason="shared/data/july29 is not there")
def test_the_real_night_is_read_whole():
    filled = real(str(NIGHT / "house_parties.csv"))
    assert (len(filled["events"]), len(filled["asked"]), filled["over"]) == (2_592, 81_535, 31)


def test_as_many_ask_of_a_drawn_night_as_are_wanted():
    filled = night(50, 300)
    assert (len(filled["events"]), len(filled["asked"])) == (50, 300)
