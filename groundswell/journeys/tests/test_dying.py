"""Whenever a process dies on the way, the next one goes on at the same step: each step once, each mail once."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundswell.jobs.services import Lease
from groundswell.journeys import rules, services
from groundswell.journeys.models import Ask, Passed, Walk
from groundswell.journeys.tests.conftest import NEWS, agrees, mail, somebody, wait
from groundswell.kit import clock
from groundswell.messaging.models import Delivery
from groundswell.powers.models import Movement
from groundswell.powers.movement import forget
from tests.cast import make_world

pytestmark = pytest.mark.django_db


class Died(BaseException):
    """The process is gone: nothing of its transaction is there."""


class _Unleased(Lease):
    """A run that nobody takes the job from."""

    def _check(self, lock):
        pass


def run(after=None):
    """One run of the job, which dies after so many statements. Returns whether it came through."""
    left = [after]

    def count(execute, sql, params, many, context):
        if left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                raise Died
        return execute(sql, params, many, context)

    try:
        with transaction.atomic(), connection.execute_wrapper(count):
            services.walk(_Unleased(0, None))
    except Died:
        return False
    return True


STEP = st.deferred(
    lambda: st.one_of(
        st.just(wait(1)),
        st.just(mail()),
        st.just({"is": "end"}),
        st.fixed_dictionaries(
            {
                "is": st.just("ask"),
                "who": st.just("verb:people.see"),
                "words": st.just("Call."),
                "hours": st.just(12),
                "then": st.lists(STEP, max_size=2),
                "else": st.lists(STEP, max_size=2),
            }
        ),
    )
)


def expected(steps, answers):
    """The way of somebody, by the rules alone."""
    found, path = [], rules.first(steps)
    while path is not None:
        step = rules.step_at(steps, path)
        result = ("then" if answers(path) else "else") if step["is"] == "ask" else ""
        found.append((path, result if step["is"] == "ask" else ""))
        path = rules.after(steps, path, result)
    return found


@pytest.fixture
def world(db):
    return make_world()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=12)
@given(
    steps=st.lists(STEP, min_size=1, max_size=4), deaths=st.lists(st.integers(0, 60), max_size=6), seed=st.integers()
)
def test_each_step_is_passed_once_wherever_processes_die(world, steps, deaths, seed):
    point = transaction.savepoint()
    real = clock.now
    now = [clock.now()]
    clock.now = lambda: now[0]
    try:
        Movement.objects.update(mails_per_week=100)
        forget()
        dana = world.users["dana"]
        journey = services.make("Welcome", {**NEWS, "steps": steps}, dana)
        version = services.publish(journey, dana)
        frida = somebody("frida")
        agrees(frida)
        with transaction.atomic():
            services.enter(version, {frida.pk: "entry:1"})

        def answers(path):
            return (seed + len(path)) % 2 == 0

        dying = iter(deaths)
        for _day in range(40):
            while not run(next(dying, None)):
                pass
            for ask in Ask.objects.filter(state="open"):
                if answers(ask.step):
                    services.answer(ask, dana, done=True)
            if Walk.objects.get().state == "ended":
                break
            now[0] += timedelta(hours=12)
        way = expected(version.definition["steps"], answers)
        results = {"queued": "", "suppressed": ""}
        rows = Passed.objects.filter(walk__person=frida).values_list("step", "result")
        assert sorted((step, results.get(result, result)) for step, result in rows) == sorted(way)
        mails = [path for path, _result in way if rules.step_at(version.definition["steps"], path)["is"] == "mail"]
        keys = Delivery.objects.filter(key__startswith="journeys.mail:").values_list("key", flat=True)
        assert sorted(key.split(":")[2] for key in keys) == sorted(mails)
        asks = [path for path, _result in way if rules.step_at(version.definition["steps"], path)["is"] == "ask"]
        assert sorted(Ask.objects.values_list("step", flat=True)) == sorted(asks)
    finally:
        clock.now = real
        forget()
        transaction.savepoint_rollback(point)
