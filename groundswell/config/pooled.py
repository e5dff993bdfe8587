"""Connections for the pool."""

import time
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

SURE_S = 1.0  # who answered so short ago is not asked again


class Connection(psycopg.Connection[Any]):
    """Before each request the pool asks a connection, by an empty query, whether it still lives: here at most once a
    second. That question cost a tenth of a short request. Where the database went away within the second, the request
    that finds out is answered with 503, and the next one asks.

    After a restart of the database all are dead. The pool would meet them one by one and wait longer after each, beyond
    the patience of any request: here the first one makes it look through those it keeps."""

    answered_at = 0.0
    answer: psycopg.Cursor[Any]  # nobody reads it, and a new one each time would cost as much as the question

    def execute(self, query: Any, *args: Any, **more: Any) -> psycopg.Cursor[Any]:
        if query != "":
            return super().execute(query, *args, **more)
        pool = self._pool  # None while it looks through those it keeps: then each is asked, and asks for no more
        if pool is None or time.monotonic() - self.answered_at > SURE_S:
            try:
                super().execute(query)
            except psycopg.OperationalError:
                if isinstance(pool, ConnectionPool):
                    pool.check()
                raise
            self.answered_at, self.answer = time.monotonic(), self.cursor()
        return self.answer
