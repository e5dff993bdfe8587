"""`groundswell import events FILE`."""

import gc
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from groundswell.intake import columns, services
from groundswell.intake.rows import Reader
from groundswell.kit import geo, tables
from groundswell.ledger import services as ledger
from groundswell.powers.movement import movement

SHOWN = 40  # problems before the rest is only counted; --json has them all


class Command(BaseCommand):
    help = "Load what another program exported. Every row is loaded, or named with its line and the reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        events = parser.add_subparsers(dest="what", required=True).add_parser(
            "events",
            help="an event programme (CSV)",
            description="Load an event programme. Running it again changes nothing that is the same.",
        )
        events.add_argument("file", type=Path)
        events.add_argument("--dry-run", action="store_true", help="do everything, then take it back")
        events.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help=f"say what a column means; COLUMN= leaves it out. Fields: {', '.join(columns.NAMES)}",
        )
        events.add_argument("--system", default="", help="where the events come from; makes their ids unique")
        events.add_argument(
            "--time-zone", default="", help="the clock of times without an offset, if not that of the event's place"
        )
        events.add_argument("--json", action="store_true", help="the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            table = tables.read(options["file"])
            found = columns.recognise(table.columns, options["map"])
            reader = self._reader(found, options["system"], options["time_zone"])
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from None
        except tables.BadFile as error:
            raise CommandError(f"{options['file'].name}: {error}") from None
        gc.disable()  # what is read is kept: looking through it for garbage again and again costs a fifth of the time
        try:
            report = services.load_events(table, reader, dry_run=options["dry_run"], progress=self._progress)
        finally:
            gc.enable()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
        else:
            self._tell(report, reader, options)
        if not options["dry_run"]:
            ledger.catch_up()  # so that the boards are right though no worker runs

    def _reader(self, found: columns.Columns, system: str, zone: str) -> Reader:
        system = system or (found.layout.system if found.layout else "")
        if not system:
            raise CommandError("Say where these events come from, such as --system nationbuilder: it makes ids unique.")
        if not columns.SYSTEM.fullmatch(system):
            raise CommandError(f"--system {system}: use small letters, digits, dots and dashes.")
        if zone and not geo.is_time_zone(zone):
            raise CommandError(f"--time-zone {zone}: there is no such time zone. Write one like America/New_York.")
        clock = zone or (found.layout.clock if found.layout else "")
        return Reader(found, system, clock, movement().time_zone)

    def _progress(self, done: int, of: int) -> None:
        self.stderr.write(f"{done:,} of {of:,} events", ending="\r" if self.stderr.isatty() and done < of else "\n")

    def _tell(self, report: services.Report, reader: Reader, options: dict[str, Any]) -> None:
        say = self.stdout.write
        say(f"{options['file'].name}: {report.read:,} rows read, as {reader.system}.")
        say(f"{report.written:,} events written, {report.changed:,} changed, {report.unchanged:,} unchanged.")
        say(f"{report.rsvps:,} RSVPs came as numbers; they stand as an opening balance, not as people.")
        if reader.columns.unused:
            say(f"Columns not used: {', '.join(reader.columns.unused)}.")
        for title, problems in (
            (f"Rows not loaded: {report.bad:,}", report.problems),
            (f"Notes on rows that were loaded: {len(report.notes):,}", report.notes),
        ):
            say(f"{title}.")
            for problem in problems[:SHOWN]:
                say(f"  line {problem.line}{f', {problem.field}' if problem.field else ''}: {problem.reason}")
            if len(problems) > SHOWN:
                say(f"  and {len(problems) - SHOWN:,} more; --json lists them all.")
        if options["dry_run"]:
            say("This was a dry run: nothing was kept.")


def _as_json(report: services.Report) -> dict[str, Any]:
    problems = [(problem, False) for problem in report.problems] + [(note, True) for note in report.notes]
    return {
        "read": report.read,
        "written": report.written,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "bad": report.bad,
        "rsvps": report.rsvps,
        "problems": [
            {"line": problem.line, "field": problem.field, "reason": problem.reason, "loaded": loaded}
            for problem, loaded in sorted(problems, key=lambda pair: pair[0].line)
        ],
    }
