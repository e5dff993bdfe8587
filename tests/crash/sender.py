"""Processes that send what waits, to be killed: loads Django once and forks one for each line it reads."""

import os
import signal
import sys


def send(naive):
    from groundswell.jobs import services, worker
    from groundswell.messaging.models import Delivery
    from groundswell.messaging.services import sending

    if naive:  # the control: what was on the wire when a process died is sent again
        sending._sweep = lambda: Delivery.objects.filter(state="sending").update(state="queued")
    services.enqueue("messaging.send")
    worker.drain()


if __name__ == "__main__":
    import django

    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            send(line.strip() == "naive")
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
