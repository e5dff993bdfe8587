"""Processes that are killed while they send mail: nobody is lost, nobody gets two, and what is in doubt is said."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.messaging import services
from groundswell.messaging.models import Delivery
from groundswell.messaging.services import Message
from groundswell.messaging.tests import sink as smtp
from groundswell.messaging.transports import CONNECTIONS
from groundswell.people.models import ContactPoint
from groundswell.people.services import NewPerson, add_many
from tests.at_once import until

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

RECIPIENTS, KILLS = 1_200, 20


@contextlib.contextmanager
def senders(port):
    """Starts a sender for each call."""
    database = connection.settings_dict
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.sender"],
        cwd=Path(__file__).parent.parent.parent,
        env={
            **os.environ,
            "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        },
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def start(how):
        parent.stdin.write(f"{how}\n")
        parent.stdin.flush()
        return int(parent.stdout.readline())

    try:
        yield start
    finally:
        parent.stdin.close()
        parent.wait()
        parent.stdout.close()


def killed_while_sending(how, settings):
    """Send to everybody while processes die; how often each delivery arrived."""
    addresses = [f"p{n}@example.org" for n in range(RECIPIENTS)]
    add_many([NewPerson(email=address) for address in addresses], actor="system:test", how="test")
    ContactPoint.objects.update(verified_at=clock.now())
    services.queue_many([Message(address, None, address, "Hello", "Text") for address in addresses])
    dice = random.Random(20)
    with smtp.running() as (sink, port), senders(port) as start:
        sink.pause = 0.004
        for _ in range(KILLS):
            taken = len(sink.taken)
            if not Delivery.objects.filter(state="queued").exists():
                break  # a slow machine let one work for long
            pid = start(how)
            until(lambda taken=taken: len(sink.taken) > taken)
            time.sleep(dice.uniform(0, 0.06))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        if how == "naive":
            Delivery.objects.filter(state="sending").update(state="queued")
        later = clock.now() - timedelta(minutes=11)
        Delivery.objects.filter(state="sending").update(moved_at=later)
        jobs.enqueue("messaging.send")
        drain()
        return Counter(sink.ids())


def test_nobody_is_lost_or_written_to_twice(settings):
    arrived = killed_while_sending("guarded", settings)
    state = {str(row.pk): row.state for row in Delivery.objects.all()}
    by_state = Counter(state.values())
    assert max(arrived.values()) == 1
    assert by_state["sent"] + by_state["unknown"] == RECIPIENTS
    assert 0 < by_state["unknown"] <= KILLS * CONNECTIONS  # what was on the wire
    assert all(pk in arrived for pk, was in state.items() if was == "sent")


def test_sending_again_what_was_on_the_wire_writes_to_people_twice(settings):
    assert max(killed_while_sending("naive", settings).values()) > 1
