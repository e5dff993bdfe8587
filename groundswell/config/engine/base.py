"""Django's PostgreSQL, with a cheaper look at whether a connection still lives."""

import time

from django.db.backends.postgresql import base

SURE_S = 1.0  # who answered so short ago is not asked again


class DatabaseWrapper(base.DatabaseWrapper):
    """Each thread keeps its connection. Before the first statement of a request Django asks it whether it still lives:
    here at most once a second, as that question costs a tenth of a short request. Where the database went away within
    the second, the request that finds out is answered with 503, and the next one begins with a new connection."""

    answered_at = 0.0

    def is_usable(self) -> bool:
        """Whether the connection still lives. After an error it is asked in any case."""
        if not self.errors_occurred and time.monotonic() - self.answered_at < SURE_S:
            return True
        usable = super().is_usable()
        if usable:
            self.answered_at = time.monotonic()
        return usable
