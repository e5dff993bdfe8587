import threading
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from groundswell.events.models import Event, Shift
from groundswell.events.services import importing
from groundswell.intake import services
from groundswell.ledger import selectors as ledger
from groundswell.ledger import services as ledger_services
from groundswell.ledger.models import Entry
from groundswell.people.models import Person
from tests.at_once import until, waiting

pytestmark = pytest.mark.django_db

HEADING = "id,title,start,zip,capacity,rsvps\n"


SHIFT = (datetime(2026, 5, 1, 23, tzinfo=UTC), datetime(2026, 5, 2, 1, tzinfo=UTC))


def file(*rows):
    return HEADING + "".join(f"{row}\n" for row in rows)


ONE = "1,House party,2026-05-01 19:00,05401,20,5"
TWO = "2,Rally,2026-05-02 19:00,05602,,"


def entries(kind):
    return list(Entry.objects.filter(kind=kind).order_by("id"))


def test_a_row_that_says_something_else_changes_that_and_is_recorded(load, counts):
    load(file(ONE, TWO), "--system", "x")
    assert counts(load(file(ONE, TWO), "--system", "x")) == (2, 0, 0, 2, 0)
    assert entries("event.changed") == []
    report = load(file("1,Kitchen party,2026-05-01 20:00,05401,25,9", TWO), "--system", "x")
    assert counts(report) == (2, 0, 1, 1, 0)
    event = Event.objects.get(external_id="1")
    shift = event.shifts.get()
    assert (event.title, event.opening_rsvps, shift.capacity) == ("Kitchen party", 9, 25)
    assert event.starts_at == shift.starts_at
    (changed,) = entries("event.changed")
    assert changed.data == {"fields": ["title", "time", "capacity"], "shifts": [str(shift.pk)]}
    assert [entry.quantity for entry in entries("event.opening_balance")] == [5, 4]
    assert event.sequence == 1  # calendars hear of the new time


def test_the_boards_are_right_after_an_import_though_no_worker_runs(load):
    load(file(ONE, TWO), "--system", "x", "--dry-run")
    assert ledger.tally("event.imported").entries == 0
    load(file(ONE, TWO), "--system", "x")
    assert (ledger.tally("event.imported").entries, ledger.lag().pending) == (2, 0)


def test_without_catching_up_an_import_waits_for_a_worker(load, monkeypatch):
    monkeypatch.setattr(ledger_services, "catch_up", lambda: 0)
    load(file(ONE, TWO), "--system", "x")
    assert ledger.tally("event.imported").entries == 0 and ledger.lag().pending


def test_a_number_that_falls_is_recorded_as_less(load):
    load(file(ONE), "--system", "x")
    load(file("1,House party,2026-05-01 19:00,05401,20,2"), "--system", "x")
    assert [entry.quantity for entry in entries("event.opening_balance")] == [5, -3]
    assert entries("event.changed") == []


def test_columns_that_are_not_there_leave_what_stands(load, counts):
    load(file(ONE), "--system", "x")
    Event.objects.update(venue="Town Hall", description="<p>Bring pie</p>", languages=["es"])
    assert (
        counts(load("id,title,start,zip\n1,House party,2026-05-01 19:00,05401\n", "--system", "x"))[2] == 1
    )  # no limit
    event = Event.objects.get()
    assert (event.venue, event.description, event.languages) == ("Town Hall", "<p>Bring pie</p>", ["es"])
    assert event.opening_rsvps == 5


def test_what_was_cancelled_stays_so_and_nobody_loses_their_place(load):
    load(file(ONE, TWO), "--system", "x")
    Event.objects.filter(external_id="2").update(state="cancelled")
    Shift.objects.filter(event__external_id="1").update(taken=12)
    smaller = file("1,House party,2026-05-01 19:00,05401,10,5", "2,New name,2026-05-02 19:00,05602,,")
    load(smaller, "--system", "x")
    assert Shift.objects.get(event__external_id="1").capacity == 12
    assert Event.objects.get(external_id="2").state == "cancelled"


def test_ids_are_those_of_their_system(load, counts):
    load(file(ONE), "--system", "x")
    assert counts(load(file(ONE), "--system", "y")) == (1, 1, 0, 0, 0)
    assert Event.objects.count() == 2


def test_a_dry_run_tells_everything_and_keeps_nothing(load, counts):
    report = load(file(ONE, TWO, "3,,,,,"), "--system", "x", "--dry-run")
    assert counts(report) == (3, 2, 0, 0, 1)
    assert (Event.objects.count(), Shift.objects.count(), Entry.objects.count()) == (0, 0, 0)
    assert counts(load(file(ONE, TWO, "3,,,,,"), "--system", "x")) == (3, 2, 0, 0, 1)
    assert Person.objects.count() == 0


def test_a_run_that_was_cut_short_is_finished_by_running_it_again(load, counts, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 2)
    rows = [f"{n},House party,2026-05-01 19:00,05401,20,5" for n in range(5)]
    real, calls = services.import_events, []

    def cut(batch, system):
        calls.append(len(batch))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(batch, system)

    monkeypatch.setattr(services, "import_events", cut)
    with pytest.raises(KeyboardInterrupt):
        load(file(*rows), "--system", "x")
    assert Event.objects.count() == 2
    assert counts(load(file(*rows), "--system", "x")) == (5, 3, 0, 2, 0)
    assert calls == [2, 2, 2, 2, 1]


def test_progress_goes_to_stderr_and_the_summary_says_what_became_of_the_file(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(file(ONE, TWO, "3,Nowhere,2026-05-01 19:00,00000,,"))
    out, err = StringIO(), StringIO()
    call_command("import", "events", str(path), "--system", "x", "--dry-run", stdout=out, stderr=err)
    assert err.getvalue() == "2 of 2 events\n"
    assert out.getvalue() == (
        "events.csv: 3 rows read, as x.\n"
        "2 events written, 0 changed, 0 unchanged.\n"
        "5 RSVPs came as numbers; they stand as an opening balance, not as people.\n"
        "Rows not loaded: 1.\n"
        "  line 4, zip: We do not know the ZIP “00000”, and nothing else tells the place.\n"
        "Notes on rows that were loaded: 0.\n"
        "This was a dry run: nothing was kept.\n"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_two_imports_at_once_write_each_event_once(tmp_path, monkeypatch, guarded):
    """Control: without the lock both see that nothing is there, and one of them fails."""
    path = tmp_path / "events.csv"
    path.write_text(file(ONE, TWO))
    looked, real = [], importing._known

    def known(system, ids):
        found = real(system, ids)
        looked.append(found)
        until(lambda: len(looked) == 2 or waiting())
        return found

    monkeypatch.setattr(importing, "_known", known)
    if not guarded:
        monkeypatch.setattr(importing, "_one_at_a_time", lambda system: None)
    failed = []

    def run():
        try:
            call_command("import", "events", str(path), "--system", "x", stdout=StringIO(), stderr=StringIO())
        except IntegrityError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(failed) == (0 if guarded else 1)
    assert Event.objects.count() == 2


def test_nothing_of_a_batch_stays_when_the_ledger_refuses(monkeypatch):
    row = importing.ImportedEvent(
        external_id="1", shifts=[importing.ImportedShift(*SHIFT)], title="x", type="other", time_zone="UTC"
    )
    monkeypatch.setattr(importing, "record_many", lambda entries: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        importing.import_events([row], "x")
    assert not Event.objects.exists()


@pytest.mark.parametrize("ids", [["1", "1"], [""]])
def test_an_id_names_one_event(ids):
    rows = [
        importing.ImportedEvent(
            external_id=id_, shifts=[importing.ImportedShift(*SHIFT)], title="x", type="other", time_zone="UTC"
        )
        for id_ in ids
    ]
    with pytest.raises(ValueError, match="external id of its own"):
        importing.import_events(rows, "x")
