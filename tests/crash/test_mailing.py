"""A mailing whose senders are killed: nobody is lost, nobody gets two, and the states add up. Each of the designs that
other mailers use fails the same run."""

import pytest
from django.db import connection

from groundswell.messaging.services import delivering
from tests.crash import rig
from tests.crash.fill import fill

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

RECIPIENTS, KILLS, WORKERS = 1_500, 8, 3


@pytest.fixture
def judged():
    """Freeze a mailing, then let a design send it while its processes die."""

    def judge(design):
        fill(RECIPIENTS, design)
        database = connection.settings_dict
        url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
        workers = WORKERS if design == "ours" else 1  # so that each kill hits the one that sends
        return rig.run(url, recipients=RECIPIENTS, kills=KILLS, workers=workers, seed=1, design=design)

    yield judge
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE crash_cursor")


def test_nobody_is_lost_and_nobody_gets_two(judged):
    found = judged("ours")
    assert (found.lost, found.repeated, found.max_copies) == (0, 0, 1)
    assert found.sum_exact
    assert found.killed
    assert found.unknown <= KILLS * delivering.LANES * delivering.CHUNK


def test_a_cursor_that_moves_at_fetch_loses_people(judged):
    assert judged("cursor_at_fetch").lost


@pytest.mark.parametrize("design", ["cursor_after_batch", "send_then_mark", "requeue_at_start"])
def test_marking_after_sending_and_requeueing_write_to_people_twice(design, judged):
    found = judged(design)
    assert found.repeated
    assert found.max_copies > 1
