"""Limits for strangers: token buckets in PostgreSQL, and whose request this is behind proxies."""

import math
import random
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from groundswell.kit.clock import now

# Those nobody touched for so long are full again, or as good as full.
SWEEP = """
    DELETE FROM powers_bucket WHERE key IN
        (SELECT key FROM powers_bucket WHERE at < %(before)s LIMIT 1000 FOR UPDATE SKIP LOCKED)
"""
KEPT = timedelta(days=2)
SWEEP_ONE_IN = 500


class TooOften(Exception):
    """Somebody must wait. `seconds`: so long at most."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Bucket(NamedTuple):
    """Tokens for one key, as the database's own `powers_take` takes them.

    Attributes:
        per_hour: tokens that flow in.
        burst: tokens it holds when full, at least 1; a new bucket is full.
    """

    key: str
    per_hour: float
    burst: int

    @property
    def wait_s(self) -> int:
        """How long until there is a token again, at most."""
        return math.ceil(3600 / self.per_hour)


def take(key: str, *, per_hour: float, burst: int) -> bool:
    """Take one token from the bucket of this key; False when it has none. Numbers as of `Bucket`."""
    sweep_now_and_then()
    with connection.cursor() as cursor:
        cursor.execute("SELECT powers_take(%s, %s, %s, %s)", [key, float(per_hour), float(burst), now()])
        return bool(cursor.fetchone()[0])


def sweep_now_and_then() -> None:
    """Throw away, once in many takings, some of the buckets that are full again."""
    if random.randrange(SWEEP_ONE_IN) == 0:  # noqa: S311
        with connection.cursor() as cursor:
            cursor.execute(SWEEP, {"before": now() - KEPT})


def hidden(text: str) -> str:
    """A part of a key that does not tell the text, such as somebody's address."""
    return salted_hmac("powers.limits", text).hexdigest()


def client_ip(request: HttpRequest) -> str:
    """The client's address: the Nth from the right of X-Forwarded-For behind N trusted proxies, else the peer's.

    What stands further left was written by the client and says nothing. A header that is too short, or does not hold
    an address there, did not come through our proxies.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    trusted: int = settings.TRUSTED_PROXIES
    if not 0 < trusted <= len(hops):
        return peer
    try:
        return str(ip_address(hops[-trusted].strip()))
    except ValueError:
        return peer


def client_key(request: HttpRequest) -> str:
    """What limits count as one client: an IPv4 address, or the /64 that one IPv6 customer gets."""
    ip = client_ip(request)
    address = ip_address(ip)
    if not isinstance(address, IPv6Address):
        return ip
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))
