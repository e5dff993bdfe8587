"""Loading files. Batches commit on their own: a run that was cut short is finished by running it again."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.events.services import ImportedEvent, import_events
from groundswell.intake.columns import Columns
from groundswell.intake.rows import BadRow, Draft, Reader
from groundswell.kit.tables import Problem, Table

BATCH = 1_000  # events a transaction: under two seconds


@dataclass
class Report:
    """What became of a file.

    Attributes:
        read: rows below the heading.
        written, changed, unchanged: events that were new, said something else than before, or said the same.
        bad: rows that were not loaded; `problems` says why.
        notes: what is odd about rows that were loaded.
        rsvps: RSVPs that came as numbers with the rows that were loaded.
    """

    read: int = 0
    written: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0
    rsvps: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def load_events(
    table: Table,
    reader: Reader,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Report:
    """Load every good row of an event programme and name every bad one.

    Rows of one id are the shifts of one event. A row without an id is known again by its content, and among rows of
    the same content by its rank in RSVPs: neither a second run nor another order of rows changes anything.

    Args:
        dry_run: everything is done and taken back.
        progress: called with the events done and their number.
    """
    report = Report()
    events = _events(_drafts(table, reader, report), reader.columns, report)
    done = 0
    for system, of_system in groupby(events, key=lambda pair: pair[0]):
        rows = [event for _system, event in of_system]
        for start in range(0, len(rows), BATCH):
            _write(rows[start : start + BATCH], system, report, dry_run)
            done += len(rows[start : start + BATCH])
            progress(done, len(events))
    report.problems.sort(key=lambda problem: problem.line)
    report.bad = len({problem.line for problem in report.problems})
    return report


def _write(rows: Sequence[ImportedEvent], system: str, report: Report, dry_run: bool) -> None:
    with transaction.atomic():
        result = import_events(rows, system)
        if dry_run:
            transaction.set_rollback(True)
    report.written += result.written
    report.changed += result.changed
    report.unchanged += result.unchanged


def _drafts(table: Table, reader: Reader, report: Report) -> list[Draft]:
    drafts = []
    for row in table.rows:
        report.read += 1
        try:
            drafts.append(reader.read(row))
        except BadRow as bad:
            report.problems += [Problem(row.line, reader.columns.named(of), reason) for of, reason in bad.problems]
    report.read += len(table.problems)
    report.problems += table.problems
    return drafts


def _events(drafts: list[Draft], columns: Columns, report: Report) -> list[tuple[str, ImportedEvent]]:
    """(system, event) for each id, systems together. A row whose shift was there before is named and left out."""
    ranks = Counter[str]()
    named = []
    for draft in sorted(drafts, key=lambda draft: (-(draft.event.opening_rsvps or 0), draft.line)):
        event = draft.event
        if draft.key:
            ranks[draft.key] += 1
            event = replace(event, external_id=f"{draft.key}-{ranks[draft.key]}")
        named.append((draft, event))
    events: dict[tuple[str, str], ImportedEvent] = {}
    for draft, event in sorted(named, key=lambda pair: pair[0].line):
        before = events.get((draft.system, event.external_id))
        if before and event.shifts[0] in before.shifts:
            reason = _("The id “%(id)s” with this start was there before; this row was left out.")
            report.problems.append(Problem(draft.line, columns.named("id"), reason % {"id": event.external_id}))
            continue
        if before:
            rsvps = (before.opening_rsvps or 0) + (event.opening_rsvps or 0)
            said = None if event.opening_rsvps is None else rsvps
            event_so_far = replace(before, shifts=[*before.shifts, *event.shifts], opening_rsvps=said)
        else:
            event_so_far = event
        events[draft.system, event.external_id] = event_so_far
        report.rsvps += event.opening_rsvps or 0
        report.notes += draft.notes
    return sorted(((system, event) for (system, _id), event in events.items()), key=lambda pair: pair[0])
