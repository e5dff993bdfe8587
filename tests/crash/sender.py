"""Processes that send what waits, to be killed.

`python -m tests.crash.sender` loads Django once and forks one for each line it reads, which names what it is to do:
`guarded` and `naive` send single mails; the others a mailing, by our design or by one that loses or repeats people.
"""

import os
import signal
import sys
import threading

BATCH = 50  # recipients that a design works on at a time


def main():
    import django

    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            {"guarded": single, "naive": naive, "ours": ours, **DESIGNS}[line.strip()]()
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def single():
    from groundswell.jobs import services, worker

    services.enqueue("messaging.send")
    worker.drain()


def naive():
    """The control: what was on the wire when a process died is sent again."""
    from groundswell.messaging.models import Delivery
    from groundswell.messaging.services import sending

    sending._sweep = lambda: Delivery.objects.filter(state="sending").update(state="queued")
    single()


def ours():
    """A real worker, at a faster pace than in truth."""
    from datetime import timedelta

    from groundswell.jobs.worker import Pace, run
    from groundswell.messaging.services import beginning
    from tests.crash.processes import HEARTBEAT, REAP, STALLED

    beginning.STILL = timedelta(seconds=2 * STALLED)
    run(threading.Event(), Pace(HEARTBEAT, STALLED, REAP, rounds=0.5, poll=0.1))


# --- designs that lose or repeat people ----------------------------------------------------------------------------
def cursor_at_fetch():
    """Where it is in the list is noted before the batch is sent."""
    _by_cursor(lambda moved, batch: (moved(), _send(batch)))


def cursor_after_batch():
    """Where it is in the list is noted after the batch was sent."""
    _by_cursor(lambda moved, batch: (_send(batch), moved()))


def send_then_mark():
    """A row for each recipient, marked after it was sent."""
    from django.db import transaction

    from groundswell.messaging.models import Delivery

    while True:
        with transaction.atomic():
            rows = Delivery.objects.filter(state="queued").select_for_update(skip_locked=True, of=("self",))
            batch = list(rows.select_related("person").order_by("pk")[:BATCH])
            if not batch:
                return
            _send(batch)
            Delivery.objects.filter(pk__in=[row.pk for row in batch]).update(state="sent")


def requeue_at_start():
    """Claimed before it is sent, as ours; but what is claimed when a process starts is sent again."""
    from django.db import transaction

    from groundswell.messaging.models import Delivery

    Delivery.objects.filter(state="sending").update(state="queued")
    while True:
        with transaction.atomic():
            rows = Delivery.objects.filter(state="queued").select_for_update(skip_locked=True, of=("self",))
            batch = list(rows.select_related("person").order_by("pk")[:BATCH])
            Delivery.objects.filter(pk__in=[row.pk for row in batch]).update(state="sending")
        if not batch:
            return
        _send(batch)
        Delivery.objects.filter(pk__in=[row.pk for row in batch]).update(state="sent")


DESIGNS = {one.__name__: one for one in (cursor_at_fetch, cursor_after_batch, send_then_mark, requeue_at_start)}


def _by_cursor(work):
    from django.db import connection, transaction

    from groundswell.messaging.models import Delivery

    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute("SELECT up_to FROM crash_cursor FOR UPDATE")
                (up_to,) = cursor.fetchone()
                rows = Delivery.objects.filter(pk__gt=up_to).select_related("person").order_by("pk")
                batch = list(rows[:BATCH])
                if not batch:
                    return

                def moved(batch=batch):
                    cursor.execute("UPDATE crash_cursor SET up_to = %s", [batch[-1].pk])
                    transaction.get_connection().connection.commit()

                work(moved, batch)
            Delivery.objects.filter(pk__in=[row.pk for row in batch]).update(state="sent")


def _send(batch):
    from groundswell.messaging.copies import Copies, Reader
    from groundswell.messaging.models import Mailing
    from groundswell.messaging.transports import transport

    global _way, _copies
    _way = _way or transport()
    _copies = _copies or Copies(Mailing.objects.get())
    readers = [Reader(row.pk, row.address, row.subject_line_id, 0, row.person_id, "", "", "") for row in batch]
    _way.send(_copies.of(readers))


_way = _copies = None

if __name__ == "__main__":
    main()
