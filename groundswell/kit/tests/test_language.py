"""The language of a page is in its path: one address, one page."""

import pytest


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "language"), [("/", "en"), ("/es/", "es"), ("/events", "en"), ("/es/events", "es")])
def test_a_page_speaks_the_language_of_its_path_whatever_the_browser_wishes(client, path, language):
    reply = client.get(path, headers={"accept-language": "es" if language == "en" else "en"})
    assert f'<html lang="{language}"' in reply.text
    assert reply.headers["Content-Language"] == language
    assert "Accept-Language" not in reply.headers.get("Vary", "")
