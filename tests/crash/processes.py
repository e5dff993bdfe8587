"""Real processes to be killed by the tests of this folder.

`python -m tests.crash.processes` loads Django once and forks one for each line it reads: quicker than starting each.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

# Faster than in truth (10 s, 30 s and 60 s), and yet no busy machine keeps a heart from beating for so long.
HEARTBEAT, STALLED, REAP = 0.5, 4.0, 0.5


class Nursery:
    """Forks processes that work on the test's database."""

    def __init__(self):
        from django.db import connection

        database = connection.settings_dict
        url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.processes"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @contextlib.contextmanager
    def process(self, what, *flags):
        """A process, killed at the end. Yields a function that sends it a signal."""
        self.parent.stdin.write(" ".join([what, *flags]) + "\n")
        self.parent.stdin.flush()
        pid = int(self.parent.stdout.readline())

        def send(number):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

        try:
            yield send
        finally:
            send(signal.SIGKILL)

    def close(self):
        self.parent.stdin.close()
        self.parent.wait()
        self.parent.stdout.close()


def fork_for_each_line():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead need no burial
    for line in sys.stdin:
        what, *flags = line.split()
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ.update(dict.fromkeys(flags, "1"))
            os._exit({"worker": worker, "ledger": ledger}[what]() or 0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def worker():
    """Run jobs at the short pace. `crash.act` writes that it began, lingers the first time, and takes effect."""
    from django.db import connection

    from groundswell.jobs import hooks, services
    from groundswell.jobs.worker import Pace, run

    def write(what):
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO crash_log (what) VALUES (%s)", [what])

    def act(lease, linger):
        write("began")
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM crash_log WHERE what = 'began'")
            times = cursor.fetchone()[0]
        connection.close()
        if times <= linger:
            time.sleep(1 if os.environ.get("NAP") else 600)
        with lease.transaction():
            write("effect")
        write("over")

    if os.environ.get("UNGUARDED"):
        services.Lease._check = lambda self, lock: None
    hooks.register_job("crash.act", act)
    run(threading.Event(), Pace(HEARTBEAT, STALLED, REAP, poll=0.1, concurrency=1))


def ledger():
    """Run the ledger's loop with a consumer that is slow to commit."""
    from groundswell.ledger import consumers, hooks, loop

    count = consumers.Tallies.handle

    def slowly(self, entries):
        if os.environ.get("UNGUARDED"):  # count in a transaction of its own, as a reader with a separate cursor does
            thread = threading.Thread(target=count, args=[self, entries])
            thread.start()
            thread.join()
        else:
            count(self, entries)
        time.sleep(0.2)

    consumers.Tallies.handle = slowly
    hooks.consumers = {"tallies": consumers.Tallies()}
    loop.run(threading.Event())


if __name__ == "__main__":
    import django

    django.setup()
    fork_for_each_line()
