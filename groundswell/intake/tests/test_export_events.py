import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from groundswell.events.models import Event, Shift

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 1:30 in the night when 1:30 comes twice


def make(shifts=1, **fields):
    event = Event.objects.create(
        **{
            "title": "House party", "type": "house_party", "state": "published", "time_zone": "America/New_York",
            "starts_at": START, "ends_at": START + timedelta(days=shifts - 1, hours=2), "city": "Burlington",
            "region": "VT", "postal_code": "05401", "latitude": 44.4759, "longitude": -73.2121,
            "scope": "movement.place.us.vt", **fields,
        }
    )  # fmt: skip
    for n in range(shifts):
        start, opening = START + timedelta(days=n), 0 if n else event.opening_rsvps
        more = {"capacity": 10 + n or None, "opening": opening}
        Shift.objects.create(event=event, starts_at=start, ends_at=start + timedelta(hours=2), **more)
    return event


@pytest.fixture
def export(tmp_path):
    def run():
        path = tmp_path / "programme.csv"
        call_command("export", "events", str(path), stderr=StringIO())
        return path

    return run


def test_what_was_exported_changes_nothing_when_it_is_loaded_again(load, counts, export):
    make(shifts=3, title="=HYPERLINK(1)", description="<p>Two<br>lines, “quoted”</p>\n<p>and more</p>")
    make(title='🎉 لقاء, "here"', system="mobilize", external_id="7", opening_rsvps=12, official=True)
    make(online=True, online_url="https://meet.example.org/x", city="", region="", postal_code="", latitude=None,
         longitude=None, scope="movement.place.us", languages=["en", "es"], visibility="unlisted")  # fmt: skip
    make(
        country="JP", postal_code="96319", city="", region="", latitude=None, longitude=None, time_zone="Asia/Tokyo",
        scope="movement.place.jp",
    )  # fmt: skip
    make(place_shown="guests", venue="Ann’s kitchen", street="-5 Main St", accessibility="+1 step")
    before = list(Event.objects.order_by("id").values())
    report = load(export())
    assert counts(report) == (7, 0, 0, 5, 0)
    assert report["rsvps"] == 12
    assert list(Event.objects.order_by("id").values()) == before


def test_another_installation_gets_the_same_programme(load, counts, export):
    make(shifts=2, title="Canvass", type="canvass")
    make(system="mobilize", external_id="7", opening_rsvps=12)
    path = export()
    first = path.read_text(encoding="utf-8-sig")
    Event.objects.all().delete()
    assert counts(load(path)) == (3, 2, 0, 0, 0)
    assert counts(load(path)) == (3, 0, 0, 2, 0)
    told = [list(row.values())[3:] for row in csv.DictReader(StringIO(first))]
    again = [list(row.values())[3:] for row in csv.DictReader(StringIO(export().read_text(encoding="utf-8-sig")))]
    assert sorted(again) == sorted(told)


def test_a_change_made_in_the_file_is_loaded(load, counts, export):
    event = make(shifts=2)
    path = export()
    path.write_text(path.read_text(encoding="utf-8-sig").replace("House party", "Kitchen party"), encoding="utf-8")
    assert counts(load(path)) == (2, 0, 1, 0, 0)
    event.refresh_from_db()
    assert event.title == "Kitchen party"


def test_only_what_the_public_may_find_or_was_given_a_link_to_is_exported(export):
    for state in ("draft", "waiting", "cancelled"):
        make(state=state, title=state)
    make(title="published")
    rows = list(csv.DictReader(StringIO(export().read_text(encoding="utf-8-sig"))))
    assert [row["title"] for row in rows] == ["published"]


def test_no_cell_is_live_in_a_spreadsheet_and_times_carry_their_offset(export):
    make(title="@SUM(1)", venue="\u00a0=cmd")
    (row,) = csv.DictReader(StringIO(export().read_text(encoding="utf-8-sig")))
    assert (row["title"], row["venue"], row["lon"]) == ("'@SUM(1)", "'\u00a0=cmd", "-73.2121")
    assert row["start_local"] == "2026-11-01 01:30:00-04:00"


def test_without_a_file_it_goes_to_the_screen():
    make()
    out = StringIO()
    call_command("export", "events", stdout=out)
    assert len(list(csv.reader(StringIO(out.getvalue())))) == 2


def test_a_place_that_cannot_be_written_is_said_so(tmp_path):
    with pytest.raises(CommandError, match="directory"):
        call_command("export", "events", str(tmp_path))
