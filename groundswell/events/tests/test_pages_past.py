"""What is over can still be looked up, by its day."""

from datetime import timedelta

import pytest
from django.urls import reverse

from groundswell.events.tests import making
from groundswell.kit import clock

pytestmark = pytest.mark.django_db


def test_a_day_that_is_over_shows_what_there_was_and_today_does_not(client):
    making.ago(making.published(title="Long ago"), days=30)
    day = (clock.now() - timedelta(days=60)).date().isoformat()
    found = client.get(reverse("events:find"), {"near": "05401", "since": day}).text
    assert "Long ago" in found and "Over" in found
    assert "Long ago" not in client.get(reverse("events:find"), {"near": "05401"}).text
