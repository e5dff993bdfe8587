"""The `groundswell` command. Without arguments it explains itself; every command is a Django command of some app."""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

# Commands for whoever runs a movement; Django's own (migrate, shell, ...) work too.
GUIDE = """\
Groundswell: organizing software for movements that win by giving power away.

  groundswell demo                    a made-up movement to walk around in, at http://127.0.0.1:8000/
  groundswell serve                   run the site and its worker
  groundswell owner EMAIL             make the first owner of this movement
  groundswell doctor                  what is wrong with this installation, and how to mend it
  groundswell import events FILE      load an event programme (CSV); --dry-run writes nothing
  groundswell export events           the event programme as CSV
  groundswell ledger verify           prove that nobody changed what happened
  groundswell ledger rebuild NAME     make a projection anew from the ledger
  groundswell messages                take new strings into the translations; --check, --compile
  groundswell bench NAME              measure this machine

`groundswell COMMAND --help` tells more. Data is kept in GROUNDSWELL_HOME (.groundswell/ unless set);
settings are listed in docs/settings.md.
"""

WITHOUT_DATABASE = {"messages", "version"}
OF_WHAT_IS_THERE = {"export", "ledger"}  # they make no database
WHICH_DATABASE = "`groundswell serve` makes what is missing; GROUNDSWELL_HOME or DATABASE_URL names another database."


def main() -> None:
    """Run one command; Ctrl-C and SIGTERM end it in order, so that the database it started stops too."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


def _run() -> None:
    """Run one command, with the embedded database underneath unless DATABASE_URL names another."""
    if len(sys.argv) < 2 or sys.argv[1] in {"help", "-h", "--help"}:
        sys.stdout.write(GUIDE)
        return
    from groundswell.config import database, env

    if sys.argv[1] == "demo":
        _set_demo()
    if sys.argv[1] in {"demo", "serve"}:
        _set_base_url(sys.argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundswell.config.settings")
    settings = env.load()
    if settings.database_url or sys.argv[1] in WITHOUT_DATABASE or "--help" in sys.argv:
        _execute()
        return
    folder = settings.home / "postgres"
    if sys.argv[1] in OF_WHAT_IS_THERE and not (folder / "PG_VERSION").exists():
        sys.exit(f"There is no database in {settings.home}. {WHICH_DATABASE}")
    with database.running(folder) as url:
        os.environ["DATABASE_URL"] = url
        env.load.cache_clear()
        _execute()


def _execute() -> None:
    from django.core.management import execute_from_command_line
    from django.db import ProgrammingError
    from psycopg.errors import UndefinedTable

    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        sys.exit(f"This database has not all tables of Groundswell. {WHICH_DATABASE}")


def _set_demo() -> None:
    """Settings are read once, so the demo's own must stand before that. It never touches another database."""
    home = Path(os.environ.get("GROUNDSWELL_HOME", ".groundswell")) / "demo"
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {"DEMO": "true", "GROUNDSWELL_HOME": str(home), "EMAIL_URL": "outbox:"}


def _set_base_url(words: list[str]) -> None:
    """Unless BASE_URL is set, people reach the site where it listens. The processes it starts inherit this. What is
    wrong with the arguments the command itself says."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    with contextlib.suppress(argparse.ArgumentError):
        asked, _others = parser.parse_known_args(words)
        if 1 <= asked.port <= 65_535:
            host = "127.0.0.1" if asked.host in {"0.0.0.0", "::"} else asked.host  # noqa: S104
            os.environ.setdefault("BASE_URL", f"http://{f'[{host}]' if ':' in host else host}:{asked.port}")
