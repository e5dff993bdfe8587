"""Mail over one connection: each outcome is told, and of what broke off nothing is guessed."""

import asyncio
import contextlib

import pytest

from bench.sink import Sink
from groundswell.messaging.smtp import Connection, Gone, Mail, Server

DATA = b"Subject: Hello\r\n\r\n.\r\n..two\r\nText\r\n"


@contextlib.asynccontextmanager
async def sink(protocol=Sink, **how):
    taken = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: protocol(lambda recipient, mail: taken.append((recipient, mail)), **how), "127.0.0.1", 0
    )
    async with server:
        yield taken, server.sockets[0].getsockname()[1]


def sent(*recipients, protocol=Sink, how=None, server=None, data=DATA):
    """What the sink took, and what was told of each recipient, or None; the last word where the connection broke."""

    async def run():
        async with sink(protocol, **(how or {})) as (taken, port):
            told = {}
            broke = ""
            try:
                link = await Connection.to(Server("127.0.0.1", port, **(server or {})))
                mails = [Mail("us@example.org", recipient, data) for recipient in recipients]
                await link.send(mails, lambda number, outcome: told.__setitem__(recipients[number], outcome))
                await link.close()
            except Gone as gone:
                broke = str(gone)
            return taken, told, broke

    return asyncio.run(run())


both_ways = pytest.mark.parametrize("how", [{"pipelining": True}, {"pipelining": False}], ids=["pipelined", "stepwise"])


@both_ways
def test_each_mail_is_taken_once_and_as_it_was_written(how):
    names = [f"erin{n}@example.org" for n in range(50)]
    taken, told, broke = sent(*names, how=how)
    assert [recipient for recipient, _mail in taken] == names
    assert {mail for _recipient, mail in taken} == {DATA.replace(b"\r\n.", b"\r\n..")}
    assert not broke and [told[name].state for name in names] == ["sent"] * 50


@both_ways
@pytest.mark.parametrize("data", [b"", b".", b"Text", b".\r\n", b"Text\r\n.\r\n.Text"])
def test_a_mail_of_any_lines_ends(how, data):
    taken, _told, broke = sent("a@example.org", "b@example.org", how=how, data=data)
    lines = data if data.endswith(b"\r\n") else data + b"\r\n"
    assert not broke and [mail for _recipient, mail in taken] == [b"".join(_stuffed(lines))] * 2


def _stuffed(lines):
    return [b"." + line if line.startswith(b".") else line for line in lines.splitlines(keepends=True)]


@both_ways
def test_who_is_refused_holds_nobody_up(how):
    names = ["a@example.org", "bad-b@example.org", "busy-c@example.org", "d@example.org", "bad-e@example.org"]
    taken, told, broke = sent(*names, how=how)
    assert [recipient for recipient, _mail in taken] == ["a@example.org", "d@example.org"] and not broke
    assert [told[name].state for name in names] == ["sent", "failed", "queued", "sent", "failed"]
    assert told["bad-b@example.org"].problem == "550 no such mailbox"


@both_ways
def test_where_the_answer_is_lost_nobody_knows_and_the_rest_was_not_taken(how):
    names = ["a@example.org", "drop-b@example.org", "c@example.org"]
    taken, told, broke = sent(*names, how=how)
    assert [recipient for recipient, _mail in taken] == ["a@example.org", "drop-b@example.org"]
    assert told["a@example.org"].state == "sent" and told["drop-b@example.org"].state == "unknown"
    assert "c@example.org" not in told and broke


@both_ways
def test_a_server_that_says_nothing_more_is_not_waited_for_for_ever(how):
    class Deaf(Sink):
        def _answer(self, line):
            return super()._answer(line) if line != b"DATA" else b""

    _taken, told, broke = sent("a@example.org", protocol=Deaf, how=how, server={"answer_s": 0.2})
    assert told == {} and "Timeout" in broke


def test_a_mail_whose_taking_lasts_too_long_is_unknown():
    class Slow(Sink):
        silent = False

        def _next(self):
            answer = None if self.silent else super()._next()
            self.silent = self.silent or answer == b"250 taken\r\n"
            return None if self.silent else answer

    taken, told, broke = sent("a@example.org", "b@example.org", protocol=Slow, server={"taking_s": 0.2})
    assert [recipient for recipient, _mail in taken] == ["a@example.org"]
    assert told["a@example.org"].state == "unknown" and "b@example.org" not in told and "Timeout" in broke


def test_421_is_the_last_word():
    class Closing(Sink):
        def _answer(self, line):
            return b"421 closing\r\n" if line.startswith(b"RCPT TO:<b@") else super()._answer(line)

    _taken, told, broke = sent("a@example.org", "b@example.org", "c@example.org", protocol=Closing)
    assert told["a@example.org"].state == "sent" and told["b@example.org"].state == "queued"
    assert "c@example.org" not in told and broke == "421 closing"


@pytest.mark.parametrize("address", ["a@example.org\r\nRCPT TO:<b@example.org>", "a>@example.org", "a\0@example.org"])
def test_an_address_that_is_more_than_one_never_reaches_the_wire(address):
    taken, told, _broke = sent("x@example.org", address, "y@example.org")
    assert [recipient for recipient, _mail in taken] == ["x@example.org", "y@example.org"]
    assert told[address].state == "failed"


def test_letters_beyond_ascii_go_where_the_server_reads_them():
    class Old(Sink):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.offers.remove("SMTPUTF8")

    taken, _told, _broke = sent("zoë@example.org")
    assert [recipient for recipient, _mail in taken] == ["zoë@example.org"]
    taken, told, _broke = sent("zoë@example.org", "a@example.org", protocol=Old)
    assert [recipient for recipient, _mail in taken] == ["a@example.org"]
    assert told["zoë@example.org"].state == "failed"


def test_without_encryption_nothing_goes_where_it_is_needed():
    taken, told, broke = sent("a@example.org", server={"needs_tls": True})
    assert not taken and not told and "STARTTLS" in broke


def test_what_was_said_before_the_encryption_is_not_believed():
    class Between(Sink):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.offers.insert(1, "STARTTLS")

        def _answer(self, line):
            return b"220 go\r\n250 all is well\r\n" if line == b"STARTTLS" else super()._answer(line)

    taken, _told, broke = sent("a@example.org", protocol=Between)
    assert not taken and "between STARTTLS" in broke


def test_who_signs_in_says_so_and_who_is_not_let_in_hears_it():
    class Guarded(Sink):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.offers.insert(1, "AUTH PLAIN LOGIN")

        def _answer(self, line):
            if line.startswith(b"AUTH PLAIN "):
                return b"235 in\r\n" if line.endswith(b"AHVzAHNlY3JldA==") else b"535 no\r\n"
            return super()._answer(line)

    taken, _told, broke = sent("a@example.org", protocol=Guarded, server={"user": "us", "password": "secret"})
    assert len(taken) == 1 and not broke
    taken, _told, broke = sent("a@example.org", protocol=Guarded, server={"user": "us", "password": "wrong"})
    assert not taken and broke == "535 no"
