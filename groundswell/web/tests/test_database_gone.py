"""While the database is away people are told so calmly, and load balancers hear it."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg_pool import ConnectionPool

from groundswell.config import pooled
from groundswell.events import selectors as events
from groundswell.web.views import health
from tests.at_once import together


@pytest.mark.django_db
def test_health_says_well(client):
    assert client.get("/healthz").json() == {"ok": True, "database": True, "migrations": True}


def gone(*args, **kwargs):
    raise OperationalError("the server closed the connection unexpectedly")


@pytest.mark.django_db
def test_pages_answer_503_with_retry_after(monkeypatch):
    monkeypatch.setattr(events, "map_points", gone)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 503 and int(answer["Retry-After"]) <= 60
    page = answer.content.decode()
    assert "Everything confirmed so far is safe" in page and "server closed" not in page


@pytest.mark.django_db
def test_an_error_of_ours_is_not_mistaken_for_it(monkeypatch):
    monkeypatch.setattr(events, "map_points", lambda: 1 / 0)
    assert Client(raise_request_exception=False).get("/").status_code == 500


@pytest.mark.django_db
def test_health_says_503(client, monkeypatch):
    monkeypatch.setattr(health.connection, "cursor", gone)
    answer = client.get("/healthz")
    assert answer.status_code == 503 and answer.json()["database"] is False and answer["Retry-After"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("mended", "status"), [(True, 200), (False, 503)])
def test_a_pool_of_dead_connections_serves_the_next_request(mended, status, monkeypatch):
    """The control does not look through the others when it meets a dead one: it meets them all, and waits after each
    for longer than a request may."""
    connection.close()
    connection.close_pool()  # none but ours
    monkeypatch.setattr(connection.pool, "timeout", 2)
    together(lambda n: Client().get("/healthz"), 6)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        (ended,) = cursor.fetchone()
    assert ended >= 5
    monkeypatch.setattr(pooled, "SURE_S", 0)  # as if the database had been away for a second
    if not mended:
        monkeypatch.setattr(ConnectionPool, "check", lambda pool: None)
    connection.close()
    answer = Client().get("/healthz")
    connection.close()
    connection.close_pool()  # of connections that are no more
    assert answer.status_code == status
