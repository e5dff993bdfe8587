"""The small world of the cast, for the front's own pages."""

import pytest

from groundswell.events import selectors as events
from groundswell.web import selectors
from tests.cast import make_world


@pytest.fixture(autouse=True)
def fresh():
    """No test sees the numbers or the map that another one kept."""
    selectors.forget()
    events.forget_map()


@pytest.fixture
def world(db, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    return make_world()
