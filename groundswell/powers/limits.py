"""Limits for strangers: token buckets in PostgreSQL, and whose request this is behind proxies."""

import random
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from groundswell.kit.clock import now

# Fill the bucket for the time gone by, and take one token if there is a whole one. One statement: the row's lock makes
# parallel takers wait for each other. A clock that runs behind another server's adds nothing and takes nothing back.
TAKE = """
    INSERT INTO powers_bucket AS bucket (key, tokens, at) VALUES (%(key)s, %(burst)s - 1, %(at)s)
    ON CONFLICT (key) DO UPDATE SET
        tokens = least(%(burst)s,
            bucket.tokens + greatest(0, extract(epoch FROM %(at)s - bucket.at)) * %(per_hour)s / 3600) - 1,
        at = greatest(bucket.at, %(at)s)
    WHERE least(%(burst)s,
            bucket.tokens + greatest(0, extract(epoch FROM %(at)s - bucket.at)) * %(per_hour)s / 3600) >= 1
"""

# Those nobody touched for so long are full again, or as good as full.
SWEEP = """
    DELETE FROM powers_bucket WHERE key IN
        (SELECT key FROM powers_bucket WHERE at < %(before)s LIMIT 1000 FOR UPDATE SKIP LOCKED)
"""
KEPT = timedelta(days=2)
SWEEP_ONE_IN = 500


def take(key: str, *, per_hour: float, burst: int) -> bool:
    """Take one token from the bucket of this key; False when it has none.

    Args:
        per_hour: tokens that flow in.
        burst: tokens it holds when full, at least 1; a new bucket is full.
    """
    at = now()
    with connection.cursor() as cursor:
        if random.randrange(SWEEP_ONE_IN) == 0:  # noqa: S311
            cursor.execute(SWEEP, {"before": at - KEPT})
        cursor.execute(TAKE, {"key": key, "per_hour": float(per_hour), "burst": float(burst), "at": at})
        return bool(cursor.rowcount)


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
