"""The embedded PostgreSQL: shared by whoever needs it, stopped by whoever leaves last, durable."""

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from groundswell.config import database
from tests.at_once import HANGS_S, until

USER = """
import sys, time
from pathlib import Path
from groundswell.config import database
with database.running(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def use(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


def leave(process):
    process.stdin.close()
    process.wait(HANGS_S)
    process.stdout.close()


def answers(url):
    try:
        with psycopg.connect(url, connect_timeout=30) as link:
            return link.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


@pytest.fixture
def folder(tmp_path):
    yield tmp_path / "postgres"
    database.stop(tmp_path / "postgres")


def test_the_last_to_leave_stops_it(folder):
    first, url = use(folder)
    second, same = use(folder)
    assert url == same and answers(url)
    leave(first)
    assert answers(url)
    leave(second)
    assert not answers(url)


def test_a_killed_user_does_not_keep_it_running(folder):
    killed, url = use(folder)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdin.close()
    killed.stdout.close()
    assert answers(url)
    second, _ = use(folder)
    leave(second)
    assert not answers(url)


def test_it_listens_on_no_port_and_keeps_what_it_acknowledged(folder):
    with database.running(folder) as url:
        with psycopg.connect(url) as link:
            names = ["listen_addresses", "fsync", "full_page_writes", "synchronous_commit"]
            settings = [link.execute(f"SHOW {name}").fetchone()[0] for name in names]
            assert settings == ["", "on", "on", "on"]
            link.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
        database.kill(folder)
        until(lambda: not (Path(folder) / "postmaster.pid").exists() or not answers(url))
    with database.running(folder) as url, psycopg.connect(url) as link:
        assert link.execute("SELECT n FROM kept").fetchone() == (1,)


def test_a_long_path_gets_a_short_socket(tmp_path):
    deep = tmp_path / ("long" * 20) / ("path" * 10) / "postgres"
    with database.running(deep) as url:
        assert answers(url)
    assert not answers(url)
