"""What `serve` and `demo` refuse before they start, and when they give up."""

import os
import socket
import sys
import threading

import pytest
from django.core.management import CommandError, call_command

from groundswell.config import cli
from groundswell.web import serving
from tests.at_once import HANGS_S, until

COMMANDS = ["serve", "demo"]


@pytest.fixture
def listening(settings):
    """A server on a port that it would share, as Granian's does."""
    settings.DEMO = True
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


@pytest.mark.parametrize("command", COMMANDS)
def test_a_port_that_is_in_use_is_not_shared(listening, command):
    port = listening.getsockname()[1]
    with pytest.raises(CommandError, match=f"^Port {port} is in use; choose another with --port$"):
        call_command(command, port=port)


def test_that_port_could_be_shared(listening):
    """The control: the kernel lets a second server in that asks for it."""
    with socket.socket() as second:
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        second.bind(listening.getsockname())
        second.listen()


def test_a_port_is_free_again_right_after_a_stop(listening):
    port = listening.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as visitor:
        listening.accept()[0].close()  # who closes first keeps the connection's remains
        visitor.recv(1)
    listening.close()
    with pytest.raises(OSError), socket.socket() as plain:
        plain.bind(("127.0.0.1", port))
    serving.claim("127.0.0.1", port)


def test_an_address_of_another_machine_is_said_in_one_line():
    with pytest.raises(CommandError, match="Nobody can listen on 192.0.2.1, port 8000"):
        call_command("serve", host="192.0.2.1")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("words", ["--port=99999", "--port=0", "--port=-1", "--port=http"])
def test_a_port_is_a_number_in_range(command, words):
    with pytest.raises(CommandError, match="must be a number from 1 to 65535"):
        call_command(command, words)


def test_so_are_processes_and_events():
    for words in (["serve", "--workers=0"], ["serve", "--workers=65"], ["demo", "--events=-5"], ["demo", "--events=0"]):
        with pytest.raises(CommandError, match="must be a number from 1 to"):
            call_command(*words)


def test_what_never_ran_is_given_up(monkeypatch):
    monkeypatch.setattr(serving, "SETTLED_S", HANGS_S)
    monkeypatch.setattr(serving, "web_command", lambda *args: [sys.executable, "-c", "exit(3)"])
    stop = threading.Event()
    with pytest.raises(
        CommandError, match=r"^The web server died 3 times right after its start \(code 3\), see above$"
    ):
        serving.supervise("127.0.0.1", 1, 1, stop, ready=lambda: pytest.fail("it answered"), worker=False)
    assert stop.is_set()


def test_what_ran_is_started_again_and_again(monkeypatch):
    monkeypatch.setattr(serving, "SETTLED_S", 0)
    child = serving.Child("web server", [sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        for _ in range(serving.TRIES):
            until(lambda: child.look() or child.settled)
            died = child.process
            died.kill()
            died.wait()
            until(lambda died=died: child.look() or child.process is not died)
    finally:
        child.stop()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "http://127.0.0.1:8000"),
        ("--port 8299", "http://127.0.0.1:8299"),
        ("--port=8299 --workers 3", "http://127.0.0.1:8299"),
        ("--host 0.0.0.0 --port 8299", "http://127.0.0.1:8299"),
        ("--host=10.1.2.3", "http://10.1.2.3:8000"),
        ("--host ::1", "http://[::1]:8000"),
        ("--port=99999", None),
        ("--port", None),
    ],
)
def test_people_reach_a_site_where_it_listens_unless_told_otherwise(monkeypatch, words, said):
    monkeypatch.setenv("BASE_URL", "https://example.org")
    cli._set_base_url(words.split())
    assert os.environ["BASE_URL"] == "https://example.org"
    monkeypatch.delenv("BASE_URL")
    cli._set_base_url(words.split())
    assert os.environ.pop("BASE_URL", None) == said
