"""What the doctor says of the ways out."""

import socket
from io import StringIO

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_doctor_names_the_way_out_that_does_not_answer(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody.getsockname()
        settings.EMAIL_SECOND_URL = "anymail+postmark://?server_token=t"
        said = StringIO()
        with pytest.raises(SystemExit):
            call_command("doctor", stdout=said)
    lines = [line for line in said.getvalue().splitlines() if " mail " in line]
    assert "127.0.0.1 does not answer (" in lines[0] and lines[0].endswith("check EMAIL_URL")
    assert "postmark answers, the second way out" in lines[1] and len(lines) == 2
