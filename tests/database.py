"""The database under the tests: a PostgreSQL of its own, real but without fsync, kept between runs.

Loaded as a pytest plugin before Django's settings are read, in the process that starts the others.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent / ".groundswell" / "tests"
_running = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Start the server, or use the one named in DATABASE_URL (the one the first process started, in the others)."""
    os.environ["GROUNDSWELL_HOME"] = str(HOME)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundswell.config.settings")
    if "DATABASE_URL" not in os.environ:
        from groundswell.config import database

        fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        os.environ["DATABASE_URL"] = _running.enter_context(database.running(HOME / "postgres", fast))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _running.close()


@pytest.fixture(autouse=True)
def fresh_movement() -> Iterator[None]:
    """No test sees the movement that another one kept."""
    from groundswell.powers import movement

    movement.forget()
    yield
    movement.forget()
