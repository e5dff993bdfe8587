"""Pure decisions of this floor: values in, a value or an error out."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

# What a text in the ledger may look like: an id or a code. No spaces and no @, so that neither a sentence nor an
# address fits.
CODE = re.compile(r"[A-Za-z0-9_.:/+-]{1,200}\Z")
ACTOR = re.compile(r"((user|person|key):[0-9a-f-]{36}|system:[a-z0-9_.-]{1,50})\Z")

GENESIS = bytes(32)  # the chain hash before the first block


def user_actor(user_id: UUID) -> str:
    """The actor for a user who is signed in."""
    return f"user:{user_id}"


def person_actor(person_id: UUID) -> str:
    """The actor for a person without a login."""
    return f"person:{person_id}"


def system_actor(name: str) -> str:
    """The actor for a part of the system, such as `import`."""
    return f"system:{name}"


def check_actor(actor: str) -> None:
    """Raise ValueError unless it is an actor as made above."""
    if not ACTOR.match(actor):
        raise ValueError(f"{actor!r} is not an actor of the ledger.")


def check_code(value: str, what: str) -> None:
    """Raise ValueError where a text is not a code."""
    if not CODE.match(value):
        raise ValueError(f"{what} must be an id or a code, not {value!r}: free text stays out of the ledger.")


def checked_data(kind: str, declared: Mapping[str, type], data: Mapping[str, object]) -> dict[str, object]:
    """The data of an entry as it is stored.

    Raises:
        ValueError: a field was not declared, is of another type, or carries free text.
    """
    stored: dict[str, object] = {}
    for field, value in data.items():
        if field not in declared:
            raise ValueError(f"The ledger kind {kind} does not declare the field {field!r}.")
        wanted = declared[field]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise ValueError(f"{kind}.{field} must be {wanted.__name__}, not {value!r}.")
        stored[field] = _plain(value, f"{kind}.{field}")
    return stored


def _plain(value: object, what: str) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        check_code(value, what)
        return value
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, what) for item in value]
    raise ValueError(f"{what} cannot carry {value!r}: ids, codes, numbers and lists of them only.")


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root of a binary hash tree; the last node of an odd row moves up as it is (RFC 6962).

    A leaf is the hash of a text that begins with `[`, a node the hash of one that begins with 0x01, so neither can
    stand for the other.
    """
    row = list(leaves)
    while len(row) > 1:
        odd = [row[-1]] if len(row) % 2 else []
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)] + odd
    return row[0]


def chain(before: bytes, n: int, root: bytes) -> bytes:
    """The chain hash of block `n`: it stands for every entry up to here."""
    return sha256(before + n.to_bytes(8, "big") + root).digest()


def backoff(failures: int) -> timedelta:
    """How long a consumer waits after so many failures in a row: 2 s, 4 s, ... at most five minutes."""
    return timedelta(seconds=min(2 ** min(failures, 9), 300))
