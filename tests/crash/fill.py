"""Fills a database for the rig, in a process with that database's settings: `python -m tests.crash.fill 50000 ours`."""

import sys


def fill(recipients, design):
    """A mailing whose audience is frozen and of which nothing is sent; for our own design its lanes are open."""
    from unittest.mock import patch

    from groundswell.messaging.services import beginning, delivering
    from groundswell.messaging.tests.launching import begin, mailing, people

    people(recipients)
    made = mailing()
    with patch.object(beginning, "open_lanes"):
        begin(made)
    if design == "ours":
        delivering.open_lanes(made.pk)


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundswell.config.settings")
    django.setup()
    fill(int(sys.argv[1]), sys.argv[2])
