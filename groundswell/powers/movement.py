"""The movement's settings, as every page needs them. Kept for a second per process; the database is the truth."""

import time
from typing import Any

from django.http import HttpRequest

from groundswell.powers.models import Movement

_kept: tuple[float, Movement] | None = None


def movement() -> Movement:
    """The movement; at most one second old. To change it, call `services.change_movement`."""
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > 1:
        _kept = (time.monotonic(), Movement.objects.first() or Movement())
    return _kept[1]


def forget() -> None:
    """Read it again next time."""
    global _kept
    _kept = None


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context: `movement`."""
    return {"movement": movement()}
