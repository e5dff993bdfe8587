import pytest
from django.core.management import CommandError

from groundswell.events.models import Event

pytestmark = pytest.mark.django_db

# The columns of Mobilize's data export, those that matter and a few that do not.
MOBILIZE = """\
id,title,summary,description,organization__name,location__is_private,location__venue,location__address_line_1,\
location__locality,location__region,location__country,location__postal_code,location__lat,location__lon,\
event_timezone,event_type,browser_url,visibility,is_created_by_volunteer_host,approval_status,accessibility_notes,\
is_virtual,virtual_action_url,utc_start_date,utc_end_date,utc_deleted_date
77,Canvass in Barre,,<p>Bring <b>shoes</b></p><script>x()</script>,Green Mountain,false,Town Hall,1 Main St,Barre,VT,\
US,05641,44.197,-72.502,America/New_York,CANVASS,https://example.org/77,PUBLIC,true,APPROVED,Ramp,false,,\
2026-09-12 14:00:00.000000 UTC,2026-09-12 17:00:00.000000 UTC,
78,Phone bank,,Call from home,Green Mountain,,,,,,US,,,,America/Chicago,PHONE_BANK,https://example.org/78,PRIVATE,\
false,APPROVED,,true,https://meet.example.org/78,2026-09-13 23:00:00.000000 UTC,2026-09-14 01:00:00.000000 UTC,
79,House party,,,Green Mountain,true,,,Stowe,VT,US,05672,,,America/New_York,HOUSE_PARTY,https://example.org/79,PUBLIC,\
true,NEEDS_APPROVAL,,false,,2026-09-13 23:00:00.000000 UTC,,
80,House party,,,Green Mountain,true,Ann’s kitchen,,Stowe,VT,US,05672,,,America/New_York,HOUSE_PARTY,\
https://example.org/80,PUBLIC,true,APPROVED,,false,,2026-09-13 23:00:00.000000 UTC,,
81,Gone,,,Green Mountain,,,,Stowe,VT,US,05672,,,America/New_York,RALLY,https://example.org/81,PUBLIC,\
true,APPROVED,,false,,2026-09-13 23:00:00.000000 UTC,,2026-01-01 00:00:00.000000 UTC
"""


def test_mobilizes_data_export_is_recognised(load, counts):
    report = load(MOBILIZE)
    assert counts(report) == (5, 3, 0, 0, 2)
    assert counts(load(MOBILIZE)) == (5, 0, 0, 3, 2)
    assert [(p["line"], p["field"]) for p in report["problems"] if not p["loaded"]] == [
        (4, "approval_status"),
        (6, "utc_deleted_date"),
    ]
    canvass, bank, party = Event.objects.filter(system="mobilize").order_by("external_id")
    assert (canvass.type, canvass.official, canvass.venue, canvass.accessibility) == (
        "canvass", False, "Town Hall", "Ramp",
    )  # fmt: skip
    assert canvass.description == "<p>Bring <b>shoes</b></p>"
    assert canvass.starts_at.isoformat() == "2026-09-12T14:00:00+00:00"
    assert (bank.type, bank.online, bank.visibility, bank.official, bank.latitude) == (
        "phone_bank", True, "unlisted", True, None,
    )  # fmt: skip
    assert bank.online_url == "https://meet.example.org/78"
    assert (party.place_shown, party.region) == ("guests", "VT")
    assert (party.ends_at - party.starts_at).total_seconds() == 7200  # where nobody says, two hours


def test_rows_of_one_event_are_its_time_slots(load, counts):
    file = """\
event_id,timeslot_id,event_title,event_type,timeslot_start_date,timeslot_end_date,max_attendees,postal_code,signups
5,50,Barnstorm,MEETING,1789246800,1789254000,40,05401,12
5,51,Barnstorm,MEETING,1789333200,1789340400,,05401,3
6,60,Rally,RALLY,1789246800,1789254000,,05401,
5,50,Barnstorm,MEETING,1789246800,1789254000,40,05401,12
"""
    report = load(file)
    assert counts(report) == (4, 2, 0, 0, 1)
    assert [(p["line"], p["field"]) for p in report["problems"]] == [(5, "event_id")]
    event = Event.objects.get(external_id="5")
    assert [(s.starts_at.isoformat(), s.capacity) for s in event.shifts.all()] == [
        ("2026-09-12T21:00:00+00:00", 40),
        ("2026-09-13T21:00:00+00:00", None),
    ]
    assert event.opening_rsvps == report["rsvps"] == 15
    assert counts(load(file)) == (4, 0, 0, 2, 1)


def test_columns_of_no_known_layout_are_mapped_by_name(load, counts):
    file = "Nr;Wann;Wo;Titel\n1;7/29/2015 7:00 PM;05401;Treffen\n"
    with pytest.raises(CommandError, match=r"No column says when.*--map COLUMN=start.*Nr, Wann, Wo, Titel"):
        load(file)
    told = ["--map", "Nr=id", "--map", "wann=start", "--map", "Wo=zip", "--map", "Titel=title"]
    with pytest.raises(CommandError, match="Say where these events come from"):
        load(file, *told)
    assert counts(load(file, *told, "--system", "blatt")) == (1, 1, 0, 0, 0)
    event = Event.objects.get(system="blatt", external_id="1")
    assert (event.title, event.starts_at.isoformat()) == ("Treffen", "2015-07-29T23:00:00+00:00")


def test_what_is_told_wins_over_names(load):
    file = "id,title,heading,start,zip\n1,wrong,right,2026-05-01 19:00,05401\n"
    load(file, "--map", "heading=title", "--system", "x")
    assert Event.objects.get().title == "right"
    load(file, "--map", "title=", "--map", "heading=title", "--system", "y")
    assert Event.objects.get(system="y").title == "right"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--map", "nothing=title"], "no such column. The columns are: id, start, zip"),
        (["--map", "id=colour"], "no such field. The fields are: id, title"),
        (["--map", "id"], "no such column"),
        (["--map", "zip="], "No column says where events are"),
        (["--system", "My Files"], "small letters"),
        (["--time-zone", "Eastern"], "there is no such time zone"),
    ],
)
def test_a_wrong_option_is_explained(load, options, words):
    with pytest.raises(CommandError, match=words):
        load("id,start,zip\n1,2026-05-01 19:00,05401\n", "--system", "x", *options)
    assert not Event.objects.exists()


def test_times_without_an_offset_can_be_on_a_clock_that_is_told(load):
    file = "id,start,zip,title\n1,2026-05-01 19:00,90001,Here\n2,2026-05-01T19:00:00-04:00,90001,Told\n"
    load(file, "--system", "place")
    load(file, "--system", "new-york", "--time-zone", "America/New_York")
    starts = {(e.system, e.external_id): e.starts_at.hour for e in Event.objects.all()}
    assert starts == {("place", "1"): 2, ("place", "2"): 23, ("new-york", "1"): 23, ("new-york", "2"): 23}
    assert {e.time_zone for e in Event.objects.all()} == {"America/Los_Angeles"}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("House Party", "house_party"),
        ("Debate Watch Parties (October 13)", "house_party"),
        ("DEBATE_WATCH_PARTY", "house_party"),
        ("Phonebanks", "phone_bank"),
        ("PHONE_BANK", "phone_bank"),
        ("Door Knocking", "canvass"),
        ("July 29 Organizing Meeting", "meeting"),
        ("TOWN_HALL", "meeting"),
        ("March with Bernie", "rally"),
        ("Training", "training"),
        ("Meet and Greet Fundraiser", "fundraiser"),
        ("other", "other"),
        ("Potluck", "other"),
    ],
)
def test_kinds_of_events_are_known_by_their_words(load, words, kind):
    load(f'id,start,zip,event_type\n1,2026-05-01 19:00,05401,"{words}"\n', "--system", "x")
    event = Event.objects.get()
    assert (event.type, event.title) == (kind, words)
