import pytest
from django.core.management import CommandError

from groundswell.events.models import Event, Shift
from groundswell.ledger.models import Entry

pytestmark = pytest.mark.django_db

HEADING = "id,title,start_local,end_local,time_zone,city,state,zip,lat,lon,capacity,rsvps,official\n"
GOOD = {
    "id": "1", "title": "House party", "start_local": "2026-05-01 19:00", "end_local": "", "time_zone": "", "city": "",
    "state": "VT", "zip": "05401", "lat": "44.47", "lon": "-73.21", "capacity": "20", "rsvps": "5", "official": "no",
}  # fmt: skip
NO_POINT = {"lat": "", "lon": ""}


def row(**changes):
    return ",".join('"{}"'.format(text.replace('"', '""')) for text in {**GOOD, **changes}.values()) + "\n"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({**NO_POINT, "zip": "00000"}, "zip", "We do not know the ZIP “00000”"),
        ({**NO_POINT, "zip": "abc", "state": ""}, "zip", "We do not know the ZIP “abc”"),
        ({**NO_POINT, "zip": "", "state": ""}, "zip", "Nothing tells where"),
        ({**NO_POINT, "zip": "", "city": "Nowhereville"}, "city", "We do not know the city “Nowhereville”"),
        ({"lat": "95"}, "lat", "not a point on the earth"),
        ({"lon": "nan"}, "lon", "not a point on the earth"),
        ({"lon": "73W"}, "lon", "“73W” is not a point"),
        ({"time_zone": "Eastern Time"}, "time_zone", "no time zone “Eastern Time”"),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "no time zone"),
        ({"start_local": ""}, "start_local", "There is no start"),
        ({"start_local": "2026-05-01"}, "start_local", "not a date with a time"),
        ({"start_local": "31/12/2026 19:00"}, "start_local", "not a date with a time"),
        ({"start_local": "2026-02-30 19:00"}, "start_local", "not a date with a time"),
        ({"start_local": "0001-01-01 00:00"}, "start_local", "not a date with a time"),
        ({"start_local": "9999-12-31 23:59"}, "start_local", "not a date with a time"),
        ({"start_local": "tomorrow"}, "start_local", "“tomorrow” is not a date"),
        ({"end_local": "2026-05-01 18:00"}, "end_local", "must be after the start"),
        ({"title": "x" * 10_000}, "title", "at most 120 characters; this has 10000"),
        ({"title": ""}, "title", "There is no title"),
        ({"title": "\u202e\u200b"}, "title", "There is no title"),
        ({"capacity": "-1"}, "capacity", "“-1” is not a whole number"),
        ({"capacity": "many"}, "capacity", "“many” is not a whole number"),
        ({"capacity": "1000000"}, "capacity", "Room for 1 to 100,000"),
        ({"rsvps": "-3"}, "rsvps", "“-3” is not a whole number"),
        ({"rsvps": "2.5"}, "rsvps", "“2.5” is not a whole number"),
        ({"rsvps": "99999999999999999999"}, "rsvps", "is not a whole number"),
        ({"rsvps": "5000000"}, "rsvps", "from 0 to 1,000,000"),
        ({"official": "perhaps"}, "official", "neither yes nor no"),
        ({"id": "x" * 121}, "id", "at most 120"),
        ({"city": "x" * 101}, "city", "at most 100"),
    ],
)
def test_a_bad_cell_is_named_with_its_reason_and_the_rows_around_it_are_loaded(load, counts, changes, field, words):
    report = load(HEADING + row(id="before") + row(**changes) + row(id="after"), "--system", "x")
    assert counts(report) == (3, 2, 0, 0, 1)
    (problem,) = report["problems"]
    assert (problem["line"], problem["field"]) == (3, field)
    assert words in problem["reason"]
    assert {e.external_id for e in Event.objects.all()} == {"before", "after"}
    assert Shift.objects.count() == 2
    assert Entry.objects.filter(kind="event.imported").count() == 2


def test_everything_wrong_with_a_row_is_said_at_once(load, counts):
    report = load(HEADING + row(title="x" * 121, capacity="200000"), "--system", "x")
    assert counts(report) == (1, 0, 0, 0, 1)
    assert {p["field"] for p in report["problems"]} == {"title", "capacity"}


@pytest.mark.parametrize(
    "title", ["🎉 Party 👩‍👩‍👧", "لقاء الجيران", "<b>Bold</b> & <script>x</script>", "=1+1", "Zoë’s"]
)
def test_titles_of_every_kind_are_kept_as_they_are(load, title):
    load(HEADING + row(title=title), "--system", "x")
    assert Event.objects.get().title == title


def test_capacity_0_is_no_limit_and_a_date_in_the_past_is_fine(load):
    load(HEADING + row(capacity="0", start_local="2015-07-29 19:00"), "--system", "x")
    assert Shift.objects.get().capacity is None


def test_clocks_that_skip_or_repeat_an_hour_lose_no_row(load, counts):
    skipped, twice = row(start_local="2026-03-08 02:30"), row(id="2", start_local="2026-11-01 01:30")
    report = load(HEADING + skipped + twice, "--system", "x")
    assert counts(report) == (2, 2, 0, 0, 0)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf\r\n", "The file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "not text"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0", "spreadsheet"),
        (b"hello world\n", "No column says when"),
        (b"a,b\n1,2\n", "No column says when events start"),
    ],
)
def test_a_file_that_is_no_programme_is_refused_in_the_persons_words(load, file, words):
    with pytest.raises(CommandError, match=words):
        load(file, "--system", "x")
    assert not Event.objects.exists()


def test_a_file_that_is_not_there_is_said_so(load, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        load(tmp_path / "nothing.csv")
    with pytest.raises(CommandError, match="directory"):
        load(tmp_path)


def test_drifting_columns_and_half_a_row_are_named_by_their_line(load, counts):
    cells = row().rstrip().split(",")
    drifting = "".join(",".join((cells * 4)[:n]) + "\n" for n in range(1, 53) if n != len(cells))
    report = load(HEADING + row(id="2") + drifting + row(id="3") + '4,"half', "--system", "x")
    assert counts(report) == (54, 2, 0, 0, 52)
    assert [p["line"] for p in report["problems"]] == [*range(3, 54), 55]
    assert "the first line names 13 columns" in report["problems"][0]["reason"]
    assert "quotation mark" in report["problems"][-1]["reason"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_of_other_programs_are_read(load, encoding, delimiter):
    lines = [["id", "title", "start", "zip"], ["1", "Zoë’s party", "2026-05-01 19:00", "05401"]]
    load("\r\n".join(delimiter.join(line) for line in lines).encode(encoding), "--system", "x")
    assert Event.objects.get().title == "Zoë’s party"


def test_a_zip_without_its_leading_zero_is_known_by_its_state_or_city(load, counts):
    file = "start,city,state,zip,event_type,rsvps,official\n" + "".join(
        f"7/29/2015 23:00:00,{city},{state},{code},House Party,1,no\n"
        for city, state, code in [
            ("Burlington", "VT", "5401"),
            ("Middlebury", "DC", "5753"),
            ("Lausanne", "--", "1006"),
            ("Elsewhere", "TX", "5401"),
        ]
    )
    report = load(file)
    assert counts(report) == (4, 3, 0, 0, 1)
    assert {(e.city, e.region, e.country, e.postal_code) for e in Event.objects.all()} == {
        ("Burlington", "VT", "US", "05401"),
        ("Middlebury", "VT", "US", "05753"),
        ("Lausanne", "", "CH", "1006"),
    }


def test_places_outside_the_us_are_found_by_their_city(load):
    file = "id,title,start,city,state,country\n1,A,2026-05-01 19:00,Toronto,ON,CA\n2,B,2026-05-01 19:00,Paris,,FR\n"
    load(file, "--system", "x")
    assert [(e.time_zone, e.scope) for e in Event.objects.order_by("external_id")] == [
        ("America/Toronto", "movement.place.ca.on"),
        ("Europe/Paris", "movement.place.fr"),
    ]
