"""Hands the registered jobs to procrastinate."""

from typing import Any


def register_all(app: Any) -> None:
    """Called by procrastinate when its Django app is ready."""
