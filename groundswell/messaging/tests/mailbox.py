"""A small IMAP server in a thread: one account, one folder, as much of RFC 3501 as reading needs."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator


class Mailbox:
    """What lies in it, and how often each mail was fetched."""

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.validity = 7
        self.fetched: list[int] = []
        self.said: list[str] = []
        self.hangs_up_at = 0  # fetching this mail

    def put(self, *mails: bytes) -> None:
        for mail in mails:
            self.mails[max(self.mails, default=0) + 1] = mail


@contextlib.contextmanager
def running(password: str = "secret") -> Iterator[tuple[Mailbox, int]]:
    """The mailbox of `erin` and its port."""
    box = Mailbox()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError, ConnectionError):
                _talk(box, connection, password)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield box, listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def _talk(box: Mailbox, connection: socket.socket, password: str) -> None:
    lines = connection.makefile("rb")
    connection.sendall(b"* OK ready\r\n")
    for raw in lines:
        line = raw.decode().strip()
        box.said.append(line)
        tag, command, *rest = line.split(" ")
        command, done = command.upper(), "OK done"
        if command == "CAPABILITY":
            connection.sendall(b"* CAPABILITY IMAP4rev1\r\n")
        elif command == "LOGIN":
            done = "OK in" if rest[1].strip('"') == password else "NO wrong"
        elif command in {"SELECT", "EXAMINE"}:
            said = f"* {len(box.mails)} EXISTS\r\n* OK [UIDVALIDITY {box.validity}] ids\r\n"
            connection.sendall(said.encode())
            done = "OK [READ-ONLY] there"
        elif command == "UID" and rest[0].upper() == "SEARCH":
            first = int(re.search(r"UID (\d+):\*", line)[1])
            last = max(box.mails, default=0)
            found = [uid for uid in sorted(box.mails) if uid >= first or uid == last]  # as `n:*` means
            connection.sendall(f"* SEARCH {' '.join(map(str, found))}\r\n".encode())
        elif command == "UID" and rest[0].upper() == "FETCH":
            uid = int(rest[1])
            if uid == box.hangs_up_at:
                box.hangs_up_at = 0
                return
            box.fetched.append(uid)
            mail = box.mails[uid]
            head = f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(mail)}}}\r\n".encode()
            connection.sendall(head + mail + b")\r\n")
        elif command == "LOGOUT":
            connection.sendall(f"* BYE\r\n{tag} OK\r\n".encode())
            return
        connection.sendall(f"{tag} {done}\r\n".encode())
