"""`groundswell export events`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from groundswell.intake import selectors
from groundswell.kit import tables


class Command(BaseCommand):
    help = "Write what this installation knows as a file that any spreadsheet opens, and that `import` reads again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        events = parser.add_subparsers(dest="what", required=True).add_parser(
            "events", help="the event programme (CSV)", description="Write all published events, one row a shift."
        )
        events.add_argument("file", type=Path, nargs="?", help="where to; without it, to the screen")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] is None:
            tables.write(self.stdout, selectors.COLUMNS, selectors.programme())
            return
        try:
            with options["file"].open("w", newline="", encoding="utf-8-sig") as file:  # Excel needs the mark
                count = tables.write(file, selectors.COLUMNS, selectors.programme())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from None
        self.stderr.write(f"{count:,} rows written to {options['file']}")
