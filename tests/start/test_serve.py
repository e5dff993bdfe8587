"""Serving: one command starts everything, and stopping it stops everything, the database included."""

import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from groundswell.web import serving as site
from tests.at_once import HANGS_S, until

ROOT = Path(__file__).parent.parent.parent


def environment(home: Path, **settings: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "BASE_URL", "DEMO"}}
    return {**clean, "GROUNDSWELL_HOME": str(home), **settings}


def command(*words: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "groundswell", *words],
        env=environment(home, **settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
    )


def answers(port: int, path: str = "/healthz") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=HANGS_S) as reply:
            return reply.status == 200
    except OSError:
        return False


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A home with a database that is up to date and stopped, to be copied: making one takes as long as most tests."""
    folder = tmp_path_factory.mktemp("migrated")
    folder.chmod(0o755)
    assert command("migrate", "--verbosity", "0", home=folder).returncode == 0
    return folder


@pytest.fixture
def home(migrated, tmp_path):
    """A home of the test's own that was never served. `cp` keeps whose the database's files are."""
    subprocess.run(["cp", "-a", f"{migrated}/.", str(tmp_path)], check=True)
    return tmp_path


@pytest.fixture
def serving(home):
    """A served site and its port. The first run, further down, is served from an empty folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "groundswell", "serve", "--port", str(port), "--workers", "1"],
        env=environment(home),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port))
        yield process, port, home
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait(HANGS_S)


def started_by(process: subprocess.Popen[bytes], home: Path) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    servers = [one for one in psutil.process_iter(["cmdline"]) if str(home / "postgres") in (one.info["cmdline"] or [])]
    return [*children, *servers]


def runs(process: psutil.Process) -> bool:
    """Whether it still does. One that ended stays in the table for as long as the first process collects nobody."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_end(processes: list[psutil.Process]) -> None:
    until(lambda: not any(runs(one) for one in processes))


def stops(process: subprocess.Popen[bytes], home: Path, number: int) -> None:
    """The signal ends it, and everything it started."""
    started = started_by(process, home)
    assert len(started) >= 3, "web, worker and database"
    process.send_signal(number)
    assert process.wait(HANGS_S) == 0
    all_end(started)


@pytest.mark.crash
def test_when_it_is_killed_its_children_go_and_the_next_start_serves_again(serving):
    process, port, home = serving
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    all_end(children)
    assert command("doctor", home=home).stdout.count("well  database") == 1
    until(
        lambda: not any(str(home / "postgres") in (p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"]))
    )


@pytest.mark.crash
def test_a_worker_that_dies_is_started_again_and_stops_with_the_rest(serving):
    process, port, home = serving
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/events", timeout=HANGS_S) as reply:
        assert f'href="http://127.0.0.1:{port}/es/events"' in reply.read().decode(), "its own address, and no other"

    def workers() -> list[int]:
        return [
            one.pid for one in psutil.Process(process.pid).children() if runs(one) and "--worker-only" in one.cmdline()
        ]

    [first] = workers()
    psutil.Process(first).kill()
    until(lambda: len(workers()) == 1 and workers() != [first])
    assert answers(port, "/events")
    stops(process, home, signal.SIGINT)


def test_a_child_that_does_not_stop_is_killed_with_its_own(monkeypatch):
    monkeypatch.setattr(site, "STOP_WITHIN_S", 1)
    deaf = "import signal, subprocess; signal.signal(15, signal.SIG_IGN); subprocess.run(['sleep', '60'])"
    child = site.Child("deaf one", [sys.executable, "-c", deaf])
    process = psutil.Process(child.process.pid)
    until(process.children)
    started = [process, *process.children()]
    child.stop()
    all_end(started)


def test_doctor_names_what_waits_and_how_to_mend_it(tmp_path):
    tmp_path.chmod(0o755)
    done = command("doctor", home=tmp_path)
    assert done.returncode == 1
    assert "run `groundswell migrate`" in done.stdout
    assert "EMAIL_URL=smtp://" in done.stdout
    assert "fsync is on" in done.stdout


def test_a_database_that_would_lose_what_it_acknowledged_is_refused(tmp_path):
    from groundswell.config import database

    tmp_path.chmod(0o755)
    with database.running(tmp_path / "postgres", {"fsync": "off", "synchronous_commit": "off"}) as url:
        refused = command("serve", "--port", "1", home=tmp_path, DATABASE_URL=url)
        told = command("doctor", home=tmp_path, DATABASE_URL=url)
    assert refused.returncode != 0
    assert "set fsync = on" in refused.stderr
    assert "set synchronous_commit = on" in told.stdout


def test_a_database_that_is_not_there_is_said_in_one_line(tmp_path):
    done = command("doctor", home=tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert "cannot be reached" in done.stdout and "refused" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_first_run_makes_the_owner_by_asking(tmp_path):
    """From an empty folder, on a terminal; elsewhere it says which command makes one."""
    tmp_path.chmod(0o755)
    terminal, typing = pty.openpty()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "groundswell", "serve", "--port", port, "--workers", "1"],
        env=environment(tmp_path, BASE_URL=f"http://127.0.0.1:{port}"),
        cwd=ROOT,
        stdin=typing,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        os.write(terminal, b"nonsense\nMy movement\ndana@example.org\nMy movement\n")
        until(lambda: answers(int(port)))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANGS_S) == 0
        os.close(terminal)
        os.close(typing)
    assert "well  owner" in command("doctor", home=tmp_path).stdout


def test_without_a_terminal_the_first_run_says_how_to_make_the_owner(home):
    assert "run `groundswell owner EMAIL`" in command("doctor", home=home).stdout
