"""The sheet, the logo and the error pages need no session, and the sheet needs no database."""

import pytest
from django.db import OperationalError
from django.test import Client

from groundswell.powers.models import Movement
from groundswell.powers.movement import forget


@pytest.mark.django_db
def test_the_sheet_carries_the_movements_colours_and_is_kept_for_good():
    Movement.objects.update_or_create(only=True, defaults={"colour": "#123456"})
    forget()
    page = Client().get("/events").content.decode()
    url = page.split('rel="stylesheet" href="')[1].split('"')[0]
    reply = Client().get(url)
    assert b"--brand:#123456" in reply.content and "immutable" in reply["Cache-Control"] and not reply.cookies
    assert Client().get("/look.css?v=stale")["Cache-Control"] == "no-cache"


@pytest.mark.django_db
def test_a_logo_cannot_run_anything():
    assert Client().get("/logo").status_code == 404
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"
    Movement.objects.update_or_create(only=True, defaults={"logo": svg, "logo_type": "image/svg+xml"})
    forget()
    reply = Client().get("/logo")
    assert reply["Content-Type"] == "image/svg+xml" and "sandbox" in reply["Content-Security-Policy"]


@pytest.mark.django_db
def test_pages_that_are_not_there_say_where_to_go():
    reply = Client().get("/nothing/here")
    assert reply.status_code == 404 and b"There is nothing here" in reply.content
    assert Client().get("/es/nada").status_code == 404


@pytest.mark.django_db
def test_without_the_database_people_are_told_when_to_come_back(monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    client = Client(raise_request_exception=False)
    monkeypatch.setattr("groundswell.events.selectors.find", away)
    reply = client.get("/events")
    assert reply.status_code == 503 and int(reply["Retry-After"]) > 0 and b"Back in a moment" in reply.content
    monkeypatch.setattr("groundswell.web.look.movement", away)
    assert client.get("/look.css").status_code == 200


@pytest.mark.django_db
def test_a_mistake_of_ours_is_no_503(monkeypatch):
    """The control of the test above."""

    def wrong(*args, **kwargs):
        raise ValueError

    monkeypatch.setattr("groundswell.events.selectors.find", wrong)
    reply = Client(raise_request_exception=False).get("/events")
    assert reply.status_code == 500 and b"We made a mistake" in reply.content
