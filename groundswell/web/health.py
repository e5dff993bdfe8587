"""What can be wrong with an installation, and how to mend it. `groundswell doctor` prints it; `serve` refuses to start
on what would lose data."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from groundswell.kit.clock import now
from groundswell.ledger import selectors as ledger
from groundswell.messaging import transports
from groundswell.powers import selectors as powers
from groundswell.powers.models import ROOT
from groundswell.powers.verbs import EVERYTHING

# A commit that was acknowledged must be on disk: measured, without these 181 of 108,749 commits were lost to crashes.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: what was looked at, one word.
        wrong: what is wrong and how to mend it; empty: all is well.
        says: what was found.
        fatal: the site must not run like this.
    """

    topic: str
    says: str
    wrong: str = ""
    fatal: bool = False


def database() -> Iterator[Finding]:
    """Is it there, new enough, and durable?"""
    try:
        _reach()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
            number, version = cursor.fetchone()
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(DURABLE)])
            found = dict(cursor.fetchall())
    except (DatabaseError, psycopg.Error) as error:
        reason = str(error).strip().splitlines()[0]
        yield Finding("database", "", f"cannot be reached ({reason}); check DATABASE_URL or the server", fatal=True)
        return
    too_old = f"PostgreSQL {version} is too old; use 15 or newer" if number < 150_000 else ""
    yield Finding("database", f"PostgreSQL {version}", too_old, fatal=bool(too_old))
    for name, wanted in DURABLE.items():
        weak = name == "synchronous_commit" and found[name] in {"remote_apply", "remote_write", "local"}
        wrong = (
            ""
            if found[name] == wanted or weak
            else f"{name} is {found[name]}: a crash can lose what was acknowledged; set {name} = {wanted}"
        )
        yield Finding("durability", f"{name} is {found[name]}", wrong, fatal=bool(wrong))


def _reach() -> None:
    """Connect anew. Raises psycopg.Error."""
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {name: settings.DATABASES["default"].get(django) for name, django in names.items()}
    psycopg.connect(connect_timeout=5, **{name: value for name, value in given.items() if value}).close()


def migrations() -> Iterator[Finding]:
    """Do the tables fit this version of the code?"""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    wrong = f"{len(plan)} migrations wait; run `groundswell migrate`" if plan else ""
    yield Finding("migrations", "all applied", wrong, fatal=bool(wrong))


def ledger_lag() -> Iterator[Finding]:
    """Does the worker keep up with what happens?"""
    lag = ledger.lag()
    late = lag.oldest_s > 60
    wrong = f"{lag.pending} entries wait, the oldest for {lag.oldest_s:.0f} s; is a worker running?" if late else ""
    yield Finding("ledger", f"{lag.pending} entries wait for their block", wrong)


def mail() -> Iterator[Finding]:
    """Can mail leave?"""
    if settings.EMAIL_BACKEND.endswith("OutboxBackend"):
        wrong = "" if settings.DEMO else "mail is kept in the home folder and reaches nobody; set EMAIL_URL=smtp://..."
        yield Finding("mail", "kept in the outbox of the demo", wrong)
        return
    for way in transports.look():
        setting = "EMAIL_URL" if way.name == "first" else "EMAIL_SECOND_URL"
        wrong = f"{way.goes_to} does not answer ({way.problem}); check {setting}" if way.problem else ""
        yield Finding("mail", f"{way.goes_to or 'the outbox'} answers, the {way.name} way out", wrong)


def clock() -> Iterator[Finding]:
    """Do this machine and the database agree on the time?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        off = abs((now() - cursor.fetchone()[0]).total_seconds())
    wrong = f"this machine and the database differ by {off:.0f} s; let both keep time by NTP" if off > 5 else ""
    yield Finding("clock", f"{off:.1f} s from the database's", wrong)


def disk() -> Iterator[Finding]:
    """Is there room?"""
    free = shutil.disk_usage(Path(settings.GROUNDSWELL_HOME)).free / 2**30
    wrong = f"only {free:.1f} GiB are free in GROUNDSWELL_HOME; make room" if free < 2 else ""
    yield Finding("disk", f"{free:.0f} GiB free", wrong)


def safety() -> Iterator[Finding]:
    """Are the settings fit for the open internet?"""
    where = urlsplit(settings.BASE_URL)
    local = where.hostname in {"localhost", "127.0.0.1"}
    if settings.DEBUG:
        yield Finding("settings", "", "DEBUG shows tracebacks with people's data; unset it")
    if where.scheme != "https" and not local:
        yield Finding("settings", "", "BASE_URL is not https: sign-in codes and cookies travel in the open")
    if not settings.SECOND_FACTOR_REQUIRED and not settings.DEMO:
        yield Finding(
            "settings", "", "SECOND_FACTOR is offered: one stolen mailbox opens everybody's data; set required"
        )
    yield Finding("settings", f"serving {settings.BASE_URL}")


def owner() -> Iterator[Finding]:
    """Does somebody hold the movement's powers?"""
    wrong = "" if powers.holders(EVERYTHING, ROOT) else "nobody owns this movement yet; run `groundswell owner EMAIL`"
    yield Finding("owner", "there is one", wrong)


NEEDS_TABLES: list[Callable[[], Iterator[Finding]]] = [ledger_lag, owner]
CHECKS: list[Callable[[], Iterator[Finding]]] = [safety, disk, mail, database, migrations, clock, *NEEDS_TABLES]


def examine() -> Iterator[Finding]:
    """Every finding, in order; checks that need what is broken are left out."""
    broken: set[str] = set()
    for check in CHECKS:
        if "database" in broken and check in {migrations, clock}:
            continue
        if broken & {"database", "migrations"} and check in NEEDS_TABLES:
            continue
        for finding in check():
            if finding.fatal and finding.topic in {"database", "migrations"}:
                broken.add(finding.topic)
            yield finding
