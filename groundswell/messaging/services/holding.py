"""Holding all sending: a system that was restored from a copy, or slept for long, may have sent already what it has
queued. It says so and waits for a person.

A server that took over from another (a new timeline of PostgreSQL) is held too: the last commits of the old one may be
missing, and with them what was sent.
"""

import math
import time
from datetime import datetime, timedelta

from django.db import connection, transaction

from groundswell.kit import clock
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import record
from groundswell.messaging.models import Hold

ASLEEP = timedelta(minutes=30)  # without a beat; what was queued before may have gone out from another copy
LOOK_S = 60
RESTORED, SLEPT = "restored", "slept"

_looked = -math.inf


def held_at() -> datetime | None:
    """Since when nothing leaves that was queued before; None: all may go."""
    return Hold.objects.filter(held_at__isnull=False).values_list("held_at", flat=True).first()


def look() -> None:
    """Hold the system if it has to be, before it sends: the first thing that a restored copy does may be that. It costs
    a process one look a minute."""
    global _looked
    if time.monotonic() - _looked > LOOK_S:
        with transaction.atomic():
            beat()
        _looked = time.monotonic()


def beat() -> None:
    """Note that the system is awake, in the caller's transaction; hold it if it is not where it was, or was away."""
    now = clock.now()
    cluster = _cluster()
    hold, _made = Hold.objects.select_for_update().get_or_create(only=True, defaults={"cluster": cluster})
    why = ""
    if hold.cluster != cluster:
        why = RESTORED
    elif hold.beat_at and now - hold.beat_at > ASLEEP:
        why = SLEPT
    if why and hold.held_at is None:
        hold.held_at, hold.why = now, why
        record("sending.held", actor=system_actor("sending"), data={"why": why})
    hold.cluster, hold.beat_at = cluster, now
    hold.save()


def _cluster() -> str:
    """Which server this is, and which of its lives; it changes when a copy is restored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, timeline_id, (SELECT oid FROM pg_database WHERE datname = current_database())"
            " FROM pg_control_system(), pg_control_checkpoint()"
        )
        return " ".join(map(str, cursor.fetchone()))
