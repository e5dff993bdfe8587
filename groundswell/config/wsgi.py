"""The WSGI application that Granian serves."""

import os
import threading

from django.core.wsgi import get_wsgi_application

from groundswell.kit import maps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundswell.config.settings")
application = get_wsgi_application()
threading.Thread(target=maps.warm, name="warm", daemon=True).start()
