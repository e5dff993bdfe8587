"""The database under the tests: a PostgreSQL of its own, real but without fsync, kept between runs.

Loaded as a pytest plugin before Django's settings are read, in the process that starts the others.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

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


@pytest.fixture(autouse=True)
def plain_static(settings) -> None:
    """Static files under their plain names: no test waits for them to be collected."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing folder


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _running.close()


@pytest.fixture(autouse=True)
def english() -> None:
    """No test speaks the language of the page that another one opened."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def fresh_movement() -> Iterator[None]:
    """No test sees the movement that another one kept, nor is refused because another one was."""
    from groundswell.powers import movement, public

    movement.forget()
    public.forget_refusals()
    yield
    movement.forget()


@pytest.fixture(scope="session", autouse=True)
def emptied_by_deleting() -> Iterator[None]:
    """After a test that committed, its few rows are deleted: fifty times as quick as Django's flush, which truncates
    every table and asks each app to fill its own again. The ledger and the queue, which flush does not know, too."""
    from django.db import connection, transaction
    from django.test import TransactionTestCase

    kept = {"django_content_type", "auth_permission"}  # migrations wrote them
    unknown = {"ledger_entry", "ledger_pending", "ledger_block", "ledger_news"} | {
        f"procrastinate_{name}" for name in ("jobs", "events", "periodic_defers", "workers")
    }

    def empty(test: TransactionTestCase) -> None:
        known = connection.introspection.django_table_names(only_existing=True, include_views=False)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # the ledger refuses it otherwise
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in unknown.union(known) - kept))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield
