"""`groundswell drill`: practise a failure, with real processes that are killed, on a database of its own."""

import importlib
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

DRILLS = {"sending": "a mailing whose senders are killed: nobody lost, nobody written to twice, all adds up"}


class Command(BaseCommand):
    help = "Practise a failure: " + "; ".join(f"{name}: {what}" for name, what in DRILLS.items())

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=DRILLS)
        parser.add_argument("--recipients", type=int, default=50_000, help="how many people the mailing goes to")
        parser.add_argument("--kills", type=int, default=50, help="how many processes are killed")
        parser.add_argument("--workers", type=int, default=4, help="how many processes send")
        parser.add_argument("--seed", type=int, default=1, help="which kills, and when")
        parser.add_argument("--design", default="ours", help="how it is sent: ours, or one that fails (tests/crash)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rig = importlib.import_module("tests.crash.rig")
        except ModuleNotFoundError as error:
            raise CommandError(f"The rig is part of a checkout ({error}). Run this in one.") from error
        sizes = {name: options[name] for name in ("recipients", "kills", "workers", "seed", "design")}
        judged = rig.drill(**sizes).as_dict()
        if options["json"]:
            self.stdout.write(json.dumps(judged))
            return
        for name, figure in judged.items():
            self.stdout.write(f"{name:<16} {figure}")
