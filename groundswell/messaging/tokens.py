"""What stands in the addresses of a copy: the delivery's id and a proof that we wrote it. Nothing is stored of it, and
nobody finds another's by trying: of 2⁶⁴ proofs one is right.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hashlib import blake2b
from uuid import UUID

from django.conf import settings

LENGTH = 32  # signs: 16 bytes of id and 8 of proof
_ID = 16


def token(delivery_id: UUID) -> str:
    """32 letters, digits, dashes and underscores."""
    return _signed(delivery_id.bytes).decode()


def delivery_of(token: str) -> UUID | None:
    """Whose token it is; None where we did not make it."""
    given = token.encode(errors="replace")
    try:
        own = urlsafe_b64decode(given)[:_ID] if len(given) == LENGTH else b""
    except binascii.Error:
        return None
    if len(own) != _ID or not hmac.compare_digest(_signed(own), given):
        return None
    return UUID(bytes=own)


def _signed(own: bytes) -> bytes:
    proof = blake2b(own, key=_key(settings.SECRET_KEY), digest_size=8, person=b"delivery").digest()
    return urlsafe_b64encode(own + proof)


@cache
def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), person=b"tokens of mail").digest()
