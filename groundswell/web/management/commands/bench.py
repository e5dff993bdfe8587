"""`groundswell bench`: measure this machine with the load generators of a checkout."""

import importlib
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

BENCHES = {
    "mail": "a mailing to a million people, beside the same mails through django-post_office",
    "night": "everybody says they come within a minute",
    "pages": "the event page and the list, from memory",
    "replay": "the real night of July 2015, with people sent on from full events and without",
    "board": "how far the board of the night is behind the ledger at two thousand deeds a second",
    "segments": "how long a count takes while somebody builds a segment over 2.2 million people, 20 million entries",
    "search": "nearest events to a ZIP, fifty at once, over a programme of 13,106 and over 100,000",
}


class Command(BaseCommand):
    help = "Measure this machine: " + "; ".join(f"{name}: {what}" for name, what in BENCHES.items())

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=BENCHES)
        parser.add_argument("--events", type=int, help="how many events (night, pages, board, search)")
        parser.add_argument("--rsvps", type=int, help="how many people come (night)")
        parser.add_argument("--people", type=int, help="how many people there are (segments, mail)")
        parser.add_argument("--mails", type=int, help="how many copies are sent of the mailing (mail)")
        parser.add_argument("--entries", type=int, help="how many entries the ledger has (segments)")
        parser.add_argument("--from-file", type=Path, help="events with their capacities and RSVPs, as CSV (night)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            bench = importlib.import_module(f"bench.{options['name']}")
        except ModuleNotFoundError as error:
            raise CommandError(f"The load generators are part of a checkout ({error}). Run this in one.") from error
        sizes = {
            name: options[name]
            for name in ("events", "rsvps", "people", "mails", "entries", "from_file")
            if options[name]
        }
        figures = bench.run(**sizes)
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, figure in figures.items():
            self.stdout.write(f"{name:<16} {figure}")
