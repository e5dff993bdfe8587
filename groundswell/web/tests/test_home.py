"""The front page."""

import pytest
from django.urls import reverse
from django.utils import translation

from groundswell.ledger.services import catch_up


@pytest.mark.django_db
def test_a_new_movement_says_what_comes_here_and_offers_the_first_step(client):
    page = client.get("/").content.decode()
    assert "The first event is still to come" in page
    assert reverse("events:create") in page


def test_it_shows_the_next_events_and_honest_numbers(world, client):
    catch_up()
    page = client.get("/").content.decode()
    assert "Open kitchen" in page and reverse("events:event", args=[world.event.pk]) in page
    assert "Erin&#x27;s first" not in page, "an event that waits for review is not listed"
    assert '<span class="figure">1</span><span class="label">event to come' in page


def test_it_asks_for_a_zip_and_works_without_script(world, client):
    page = client.get("/").content.decode()
    assert f'action="{reverse("events:find")}"' in page and 'name="near"' in page
    assert "<script" not in page


def test_it_is_the_same_for_everybody_and_cacheable(world):
    answers = [world.client(role).get("/") for role in ("nobody", "charlie", "dana")]
    assert len({answer.content for answer in answers}) == 1
    for answer in answers:
        assert "public" in answer["Cache-Control"] and "Cookie" not in answer.get("Vary", "")
        assert not answer.cookies


def test_a_source_code_travels_on(world, client):
    page = client.get("/?source=spring").content.decode()
    assert f"{reverse('events:event', args=[world.event.pk])}?source=spring" in page
    assert 'name="source" value="spring"' in page


def test_it_is_light(world, client):
    assert len(client.get("/").content) < 50_000


def test_robots_may_read_public_pages_only(client):
    rules = client.get("/robots.txt").content.decode()
    assert "Disallow: /hq" in rules and "Disallow: /es/me" in rules and "Disallow: /events\n" not in rules


def test_it_speaks_spanish_at_its_own_address(world, client):
    with translation.override("en"):
        page = client.get("/es/").content.decode()
    assert '<html lang="es"' in page and "Busca un evento cerca de ti" in page
    assert 'hreflang="en"' in page and 'action="/es/events"' in page
