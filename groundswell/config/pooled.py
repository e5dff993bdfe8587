"""Connections for the pool."""

import time
from typing import Any

import psycopg

SURE_S = 1.0  # who answered so short ago is not asked again


class Connection(psycopg.Connection[Any]):
    """Before each request the pool asks a connection, by an empty query, whether it still lives: here at most once a
    second. That question cost a tenth of a short request. Where the database went away within the second, the request
    that finds out is answered with 503, and the next one asks."""

    answered_at = 0.0

    def execute(self, query: Any, *args: Any, **more: Any) -> psycopg.Cursor[Any]:
        if query != "":
            return super().execute(query, *args, **more)
        if time.monotonic() - self.answered_at > SURE_S:
            super().execute(query)
            self.answered_at = time.monotonic()
        return self.cursor()
