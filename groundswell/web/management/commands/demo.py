"""`groundswell demo`: a made-up movement to walk around in."""

import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from groundswell.web import serving
from groundswell.web.demo import loading, shape

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Make a movement of 3,500 events, serve it, and keep RSVPs arriving. Everybody in it is made up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=serving.PORT, default=8000, help="the port to listen on (8000)")
        events = serving.number_from(1, 1_000_000)
        parser.add_argument("--events", type=events, default=shape.EVENTS, help=f"how many events ({shape.EVENTS})")
        parser.add_argument("--prepare-only", action="store_true", help="make the movement, do not serve it")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo runs in a database of its own: call it as `groundswell demo`.")
        if not options["prepare_only"]:
            serving.claim(HOST, options["port"])
        serving.prepare(self.stdout.write)
        if not loading.is_filled():
            self._fill(options["events"])
        if options["prepare_only"]:
            return
        with serving.stopped_by_signals() as stop:
            arrivals = threading.Thread(target=loading.keep_arriving, args=[stop], name="arrivals")
            arrivals.start()
            serving.supervise(HOST, options["port"], 2, stop, ready=self._tell)
            arrivals.join()
        self.stdout.write("Stopped.")

    def _fill(self, events: int) -> None:
        started = time.monotonic()

        def say(step: str) -> None:
            self.stdout.write(f"  {time.monotonic() - started:5.1f} s  {step} ...")
            self.stdout.flush()

        self.stdout.write(f'Making the movement "{shape.NAME}":')
        if loading.is_begun():
            say("an interrupted demo is cleared away")
            loading.clear()
            serving.prepare(self.stdout.write)
        loading.fill(say, events)
        say("ready")
        connection.close()

    def _tell(self) -> None:
        site = settings.BASE_URL
        self.stdout.write(f"""
{shape.NAME} is at {site}/ (Ctrl-C stops it)

  {site}/events?near=Burlington,+VT   find an event near you
  {site}/events/new                    host one
  {site}/account/sign-in/                sign in; the code arrives at {site}/outbox
      {shape.OWNER}   runs the whole movement: {site}/hq, {site}/hq/mailings
      {shape.SECOND}   does, too: the second person a mailing to many needs
      {shape.LEADER}  reviews events in Vermont: {site}/hq/review
      {shape.HOST}   hosts in Burlington, one event just now: {site}/me
""")
        self.stdout.flush()
