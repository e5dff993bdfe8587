"""Looking at an address on the web as a machine of ours, without ever being led into our own network.

Every host is resolved here, each of its addresses must be one of the public internet, and the connection goes to the
very address that was checked; redirects are followed one by one with the same questions asked.
"""

import socket
import ssl
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri

STEP_S = 5  # between two signs of life
WHOLE_S = 10  # for one address with all that it leads to
MOST_STEPS = 5
MOST_BYTES = 5 * 1024 * 1024  # that are read of a picture
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Seen:
    """What answered.

    Attributes:
        why: empty: it is there; else one of gone, status, host, private, certificate, silent, redirects, no_image.
        status: of the last answer, where there was one.
        size: of a picture, in bytes.
    """

    why: str = ""
    status: int = 0
    size: int = 0


class _No(Exception):
    """The message is a `Seen.why`."""


def look(url: str, *, image: bool = False) -> Seen:
    """Ask for the address; a picture is read, of anything else only whether it is there."""
    timer = _Timer()
    try:
        with timer:
            return _look(url, timer, image=image)
    except _No as no:
        return Seen(str(no))
    except ssl.SSLCertVerificationError:
        return Seen("certificate")
    except socket.gaierror as error:
        return Seen("host" if error.errno == socket.EAI_NONAME else "silent")
    except (OSError, HTTPException, ValueError):
        return Seen("silent")


def _look(url: str, timer: "_Timer", *, image: bool) -> Seen:
    methods = ["GET"] if image else ["HEAD", "GET"]
    for _step in range(MOST_STEPS + 1):
        parts = urlsplit(url)
        with closing(_connection(parts, timer)) as connection:
            reply = _ask(connection, methods[0], parts)
            if reply.status in {301, 302, 303, 307, 308} and (further := reply.getheader("Location")):
                url = urljoin(url, further)
            elif reply.status >= 400 and len(methods) > 1:
                methods = ["GET"]  # some refuse HEAD
            elif reply.status >= 400:
                return Seen("gone" if reply.status in {404, 410} else "status", reply.status)
            elif not image:
                return Seen(status=reply.status)
            elif not (reply.getheader("Content-Type") or "").lower().startswith("image/"):
                return Seen("no_image", reply.status)
            else:
                return Seen(status=reply.status, size=len(reply.read(MOST_BYTES)))
    return Seen("redirects")


def _ask(connection: HTTPConnection, method: str, parts: SplitResult) -> HTTPResponse:
    path = iri_to_uri(parts.path or "/") + (f"?{iri_to_uri(parts.query)}" if parts.query else "")
    connection.request(method, path, headers={"User-Agent": f"Groundswell (+{settings.BASE_URL})", "Accept": "*/*"})
    return connection.getresponse()


# --- where to ------------------------------------------------------------------------------------------------------
def _connection(parts: SplitResult, timer: "_Timer") -> HTTPConnection:
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _No("private")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _public_address(parts, port)
    plain = socket.create_connection((address, port), timeout=STEP_S)
    timer.watch(plain)
    connection = HTTPConnection(parts.hostname, port, timeout=STEP_S)
    connection.sock = (
        ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        if parts.scheme == "https"
        else plain
    )
    timer.watch(connection.sock)
    return connection


def _public_address(parts: SplitResult, port: int) -> str:
    """An address of the host, all of which are public. Our own site may be anywhere."""
    host = (parts.hostname or "").encode("idna").decode()
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    own = urlsplit(settings.BASE_URL)
    is_own = (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc.lower())
    if not is_own and not all(_may_ask(ip_address(one.partition("%")[0])) for one in found):
        raise _No("private")
    return found[0]


def _may_ask(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return _may_ask(address.ipv4_mapped)
        if address.sixtofour or address.teredo or address in _NAT64:  # carry another address inside
            return False
    if settings.LOOK_AT_LOOPBACK and address.is_loopback:
        return True
    return address.is_global and not address.is_multicast


class _Timer:
    """Ends what takes longer than `WHOLE_S`, however slowly it still answers."""

    def __init__(self) -> None:
        self._timer = threading.Timer(WHOLE_S, self._end)
        self._timer.daemon = True
        self._sockets: list[socket.socket] = []
        self._over = False

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, one: socket.socket) -> None:
        self._sockets.append(one)
        if self._over:
            raise _No("silent")

    def _end(self) -> None:
        self._over = True
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
