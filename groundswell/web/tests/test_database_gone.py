"""While the database is away people are told so calmly, and load balancers hear it."""

import psycopg
import pytest
from django.db import OperationalError, close_old_connections, connection
from django.test import Client

from groundswell.config.engine import base
from groundswell.events import selectors as events
from groundswell.web.views import health


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
@pytest.mark.parametrize(("asked", "status"), [(True, 200), (False, 503)])
def test_a_request_after_a_restart_of_the_database_is_answered(asked, status, monkeypatch):
    """The connection of its thread is dead by then. The control does not ask it whether it still lives."""
    monkeypatch.setattr(base, "SURE_S", 0 if asked else 3600)
    assert Client().get("/healthz").status_code == 200
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    close_old_connections()  # as between two requests of a server
    answer = Client().get("/healthz")
    connection.close()
    assert answer.status_code == status
