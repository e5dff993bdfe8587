"""`groundswell serve`: run the site."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from groundswell.web import serving


class Command(BaseCommand):
    help = "Run the site and its worker. Ctrl-C or SIGTERM stops everything that was started, the database included."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on (8000)")
        parser.add_argument("--workers", type=int, default=2, help="web processes (2)")
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--web-only", action="store_true", help="no worker: another host runs it")
        only.add_argument("--worker-only", action="store_true", help="no web: only the ledger's readers and the jobs")

    def handle(self, *args: Any, **options: Any) -> None:
        with serving.stopped_by_signals() as stop:
            if options["worker_only"]:
                serving.run_worker(stop)
                return
            serving.prepare(self.stdout.write)
            commands = [serving.web_command(options["host"], options["port"], options["workers"])]
            if not options["web_only"]:
                commands.append(serving.worker_command())
            self.stdout.write(f"Groundswell is at http://{options['host']}:{options['port']}/ (Ctrl-C stops it)")
            serving.supervise(commands, stop)
            self.stdout.write("Stopped.")
