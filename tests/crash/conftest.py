"""One nursery for all crash tests of a process."""

import pytest

from tests.crash.processes import Nursery


@pytest.fixture(scope="session")
def _nursery(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def process(_nursery):
    return _nursery.process
