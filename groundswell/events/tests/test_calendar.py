"""Calendar files: an entry a shift that stays the same one through every change."""

from datetime import UTC

import icalendar
import pytest

from groundswell.events import calendar, selectors, services
from groundswell.events.tests.making import TEST, first, published, shift

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
