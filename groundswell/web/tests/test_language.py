"""The language of a page is in its path: one address, one page; in the languages that the movement chose."""

import pytest
from django.urls import reverse

from groundswell.events.tests import making
from groundswell.powers import movement
from groundswell.powers.models import Movement


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "language"), [("/", "en"), ("/es/", "es"), ("/events", "en"), ("/es/events", "es")])
def test_a_page_speaks_the_language_of_its_path_whatever_the_browser_wishes(client, path, language):
    reply = client.get(path, headers={"accept-language": "es" if language == "en" else "en"})
    assert f'<html lang="{language}"' in reply.text
    assert reply.headers["Content-Language"] == language
    assert "Accept-Language" not in reply.headers.get("Vary", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("chosen", "asked", "told"),
    [
        ("es", "/", "/es/"),
        ("es", "/events?near=Lun%C3%A9n&type=rally", "/es/events?near=Lun%C3%A9n&type=rally"),
        ("es", "/rsvp/a:b", "/es/rsvp/a:b"),
        ("en", "/es", "/"),
        ("en", "/es/events", "/events"),
        ("en", "/es-mx/events", "/events"),
        ("en", "/es//charlie.example", "/%2Fcharlie.example"),
    ],
)
def test_a_language_that_was_not_chosen_leads_to_the_page_in_one_that_was(client, chosen, asked, told):
    choose(chosen)
    for ask in (client.get, client.head):
        reply = ask(asked)
        assert (reply.status_code, reply["Location"]) == (302, told)
        assert "Vary" not in reply.headers and not reply.cookies


@pytest.mark.django_db
def test_a_chosen_language_is_served_and_leads_nowhere_else(client):
    choose("es")
    page = client.get("/", follow=True).text
    assert '<html lang="es"' in page and 'hreflang="en"' not in page
    assert client.get("/account/sign-in", follow=True).status_code == 200
    assert client.get("/nowhere", follow=True).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/robots.txt", "/look.css", "/ground.json"])
def test_what_machines_read_has_no_language(client, path):
    choose("es")
    assert client.get(path).status_code == 200


@pytest.mark.django_db
def test_a_form_that_was_open_before_the_choice_is_taken(client):
    event = making.published()
    path = reverse("events:rsvp", args=[event.pk])
    choose("es")
    reply = client.post(path, headers={"sec-fetch-site": "same-origin"})
    assert path.startswith("/events/") and reply.status_code == 422, "read, and found empty"


def choose(*languages):
    Movement.objects.update_or_create(defaults={"languages": [*languages]})
    movement.forget()
