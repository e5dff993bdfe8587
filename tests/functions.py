"""The database's own functions with a guard taken out: what a control needs."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def without(function: str, guard: str, instead: str = "") -> Iterator[None]:
    """Run with `instead` in place of `guard` in a function's text; the text must hold the guard once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [function])
        (whole,) = cursor.fetchone()
        assert whole.count(guard) == 1, whole
        cursor.execute(whole.replace(guard, instead).replace("%", "%%"), [])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(whole.replace("%", "%%"), [])
