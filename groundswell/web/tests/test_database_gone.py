"""While the database is away people are told so calmly, and load balancers hear it."""

import pytest
from django.db import OperationalError
from django.test import Client

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
