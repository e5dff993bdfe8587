"""A source code travels in addresses and hidden fields, without a cookie."""

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from groundswell.sources import carry

GET, POST = RequestFactory().get, RequestFactory().post


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (GET("/?source=flyer"), "flyer"),
        (GET("/?refcode=ab.C_1-2"), "ab.C_1-2"),
        (GET("/?source=a%20b&refcode=good"), "good"),
        (POST("/?source=address", {"source": "form"}), "form"),
        (POST("/?source=address", {"source": ""}), "address"),
        (GET("/?source=" + "x" * 65), ""),
        (GET("/?source=%3Cscript%3E"), ""),
        (GET("/"), ""),
    ],
)
def test_the_code_is_found_in_form_and_address(request_, code):
    assert carry.code_in(request_) == code


@pytest.mark.parametrize(
    ("url", "carried"),
    [
        ("/events", "/events?source=flyer"),
        ("/events?place=05401", "/events?place=05401&source=flyer"),
        ("/events?source=old&refcode=older#map", "/events?source=flyer#map"),
        ("https://example.org/?a=", "https://example.org/?a=&source=flyer"),
    ],
)
def test_a_link_carries_the_code_on(url, carried):
    template = Template("{% load sources %}{% with_source url as link %}{{ link|safe }}")
    assert template.render(Context({"url": url, "source_code": "flyer"})) == carried
    assert template.render(Context({"url": url})) == url


def test_a_form_carries_the_code_in_a_hidden_field():
    field = Template('{% include "sources/field.html" %}')
    assert 'name="source" value="flyer"' in field.render(Context({"source_code": "flyer"}))
    assert field.render(Context({"source_code": ""})).strip() == ""


def test_a_link_is_escaped():
    shown = Template("{% load sources %}{% with_source url %}").render(
        Context({"url": "/?a=1&b=\"'>", "source_code": "x"})
    )
    assert "<" not in shown and '"' not in shown and "&amp;" in shown
