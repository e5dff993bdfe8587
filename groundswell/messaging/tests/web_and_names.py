"""A small web and a small DNS on this machine, for what looks at both."""

import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset


class _Pages(BaseHTTPRequestHandler):
    """/ok, /gone, /no-head, /image, /huge, /to?<address>, /loop, /drip, /forbidden."""

    seen: list[str] = []

    def do_HEAD(self):
        self.do_GET(body=False)

    def do_GET(self, body=True):
        path, _sign, query = self.path.partition("?")
        self.seen.append(f"{self.command} {self.path}")
        if path == "/no-head" and not body:
            return self.send_error(405)
        if path in {"/gone", "/forbidden"}:
            return self.send_error({"/gone": 404, "/forbidden": 403}[path])
        if path in {"/to", "/loop"}:
            self.send_response(302)
            self.send_header("Location", query if path == "/to" else "/loop")
            self.end_headers()
            return None
        if path == "/drip":
            self.drip()
            return None
        self.send_response(200)
        content = b"x" * {"/image": 2_000, "/huge": 600 * 1024}.get(path, 5)
        self.send_header("Content-Type", "image/png" if path in {"/image", "/huge"} else "text/html")
        self.end_headers()
        if body:
            self.wfile.write(content)
        return None

    def drip(self):
        try:
            for sign in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200:
                self.connection.sendall(bytes([sign]))
                if self.server.stopped.wait(0.1):
                    return
        except OSError:
            return

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that goes away in the middle is what some tests are about."""


@contextmanager
def web(certified: ssl.SSLContext | None = None):
    """Its address; `asked` says what was asked."""
    server = _Server(("127.0.0.1", 0), _Pages)
    if certified:
        server.socket = certified.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.stopped = threading.Event()
    _Pages.seen.clear()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


def asked() -> list[str]:
    return list(_Pages.seen)


@contextmanager
def names(records):
    """A resolver that knows these TXT records: {name: [text]}; a name with None gets no answer."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    stopped = threading.Event()
    server.settimeout(0.05)

    def serve():
        while not stopped.is_set():
            try:
                data, client = server.recvfrom(4096)
            except TimeoutError:
                continue
            question = dns.message.from_wire(data)
            name = str(question.question[0].name).rstrip(".")
            if name in records and records[name] is None:
                continue
            reply = dns.message.make_response(question)
            reply.flags |= dns.flags.RA
            if name not in records:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif records[name]:
                texts = [f'"{text}"' for text in records[name]]
                reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *texts))
            server.sendto(reply.to_wire(), client)

    thread = threading.Thread(target=serve)
    thread.start()
    found = dns.resolver.Resolver(configure=False)
    found.nameservers, found.port, found.lifetime = ["127.0.0.1"], server.getsockname()[1], 0.5
    try:
        yield found
    finally:
        stopped.set()
        thread.join()
        server.close()
