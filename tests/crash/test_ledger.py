"""The ledger's loop is killed in the middle, again and again; no entry is lost or counted twice."""

import signal
import threading
import time

import pytest
from django.db import connection, transaction

from groundswell.ledger import consumers, selectors, services, verify
from tests.at_once import until

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

KIND = "event.rsvp"


def count():
    return selectors.tally(KIND).entries


@pytest.mark.parametrize("guarded", [True, False])
def test_each_entry_counts_once_however_often_the_loop_is_killed(guarded, monkeypatch, process):
    """Unguarded (the control: cursor and effect in transactions of their own), some count twice."""
    monkeypatch.setattr("groundswell.ledger.hooks.consumers", {"tallies": consumers.Tallies()})
    stop, written = threading.Event(), []

    def writer():
        try:
            while not stop.is_set():
                with transaction.atomic():
                    written.append(services.record(KIND, actor="system:test"))
                time.sleep(0.01)
        finally:
            connection.close()

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(8):
            before = count()
            with process("ledger", *([] if guarded else ["UNGUARDED"])) as loop:
                until(lambda before=before: count() > before)
                time.sleep(0.1)
                loop(signal.SIGKILL)
    finally:
        stop.set()
        thread.join()
    services.catch_up()
    if guarded:
        assert count() == len(written) > 0
        rebuilt = services.rebuild(consumers.Tallies())
        assert rebuilt.before == rebuilt.after
        assert list(verify.findings()) == []
    else:
        assert count() > len(written)
