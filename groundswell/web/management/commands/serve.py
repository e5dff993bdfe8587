"""`groundswell serve`: run the site."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from groundswell.kit.contacts import BadContact
from groundswell.powers import services as powers
from groundswell.web import health, serving


class Command(BaseCommand):
    help = "Run the site and its worker. Ctrl-C or SIGTERM stops everything that was started, the database included."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=serving.PORT, default=8000, help="the port to listen on (8000)")
        parser.add_argument("--workers", type=serving.number_from(1, 64), default=2, help="web processes (2)")
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--web-only", action="store_true", help="no worker: another host runs it")
        only.add_argument("--worker-only", action="store_true", help="no web: only the ledger's readers and the jobs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["worker_only"]:
            with serving.stopped_by_signals() as stop:
                serving.run_worker(stop)
            return
        host, port = options["host"], options["port"]
        serving.claim(host, port)
        serving.prepare(self.stdout.write)
        self._make_owner()
        with serving.stopped_by_signals() as stop:
            serving.supervise(
                *(host, port, options["workers"], stop),
                ready=lambda: self._tell(host, port),
                worker=not options["web_only"],
            )
        self.stdout.write("Stopped.")

    def _tell(self, host: str, port: int) -> None:
        self.stdout.write(f"Groundswell is at {settings.BASE_URL}/ and listens on {host}:{port} (Ctrl-C stops it)")
        self.stdout.flush()

    def _make_owner(self) -> None:
        """The first run makes the owner: by asking, where somebody sits before it."""
        finding = next(health.owner())
        if not finding.wrong:
            return
        if not sys.stdin.isatty():
            self.stdout.write(f"{finding.wrong[:1].upper()}{finding.wrong[1:]}.")
            return
        self.stdout.write("Nobody owns this movement yet. The owner may do everything, and hand on any of it.")
        while True:
            address, name = input("Your email address: "), input("The movement's name: ").strip()
            try:
                owner = powers.found_movement(address, name)
            except BadContact as error:
                self.stdout.write(str(error))
                continue
            self.stdout.write(
                f"{owner.email} owns this movement. Sign in at {settings.BASE_URL}{reverse('account_login')}"
            )
            return
