"""Calendar files: an entry a shift that stays the same one through every change."""

from datetime import UTC

import icalendar
import pytest

from groundswell.events import calendar, selectors, services
from groundswell.events.tests.making import TEST, first, person, published, shift, who
from groundswell.jobs.worker import drain
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.models import ContactPoint
from groundswell.people.services import verify

pytestmark = pytest.mark.django_db


def entries(text):
    return icalendar.Calendar.from_ical(text).walk("VEVENT")


def file(event, **more):
    return calendar.file(selectors.public_event(event.pk), **more)


def test_each_shift_is_an_entry_on_the_clock_of_its_place():
    event = published(postal_code="94103", shifts=[shift(days=3), shift(days=4)], description="Bring friends; & food")
    text = file(event)
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "METHOD:PUBLISH" in text
    assert "BEGIN:VTIMEZONE" in text
    one, two = entries(text)
    shifts = list(event.shifts.all())
    for entry, shift_ in zip((one, two), shifts, strict=True):
        assert entry["dtstart"].params["TZID"] == "America/Los_Angeles"
        assert entry["dtstart"].dt.astimezone(UTC) == shift_.starts_at
        assert entry["dtend"].dt.astimezone(UTC) == shift_.ends_at
        assert (entry["sequence"], entry["status"]) == (0, "CONFIRMED")
        assert entry["dtstamp"].dt.tzinfo
        assert str(event.pk) in entry["url"]
    assert one["uid"] != two["uid"]
    assert "Bring friends; & food" in one["description"]


def test_a_change_keeps_the_uid_and_raises_the_sequence():
    event = published()
    (before,) = entries(file(event))
    event = services.change(event, TEST, shifts=[shift(days=5, id=first(event).pk)])
    (after,) = entries(file(event))
    assert (after["uid"], after["sequence"]) == (before["uid"], 1)
    assert after["dtstart"].dt > before["dtstart"].dt


def test_a_cancelled_event_takes_itself_out_of_calendars():
    event = services.cancel(published(), TEST)
    text = file(event)
    (entry,) = entries(text)
    assert "METHOD:CANCEL" in text
    assert (entry["status"], entry["sequence"]) == ("CANCELLED", 1)


def test_one_guests_file_has_their_shift_only():
    event = published(shifts=[shift(days=3), shift(days=4)])
    (entry,) = entries(file(event, shifts=[first(event).pk], gone=True))
    assert (entry["status"], entry["uid"].split("@")[0]) == ("CANCELLED", str(first(event).pk))


@pytest.mark.parametrize("title", ["Party\\, with; signs", "🎉 Fête", "حفلة"])
def test_titles_survive(title):
    (entry,) = entries(file(published(title=title)))
    assert entry["summary"] == title


# --- what a guest's calendar takes by itself (iTIP, RFC 5546) -------------------------------------------------------
def sent_to(address):
    """The entries of the files that were mailed to somebody, in order, with their method."""
    catch_up()
    drain()
    rows = Delivery.objects.filter(address=address, state="sent").order_by("queued_at", "pk")
    return [
        (icalendar.Calendar.from_ical(text)["method"], entries(text)[0], kind)
        for row in rows
        for _name, text, kind in row.attachments
    ]


def known(name):
    verify(ContactPoint.objects.get(person=person(name), channel="email"))
    return who(name)


def test_a_guests_entry_is_changed_and_taken_out_by_its_mails():
    event = published(shifts=[shift(days=5)])
    services.rsvp(first(event).pk, known("erin"))
    sent_to("erin@example.org")
    services.change(event, TEST, shifts=[shift(days=6, id=first(event).pk)])
    sent_to("erin@example.org")
    services.cancel(event, TEST)
    confirmed, changed, gone = sent_to("erin@example.org")
    assert [one[0] for one in (confirmed, changed, gone)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [one[1]["sequence"] for one in (confirmed, changed, gone)] == [0, 1, 2]
    assert len({str(one[1]["uid"]) for one in (confirmed, changed, gone)}) == 1
    for method, entry, kind in (confirmed, changed, gone):
        assert kind == f"text/calendar; method={method}"
        assert str(entry["attendee"]) == "mailto:erin@example.org"
        assert entry["attendee"].params["PARTSTAT"] == "ACCEPTED"
        assert entry["organizer"].startswith("mailto:")
    assert changed[1]["dtstart"].dt > confirmed[1]["dtstart"].dt


def test_who_waits_gets_no_entry_until_they_have_a_place():
    event = published(shifts=[shift(1, days=5)])
    erin = services.rsvp(first(event).pk, known("erin"))
    services.rsvp(first(event).pk, known("bob"))
    sent_to("bob@example.org")
    services.change(event, TEST, street="2 Side St")
    assert sent_to("bob@example.org") == []
    services.cancel_rsvp(erin)
    ((method, entry, _kind),) = sent_to("bob@example.org")
    assert (method, entry["sequence"]) == ("REQUEST", 1)


def test_a_file_of_several_entries_is_published_to_its_host():
    event = published(shifts=[shift(days=3), shift(days=4)])
    text, method = calendar.addressed(file(event), "alice@example.org")
    assert (method, text.count("ATTENDEE")) == ("PUBLISH", 0)


@pytest.mark.parametrize(
    "address", ["a" * 64 + "@" + "b" * 60 + ".example", "o'brien;x,\"y@example.org", "señor@example.org"]
)
def test_any_address_stays_one_line_of_the_file(address):
    text, _method = calendar.addressed(file(published()), address)
    (entry,) = entries(text)
    assert str(entry["attendee"]).startswith("mailto:") and str(entry["attendee"]).endswith(address.split("@")[1])
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
