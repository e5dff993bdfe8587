"""Pure decisions of this floor: values in, a value or an error out."""

import hmac
import re
from base64 import b32encode
from hashlib import sha256

CODE = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
SHARER = re.compile(r"s-([a-z2-7]{10})([a-z2-7]{4})\Z")
LABEL_LIMIT = 120


def is_code(text: str) -> bool:
    """Whether this can be a source code: at most 64 letters, digits, dots, dashes and underscores."""
    return bool(CODE.match(text))


def new_sharer_code(secret: str, random_bytes: bytes) -> str:
    """A sharer's code that proves itself: `s-`, ten characters of 50 random bits, four of an HMAC over them.

    Whoever does not know the secret guesses a valid code once in a million tries, and gains nothing by it but a source
    that no one stands behind.

    Args:
        random_bytes: at least 7 of them.
    """
    assert len(random_bytes) >= 7
    own = _letters(random_bytes)[:10]
    return f"s-{own}{_proof(secret, own)}"


def is_sharer_code(secret: str, code: str) -> bool:
    """Whether we made this sharer's code, though nothing about it may be stored yet."""
    match = SHARER.match(code)
    return match is not None and hmac.compare_digest(_proof(secret, match[1]), match[2])


def _proof(secret: str, own: str) -> str:
    return _letters(hmac.digest(secret.encode(), f"sharer's code {own}".encode(), sha256))[:4]


def _letters(raw: bytes) -> str:
    return b32encode(raw).decode().lower()
