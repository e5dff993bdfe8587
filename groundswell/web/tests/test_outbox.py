"""The mail of the demo."""

import pytest
from django.core.mail import EmailMultiAlternatives

from groundswell.messaging import outbox


@pytest.fixture
def demo(db, settings, tmp_path):
    settings.DEMO = True
    settings.GROUNDSWELL_HOME = tmp_path


def keep(subject="Your code", text="The code is 1234-5678: http://127.0.0.1:8000/me", html=""):
    mail = EmailMultiAlternatives(subject, text, "us@example.org", ["erin@example.org"])
    if html:
        mail.attach_alternative(html, "text/html")
    outbox.OutboxBackend().send_messages([mail])


def test_nothing_yet_says_how_mail_gets_here(demo, client):
    assert "No mail yet" in client.get("/outbox").content.decode()


def test_mails_are_read_newest_first_with_links_to_press(demo, client):
    keep("First")
    keep("Second")
    page = client.get("/outbox").content.decode()
    assert page.index("Second") < page.index("First")
    address = page.partition('href="/outbox/')[2].partition('"')[0]
    mail = client.get(f"/outbox/{address}").content.decode()
    assert "1234-5678" in mail and 'href="http://127.0.0.1:8000/me"' in mail


def test_html_in_a_mail_runs_nothing(demo, client):
    keep(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(2)>",
        "<p onclick='x()'>Hello<script>alert(3)</script></p>",
    )
    page = client.get("/outbox").content.decode()
    mail = client.get("/outbox/" + page.partition('href="/outbox/')[2].partition('"')[0]).content.decode()
    for text in (page, mail):
        assert "<script>alert" not in text and "<img src=x" not in text and "onclick" not in text
    assert "<p>Hello</p>" in mail


@pytest.mark.parametrize("name", ["x", "../secret", "0197b0a0-0000-7000-8000-000000000000", "..%2Fsecret"])
def test_only_kept_mail_is_read(demo, client, name):
    assert client.get(f"/outbox/{name}").status_code == 404


@pytest.mark.django_db
def test_outside_the_demo_there_is_no_outbox(client, settings):
    settings.DEMO = False
    assert client.get("/outbox").status_code == 404
