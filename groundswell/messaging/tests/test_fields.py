"""What of a person may stand in a mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.messaging.fields import BadField, Field, filled, parsed

KNOWN = {"first_name", "city"}


def test_a_field_is_filled_or_says_something_else():
    text = parsed("Dear {first_name|friend}, in {city} it rains.", KNOWN)
    assert filled(text, {"first_name": "Zoë", "city": "Barre"}) == "Dear Zoë, in Barre it rains."
    assert filled(text, {"first_name": " ", "city": "Barre"}) == "Dear friend, in Barre it rains."
    assert filled(text, {}) == "Dear friend, in  it rains."


@pytest.mark.parametrize(
    "text",
    [
        "{last_name}",
        "{first_name.__class__}",
        "{first_name!r}",
        "{0}",
        "{}",
        "{{first_name}}",
        "{% load x %}",
        "{first_name",
        "first_name}",
        "{settings.SECRET_KEY|x}",
        "{city|{first_name}}",
    ],
)
def test_what_is_no_field_is_refused_by_its_name(text):
    with pytest.raises(BadField) as refused:
        parsed(text, KNOWN)
    assert "first_name" in str(refused.value) or "without its other half" in str(refused.value)
    assert 0 <= refused.value.at < len(text)


@given(st.text())
def test_a_value_is_one_line_and_never_read_again(value):
    said = filled((Field("first_name", "friend"),), {"first_name": value})
    assert not set("\r\n\0") & set(said)
    assert filled(("a", Field("city")), {"city": "{first_name}", "first_name": "no"}) == "a{first_name}"


@given(st.text(alphabet=st.characters(exclude_characters="{}")))
def test_text_without_fields_stays_as_it_is(text):
    assert filled(parsed(text, KNOWN), {}) == text
