"""Files that real campaigns exported. They stay outside the project."""

import csv
import random
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F, Sum

from groundswell.events.models import Event, Shift
from groundswell.ledger import selectors as ledger
from groundswell.ledger.models import Entry
from groundswell.ledger.services import catch_up
from groundswell.people.models import Person

DATA = Path(__file__).parents[3].parent / "shared" / "data"
JULY = DATA / "july29" / "house_parties.csv"
PROGRAMME = DATA / "programme_2015" / "events.csv"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="the real inputs are not on this machine (../shared/data)"),
]


def test_the_night_of_july_2015_is_loaded_whole_and_a_second_run_changes_nothing(load, counts):
    report = load(JULY)
    assert counts(report) == (2592, 2592, 0, 0, 0)
    assert report["rsvps"] == 81_535
    entries = Entry.objects.count()

    again = load(JULY)
    assert counts(again) == (2592, 0, 0, 2592, 0)
    assert again["problems"] == report["problems"]
    assert Entry.objects.count() == entries

    assert Event.objects.aggregate(n=Sum("opening_rsvps"))["n"] == 81_535
    assert Event.objects.filter(state="published", visibility="public").count() == 2592
    assert Shift.objects.filter(capacity=None).count() == 434  # 0 in the file
    assert Shift.objects.filter(capacity__lt=1).count() == 0
    assert Shift.objects.aggregate(n=Sum("opening"))["n"] == 81_535
    assert Shift.objects.filter(opening__gte=F("capacity")).count() == 965  # full
    assert Shift.objects.filter(opening__gt=F("capacity")).count() == 31  # over their limit

    catch_up()
    assert Person.objects.count() == 0  # nobody is invented for a number
    assert ledger.tally("event.opening_balance").quantity == 81_535
    assert ledger.tally("event.imported").entries == 2592
    assert ledger.tally("event.rsvp").entries == 0


def test_rows_without_a_point_and_unknown_zips_are_named_and_each_is_on_the_clock_of_its_place(load):
    problems = load(JULY)["problems"]
    without = {problem["line"] for problem in problems if problem["field"] == "lat"}
    assert len(without) == 3
    abroad = Event.objects.filter(latitude=None)
    assert {(e.postal_code, e.country, e.time_zone, e.earth) for e in abroad} == {
        ("96319", "JP", "Asia/Tokyo", None),
        ("09777", "FR", "Europe/Paris", None),
    }
    with JULY.open() as file:
        spelt = {row["zip"] for row in csv.DictReader(file) if len(row["zip"]) > 5}
    assert len(spelt) == 6
    named = [p["reason"] for p in problems if p["field"] == "zip" and "No gazetteer knows" in p["reason"]]
    assert len(named) == 6
    assert all(any(code in reason for reason in named) for code in spelt)
    assert all(problem["loaded"] for problem in problems)

    hawaii = Event.objects.get(external_id="2811")
    assert (hawaii.time_zone, hawaii.region, hawaii.scope) == ("Pacific/Honolulu", "HI", "movement.place.us.hi")
    assert hawaii.starts_at.isoformat() == "2015-07-30T05:00:00+00:00"
    paris = Event.objects.get(external_id="3246")  # with a ZIP of Texas and a state of Massachusetts
    assert (paris.time_zone, paris.country, paris.scope) == ("Europe/Paris", "FR", "movement.place.fr")


def test_the_programme_of_2015_is_loaded_whole_and_again_in_any_order(load, counts, tmp_path):
    report = load(PROGRAMME)
    assert report["read"] == 13_106
    assert report["written"] + report["bad"] == 13_106
    assert [p["reason"] for p in report["problems"] if not p["loaded"]] == [
        "We do not know the city “Hemiksem”, and nothing else tells the place."
    ]
    assert Event.objects.filter(official=True).count() == 207
    assert Event.objects.aggregate(n=Sum("opening_rsvps"))["n"] == report["rsvps"] >= 313_846

    with PROGRAMME.open(newline="") as file:
        heading, *rows = csv.reader(file)
    random.Random(29).shuffle(rows)
    with (tmp_path / "shuffled.csv").open("w", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
    assert counts(load(tmp_path / "shuffled.csv")) == (13_106, 0, 0, report["written"], report["bad"])

    # Its times are UTC, which puts the evening where it was.
    hours = Counter(
        e.starts_at.astimezone(ZoneInfo(e.time_zone)).hour for e in Event.objects.only("starts_at", "time_zone")
    )
    assert hours.most_common(1)[0][0] == 19
    assert sum(hours[hour] for hour in range(9, 22)) > 12_000
