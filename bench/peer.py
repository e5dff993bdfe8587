"""The peer of `bench.mail`: the same mails through django-post_office, `python -m bench.peer DATABASE PORT MAILS DIR`.

Templates are rendered for each mail when it is sent, by two processes. Prints mails a second.
"""

import json
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

BATCH = 1_000  # mails of a round; larger rounds were not faster


def configure(url: str, port: int, folder: str) -> None:
    parts = urlsplit(url)
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.lstrip("/"),
                "USER": parts.username,
                "PASSWORD": parts.password or "",
                "HOST": parts.hostname or parse_qs(parts.query)["host"][0],
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        TEMPLATES=[
            {
                "BACKEND": "post_office.template.backends.post_office.PostOfficeTemplates",
                "NAME": "post_office",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": []},
            },
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
        ],
        POST_OFFICE={"BATCH_SIZE": BATCH, "LOCK_FILE_NAME": f"{folder}/lock", "LOG_LEVEL": 0},
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        DEFAULT_FROM_EMAIL="news@example.org",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        LOGGING={
            "version": 1,
            "handlers": {"none": {"class": "logging.NullHandler"}},
            "loggers": {"post_office": {"handlers": ["none"], "propagate": False}},
        },
        USE_TZ=True,
        SECRET_KEY="bench",
    )
    django.setup()


def run(mails: int, folder: Path) -> float:
    from django.core.management import call_command
    from django.db import connection
    from post_office import mail
    from post_office.models import EmailTemplate

    call_command("migrate", verbosity=0)
    template = EmailTemplate.objects.create(name="news", **json.loads((folder / "template.json").read_text()))
    url = "https://example.org/l/1"
    mail.send_many(
        [
            {
                "recipients": f"q{n}@example.org",
                "template": template,
                "context": {
                    **dict.fromkeys(("unsubscribe_url", "web_url", "open_url", "link_0", "link_1"), f"{url}/{n:032d}"),
                    "first_name": f"Given{n}",
                    "city": "Burlington",
                },
                "render_on_delivery": True,
            }
            for n in range(mails)
        ]
    )
    started = time.perf_counter()
    sent = 0
    while sent < mails:
        done, failed, again = mail.send_queued(processes=2, log_level=0)
        assert done and not failed and not again
        sent += done
        connection.close()  # its forks closed it for us
    return mails / (time.perf_counter() - started)


if __name__ == "__main__":
    configure(sys.argv[1], int(sys.argv[2]), sys.argv[4])
    sys.stdout.write(f"{run(int(sys.argv[3]), Path(sys.argv[4])):.1f}\n")
