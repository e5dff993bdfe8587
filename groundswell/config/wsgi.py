"""The WSGI application that Granian serves."""

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

from groundswell.kit import maps

if TYPE_CHECKING:
    from groundswell.web.front import Front

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundswell.config.settings")


def _front() -> "Front":
    site = get_wsgi_application()
    from groundswell.web.front import Front  # its models want Django to be set up

    return Front(site)


application = _front()
maps.warm()  # four seconds of work, which would stand in the way of the first requests
