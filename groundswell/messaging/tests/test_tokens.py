"""Nobody makes the token of a copy but we."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.kit.ids import new_id
from groundswell.messaging.tokens import LENGTH, delivery_of, token


@given(st.uuids())
def test_a_token_leads_back_to_its_delivery(own):
    made = token(own)
    assert len(made) == LENGTH
    assert made.replace("-", "").replace("_", "").isalnum()
    assert delivery_of(made) == own


@given(st.uuids(), st.integers(0, LENGTH - 1), st.characters())
def test_a_changed_token_leads_nowhere(own, at, sign):
    made = token(own)
    changed = made[:at] + sign + made[at + 1 :]
    assert delivery_of(changed) == (own if changed == made else None)


@given(st.text() | st.binary(min_size=24, max_size=24).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_no_text_is_a_token(text):
    assert delivery_of(text) is None


@pytest.mark.parametrize("tail", ["=", "\n", " ", "A", "%00"])
def test_a_token_with_more_behind_it_leads_nowhere(tail):
    assert delivery_of(token(new_id()) + tail) is None


def test_a_token_of_another_installation_leads_nowhere(settings):
    made = token(new_id())
    settings.SECRET_KEY = "another secret"
    assert delivery_of(made) is None
