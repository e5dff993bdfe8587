"""Everybody's pages: the same for all, cacheable, and nothing a stranger writes does harm in them."""

import html
import json
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from groundswell.events import links, selectors, services
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.tests import making
from groundswell.events.tests.filling import answers
from groundswell.kit import clock
from groundswell.kit.templatetags.kit import shown_date
from groundswell.ledger.models import Entry
from groundswell.people.models import Consent, ContactPoint, Person
from groundswell.sources.models import Touch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_time_trap")]

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }} {% now %}",
    "</script><!--",
    "مرحبا 🎉 \u202eesrever",
]


def say_yes(page, event, **changed):
    answers = {"shift": str(making.first(event).pk), "given_name": "Erin", "email": "erin@example.org", "guests": "0"}
    return page.post(f"/events/{event.pk}/rsvp", answers | changed)


def test_public_pages_are_cacheable_and_look_at_nobody(page):
    event = making.published()
    box = "/events/points.json?box=-90,-180,90,180"
    for path in ("/events", "/events?near=05401", f"/events/{event.pk}", "/events/points.json", box, "/es/events"):
        reply = page.get(path)
        assert reply.status_code == 200, path
        assert "public" in reply["Cache-Control"], path
        assert "Cookie" not in reply.get("Vary", ""), path
        assert not reply.cookies, path
        again = page.get(path, headers={"if-none-match": reply["ETag"]})
        assert again.status_code == 304, path
    seen = {path: page.get(path) for path in (f"/events/{event.pk}", "/events?near=05401", box)}
    services.cancel(event, making.TEST)
    selectors.forget_map()
    for path, before in seen.items():
        assert "no-cache" in before["Cache-Control"], "else a browser would not ask"
        assert page.get(path, headers={"if-none-match": before["ETag"]}).status_code == 200, path


def test_a_page_that_reads_the_session_would_be_found_out(page):
    """The control: signing in is asked for by cookie, and the same check says so."""
    assert "Cookie" in page.get("/events/new").get("Vary", "")


def test_finding_lists_the_nearest_first_with_distance_and_local_time(page):
    making.published(title="Far one", postal_code="05602")
    making.published(title="Near one", postal_code="05401")
    text = page.get("/events", {"near": "05401"}).content.decode()
    assert text.index("Near one") < text.index("Far one")
    assert "miles" in text and "7 PM – 9 PM E" in text


def test_an_unknown_zip_is_told_on_its_field(page):
    text = page.get("/events", {"near": "00000"}).content.decode()
    assert "We do not know this ZIP" in text
    assert 'aria-invalid="true"' in text and 'aria-describedby="id_near_error"' in text and 'value="00000"' in text


@pytest.mark.parametrize(
    "query",
    [
        {"near": "x" * 10_000},
        {"near": "\0"},
        {"at": "91,181"},
        {"at": "1e400,1"},
        {"within": "banana"},
        {"since": "tomorrow", "until": "9999-12-31"},
        {"since": "9999-12-31"},
        {"type": "<script>"},
        {"page": "-1"},
        {"page": "9" * 400},
        {"page": "²"},
        {"view": "<b>"},
    ],
)
def test_whatever_is_asked_the_list_answers(page, query):
    making.published()
    assert page.get("/events", query).status_code == 200


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "nan,nan,nan,nan"])
def test_a_malformed_box_of_the_map_is_no_error_of_ours(page, box):
    making.published()
    assert page.get("/events/points.json", {"box": box}).status_code in (200, 400)


def test_points_say_where_and_a_box_says_what(page):
    event = making.published()
    ((latitude, longitude, room),) = page.get("/events/points.json").json()
    assert room == 1
    box = f"{latitude - 0.1},{longitude - 0.1},{latitude + 0.1},{longitude + 0.1}"
    (there,) = page.get("/events/points.json", {"box": box}).json()["events"]
    assert there["title"] == "House party" and there["url"] == f"/events/{event.pk}"


def test_a_box_tells_the_day_on_the_clock_of_the_event(page):
    making.published()
    event = Event.objects.get()
    Event.objects.update(time_zone="Pacific/Auckland")  # where it is the day after already
    (there,) = page.get("/events/points.json", {"box": "24,-125,50,-66"}).json()["events"]
    assert there["when"] == shown_date(event.starts_at, "Pacific/Auckland")
    assert there["when"] != shown_date(event.starts_at, event.time_zone)


def test_an_empty_place_offers_the_first_step_and_the_nearest_there_is(page):
    making.published(title="In Vermont", postal_code="05401")
    text = page.get("/events", {"near": "99501"}).content.decode()
    assert "Nobody has begun here yet" in text and 'href="/events/new"' in text and "In Vermont" in text


def test_the_source_code_stays_on_links_and_forms(page):
    event = making.published()
    listed = page.get("/events", {"source": "mailing-7"}).content.decode()
    assert f"/events/{event.pk}?source=mailing-7" in listed
    shown = page.get(f"/events/{event.pk}", {"source": "mailing-7"}).content.decode()
    assert '<input type="hidden" name="source" value="mailing-7">' in shown
    say_yes(page, event, source="mailing-7")
    assert Touch.objects.get().source.code == "mailing-7"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_stranger_writes_does_no_harm(page, hostile):
    event = making.published(title=hostile[:110], description=hostile, accessibility=hostile, venue=hostile)
    for path in (f"/events/{event.pk}", "/events", "/events?near=05401", f"/events/{event.pk}/qr.svg"):
        text = page.get(path).content.decode()
        assert "<script>alert" not in text and "<img src=x" not in text and "49 " not in text, path
    assert "\u202e" not in page.get("/events").content.decode()
    data = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', page.get(f"/events/{event.pk}").content.decode(), re.S
    )
    assert json.loads(data[1])["@type"] == "Event"


def test_linked_data_says_when_where_and_how_many(page):
    event = making.published(title="Pie </script> & calls", shifts=[making.shift(10)], place_shown="everyone")
    text = page.get(f"/events/{event.pk}").content.decode()
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)[1])
    assert data["name"] == "Pie </script> & calls"
    assert data["remainingAttendeeCapacity"] == 10 and data["location"]["address"]["addressLocality"] == "Burlington"
    assert data["eventStatus"].endswith("EventScheduled")
    assert '<meta property="og:title" content="Pie &lt;/script&gt; &amp; calls">' in text
    assert 'hreflang="es"' in text


CANARY = "17 Kanarienweg"


def test_a_street_for_guests_is_nowhere_before_one_comes(page):
    event = making.published(street=CANARY, venue="Kanarien hall", place_shown="guests")
    for path in (
        f"/events/{event.pk}",
        f"/events/{event.pk}/event.ics",
        f"/events/{event.pk}/qr.svg",
        "/events?near=05401",
        "/events/points.json",
        "/events/points.json?box=40,-80,50,-70",
    ):
        assert b"Kanarien" not in page.get(path).content, path
    thanks = say_yes(page, event)["Location"]
    for path in (thanks, thanks.replace("thanks", "event.ics")):
        assert b"Kanarien" not in page.get(path).content, path
    assert CANARY in page.get(f"/rsvp/{links.rsvp_token(RSVP.objects.get())}").content.decode()


def test_a_street_for_everybody_is_shown(page):
    """The control of the test above."""
    event = making.published(street=CANARY, place_shown="everyone")
    assert CANARY in page.get(f"/events/{event.pk}").content.decode()


def test_coming_takes_a_place_and_thanks_with_a_way_to_share(page):
    event = making.published(shifts=[making.shift(5)])
    reply = say_yes(page, event, guests="2")
    assert reply.status_code == 303
    rsvp = RSVP.objects.get()
    assert rsvp.state == "going" and rsvp.guests == 2
    shown = page.get(reply["Location"])
    text = shown.content.decode()
    assert "There was room" in text and f"/events/{event.pk}" in text and "sms:?" in text
    assert shown["Cache-Control"] == "private, no-store" or "no-store" in shown["Cache-Control"]
    calendar = page.get(reply["Location"].replace("thanks", "event.ics"))
    assert calendar["Content-Type"].startswith("text/calendar") and b"BEGIN:VEVENT" in calendar.content


def test_who_may_have_to_wait_is_promised_neither_the_place_nor_a_day_in_the_calendar(page):
    event = making.published(shifts=[making.shift(1)], place_shown="guests")
    for email, promised in (("erin@example.org", True), ("fay@example.org", False)):
        text = page.get(say_yes(page, event, email=email)["Location"]).content.decode()
        assert ("exactly where it is" in text) == promised
        assert ("Add to calendar" in text) == promised
        assert "change how many come, or cancel" in text


def test_the_page_after_the_form_is_the_same_for_whoever_came_before(page):
    """Who writes somebody else's address learns nothing of them, and can change nothing."""
    event = making.published(shifts=[making.shift(3)], street=CANARY, place_shown="guests")
    shift = making.first(event)
    services.rsvp(shift.pk, making.who("bob"), guests=1)
    away = services.rsvp(shift.pk, making.who("dana"))
    services.rsvp(shift.pk, making.who("frank"))
    services.cancel_rsvp(away)  # frank has the place
    before = sorted(RSVP.objects.filter(person__given_name__in=["Bob", "Frank"]).values_list())
    seen = set()
    for name in ("bob", "frank", "dana", "stranger"):
        answer = say_yes(page, event, email=f"{name}@example.org", given_name="Mallory", guests="1")
        seen.add((answer.status_code, answer["Location"], page.get(answer["Location"]).content))
    assert len(seen) == 1
    assert sorted(RSVP.objects.filter(person__given_name__in=["Bob", "Frank"]).values_list()) == before
    thanks_token = links.thanks_token(shift.pk, room=True)
    assert page.get(f"/rsvp/{thanks_token}").status_code == 404
    assert page.post(f"/rsvp/{thanks_token}", {"act": "cancel"}).status_code == 404


def test_a_press_for_somebody_who_comes_leaves_every_row_as_it_is(page):
    event = making.published(shifts=[making.shift(3)])
    say_yes(page, event, given_name="")
    say_yes(page, event)
    tables = (RSVP, Consent, Touch, Entry, ContactPoint, Person)
    before = [list(table.objects.order_by("pk").values_list()) for table in tables]
    for guests in ("1", "2"):
        more = {"family_name": "Else", "phone": "802 555 0123", "postal_code": "05401", "news_by_email": "on"}
        assert say_yes(page, event, guests=guests, source="mailing-7", **more).status_code == 303
    assert [list(table.objects.order_by("pk").values_list()) for table in tables] == before


def test_the_mailed_link_confirms_the_address_by_one_press(page):
    rsvp = services.rsvp(making.first(making.published()).pk, making.who("erin"))
    url = f"/rsvp/{links.rsvp_token(rsvp)}"
    assert "Confirm my address" in page.get(url).content.decode()
    assert not services.proven(rsvp)
    assert "Confirm my address" not in page.post(url, {"act": "confirm"}, follow=True).content.decode()
    assert services.proven(rsvp)


def test_errors_come_back_on_their_fields_with_everything_typed(page):
    event = making.published()
    reply = say_yes(page, event, given_name="", email="not an address", phone="12", postal_code="05401")
    text = reply.content.decode()
    assert reply.status_code == 422
    assert 'aria-describedby="id_given_name_error"' in text
    assert 'value="not an address"' in text and 'value="12"' in text and 'value="05401"' in text
    reply = say_yes(page, event, email="not an address")
    assert "is not an email address" in reply.content.decode()
    assert "We do not know this ZIP" in say_yes(page, event, postal_code="00000").content.decode()
    assert "Choose one of the list" in say_yes(page, event, guests="11").content.decode()
    assert not RSVP.objects.exists()


def test_boxes_are_never_ticked_beforehand_and_the_words_are_kept(page):
    event = making.published()
    text = page.get(f"/events/{event.pk}").content.decode()
    assert not re.search(r'<input type="checkbox"[^>]* checked', text)
    say_yes(page, event)
    assert not Consent.objects.exists()
    ticked = {"events_by_email": "on", "news_by_email": "on", "texts_by_phone": "on"}
    say_yes(page, event, email="bob@example.org", **ticked)
    given = {(consent.purpose, consent.channel): consent for consent in Consent.objects.all()}
    assert given.keys() == {("events", "email"), ("news", "email")}, "no texts without a number"
    for consent in given.values():
        assert consent.wording.words in text and consent.page == f"/events/{event.pk}/rsvp"


def test_a_full_event_offers_the_waiting_list_and_others_with_room(page):
    full = making.published(title="Full one", shifts=[making.shift(1)])
    making.published(title="Other one", shifts=[making.shift(9)])
    say_yes(page, full)
    text = page.get(f"/events/{full.pk}").content.decode()
    assert "Join the waiting list" in text and "Other one" in text
    reply = say_yes(page, full, email="bob@example.org")
    assert "It was full" in page.get(reply["Location"]).content.decode()
    assert RSVP.objects.get(person__given_name="Erin", state="waiting").shift.waiting == 1


def test_a_full_event_offers_room_on_the_same_days_before_nearer_room_on_others(page):
    full = making.published(title="Full one", shifts=[making.shift(1)])
    making.published(title="Near but a week later", shifts=[making.shift(9, days=10)])
    making.published(title="The next morning", shifts=[making.shift(9, days=4, hour=9)])
    making.published(title="That morning", postal_code="05491", shifts=[making.shift(9, hour=9)])
    making.published(title="Full as well", shifts=[making.shift(1, hour=9)])
    say_yes(page, full)
    say_yes(page, Event.objects.get(title="Full as well"), email="bob@example.org")
    thanks = say_yes(page, full, email="charlie@example.org")["Location"]
    for path in (f"/events/{full.pk}", thanks):
        text = page.get(path).content.decode()
        assert "Near this one, with room" in text and "On the same days." in text
        assert "That morning" in text and "miles" in text
        assert "Near but" not in text and "Full as well" not in text and "The next morning" not in text


@pytest.mark.parametrize(
    ("others", "heading", "days", "offered"),
    [
        ([("05491", 4), ("05401", 10)], "Near this one", "On the days before or after.", "05491"),
        ([("05602", 3), ("05401", 4)], "Near this one", "On the days before or after.", "05401"),
        ([("05602", 3), ("05602", 4), ("05401", 10)], "Further away", "On the same days.", "05602"),
        ([("05602", 4), ("05401", 10)], "Further away", "On the days before or after.", "05602"),
        ([("05602", 10), ("05401", 10)], "Near this one", "On other days.", "05401"),
        ([("10001", 3)], "", "", ""),
    ],
)
def test_where_the_same_days_have_no_room_nearby_it_is_looked_for_around(page, others, heading, days, offered):
    """05401 is the full one's, 05491 is 21 miles away, 05602 is 37, and 10001 is 260."""
    full = making.published(title="Full one", shifts=[making.shift(1)])
    for code, day in others:
        making.published(title=f"In {code}", postal_code=code, shifts=[making.shift(9, days=day)])
    say_yes(page, full)
    text = page.get(f"/events/{full.pk}").content.decode()
    assert (f"{heading}, with room" in text) == bool(heading) and days in text
    assert {code for code in ("05401", "05491", "05602", "10001") if f"In {code}" in text} == {offered} - {""}


def test_where_the_same_days_have_no_room_a_full_event_offers_other_days(page):
    full = making.published(title="Full one", shifts=[making.shift(1)])
    making.published(title="A week later", shifts=[making.shift(9, days=10)])
    say_yes(page, full)
    text = page.get(f"/events/{full.pk}").content.decode()
    assert "On other days." in text and "A week later" in text


def test_whoever_got_a_place_is_not_sent_elsewhere(page):
    event = making.published(shifts=[making.shift(1)])
    making.published(title="Other one")
    assert "Other one" not in page.get(say_yes(page, event)["Location"]).content.decode()


def test_a_second_event_beside_a_full_one_is_filled_in(page):
    about = {"type": "phone_bank", "description": "Bring a phone.", "street": "1 Main St"}
    full = making.published(title="Pie", shifts=[making.shift(1)], **about)
    say_yes(page, full)
    link = re.search(r'href="(/events/new\?[^"]+)"', page.get(f"/events/{full.pk}?source=abc").content.decode())[1]
    assert f"like={full.pk}" in link and "source=abc" in link
    text = page.get(link.replace("&amp;", "&")).content.decode()
    day = making.first(full).starts_at.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d")
    for value in ("Second: Pie", "05401", "Burlington", day, "19:00", "21:00"):
        assert f'value="{value}"' in text, value
    assert '<option value="phone_bank" selected' in text and "Bring a phone." in text and "1 Main St" not in text
    assert 'name="shifts-0-capacity" value="1"' in text


def test_a_second_event_beside_one_that_runs_is_the_next_day(page):
    runs = making.published(title="Pie", shifts=[making.shift(1)])
    Shift.objects.filter(event=runs).update(
        starts_at=clock.now() - timedelta(minutes=30), ends_at=clock.now() + timedelta(hours=1)
    )
    text = page.get("/events/new", {"like": runs.pk}).content.decode()
    begun = making.first(runs).starts_at.astimezone(ZoneInfo("America/New_York"))
    for value in ((begun + timedelta(days=1)).strftime("%Y-%m-%d"), begun.strftime("%H:%M")):
        assert f'value="{value}"' in text, value
    assert begun.strftime("%Y-%m-%d") not in text
    filled = re.findall(r'name="(shifts-0-(?:day|starts|ends))" value="([^"]+)"', text)
    assert len(filled) == 3 and page.post(f"/events/new?like={runs.pk}", answers(**dict(filled))).status_code == 303


def test_a_mistake_in_a_second_event_leaves_the_page_what_it_is(page):
    full = making.published(title="Pie")
    form = html.unescape(page.get("/events/new", {"like": full.pk}).content.decode())
    to = re.search(r'action="(/events/new\?like=[^"]+)"', form)[1]
    for changed, status in (({"title": ""}, 422), ({"add_shift": "1"}, 200)):
        reply = page.post(to, answers(**changed))
        text = reply.content.decode()
        assert reply.status_code == status and "<h1>Host a second one</h1>" in text and "All is copied already" in text
    assert page.post(to, answers()).status_code == 303


def test_a_second_events_title_is_never_cut(page):
    long = making.published(title="Pie " * 29, shifts=[making.shift(1)])
    text = page.get("/events/new", {"like": long.pk}).content.decode()
    assert f'value="{("Pie " * 29).strip()}"' in text


@pytest.mark.parametrize("like", ["", "x", "01900000-0000-7000-8000-000000000000"])
def test_a_second_event_beside_none_is_a_plain_new_one(page, like):
    assert page.get("/events/new", {"like": like}).status_code == 200


def test_nobody_learns_of_a_draft_by_hosting_a_second_one(page):
    draft = making.draft(title="Secret")
    assert "Secret" not in page.get("/events/new", {"like": draft.pk}).content.decode()


def test_cancelled_and_past_events_say_so_and_take_nobody(page):
    gone, past = making.published(title="Gone"), making.published(title="Past")
    services.cancel(gone, making.TEST)
    shift = making.first(past)
    making.ago(past, days=5)
    for event, words in ((gone, "This event is called off"), (past, "This event is over")):
        text = page.get(f"/events/{event.pk}").content.decode()
        assert words in text and 'id="come"' not in text
    assert say_yes(page, gone).status_code == 422
    assert say_yes(page, past, shift=str(shift.pk)).status_code == 422
    assert not RSVP.objects.exists()


def test_drafts_and_made_up_addresses_are_not_there(page):
    draft = making.draft()
    unknown = "01900000-0000-7000-8000-000000000000"
    for path in (f"/events/{draft.pk}", f"/events/{draft.pk}/event.ics", f"/events/{draft.pk}/qr.svg"):
        assert page.get(path).status_code == 404
        assert page.get(path.replace(str(draft.pk), unknown)).status_code == 404
    assert page.get("/rsvp/whatever").status_code == 404
    assert page.get("/rsvp/whatever/thanks").status_code == 404
    assert page.get("/events/confirm/whatever").status_code == 404


def test_a_form_on_another_site_cannot_post_here():
    event = making.published()
    elsewhere = Client(headers={"sec-fetch-site": "cross-site"})
    assert say_yes(elsewhere, event).status_code == 403
    assert not RSVP.objects.exists()


def test_looking_changes_nothing(page):
    event = making.published()
    rsvp = services.rsvp(making.first(event).pk, making.who("erin"))
    draft = making.draft()
    paths = [
        f"/rsvp/{links.rsvp_token(rsvp)}",
        f"/rsvp/{links.thanks_token(rsvp.shift_id, room=True)}/thanks",
        f"/events/confirm/{links.confirm_token(draft)}",
        f"/events/{event.pk}",
    ]
    for path in paths:
        assert page.get(path).status_code == 200
        assert page.head(path).status_code == 200
    rsvp.refresh_from_db()
    draft.refresh_from_db()
    assert rsvp.state == "going" and draft.confirmed_at is None


def test_the_mailed_link_changes_and_cancels(page):
    event = making.published(shifts=[making.shift(4)])
    rsvp = services.rsvp(making.first(event).pk, making.who("erin"))
    url = f"/rsvp/{links.rsvp_token(rsvp)}"
    reply = page.post(url, {"act": "change", "guests": "2"}, follow=True)
    assert "Saved." in reply.content.decode()
    too_many = page.post(url, {"act": "change", "guests": "9"})
    assert too_many.status_code == 422 and "There is room for 4 people" in too_many.content.decode()
    assert RSVP.objects.get().guests == 2
    assert "You are not coming" in page.post(url, {"act": "cancel"}, follow=True).content.decode()
    assert page.post(url, {"act": "cancel"}, follow=True).status_code == 200
    assert making.first(event).taken == 0


def test_the_calendar_file_and_the_code_to_print_can_be_had(page):
    event = making.published(shifts=[making.shift(), making.shift(days=4)])
    calendar = page.get(f"/events/{event.pk}/event.ics")
    assert calendar.content.count(b"BEGIN:VEVENT") == 2
    code = page.get(f"/events/{event.pk}/qr.svg")
    assert code["Content-Type"] == "image/svg+xml" and b"<svg" in code.content


def test_the_page_weighs_little(page):
    for n in range(20):
        making.published(making.person(f"host{n}"), title=f"Event {n}", description="Words. " * 60)
    found = len(page.get("/events?near=05401", headers={"accept-encoding": "gzip"}).content)
    one = len(page.get(f"/events/{Event.objects.first().pk}", headers={"accept-encoding": "gzip"}).content)
    sheet = len(page.get("/look.css", headers={"accept-encoding": "gzip"}).content)
    assert found < 15_000 and one < 10_000 and sheet < 10_000


def test_times_are_those_of_the_place_not_of_the_reader(page):
    event = making.published(title="Aloha", postal_code="96813")
    text = page.get(f"/events/{event.pk}").content.decode()
    assert "7 PM – 9 PM HST" in text
    assert (making.first(event).ends_at - making.first(event).starts_at) == timedelta(hours=2)


@pytest.mark.parametrize("path", ["/es/events?near=05401", "/es/events", "/es/"])
def test_drawings_keep_their_numbers_in_every_language(page, path):
    making.published(postal_code="05602")
    drawing = re.search(r"<svg viewBox.*?</svg>", page.get(path).content.decode(), re.S)[0]
    assert not re.search(r'(?:c?[xy]|r|d|stroke-\w+)="[^"]*\d,\d', drawing)


def test_filters_are_drawn_as_they_were_filled_in_each_language(page):
    """They are remembered: nobody sees another one's."""
    filled = "/events?type=rally&since=soon"
    for _ in range(2):
        body = page.get(filled).content.decode()
        assert re.search(r'value="rally"[^>]* checked', body) and "Enter a valid date" in body
        body = page.get("/events").content.decode()
        assert not re.search(r'value="rally"[^>]* checked', body) and "Enter a valid date" not in body
        assert "Only with room" in body and "Only with room" not in page.get("/es/events").content.decode()
