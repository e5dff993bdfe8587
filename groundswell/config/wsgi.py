"""The WSGI application that Granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from groundswell.kit import maps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundswell.config.settings")
application = get_wsgi_application()
maps.warm()  # four seconds of work, which would stand in the way of the first requests
