"""The kit app: templates, static files and template tags that every floor uses."""

from django.apps import AppConfig
from django.contrib.postgres.signals import register_type_handlers
from django.db.backends.signals import connection_created


class KitConfig(AppConfig):
    name = "groundswell.kit"

    def ready(self) -> None:
        # It teaches a connection arrays of citext and hstore, each time the pool hands it out. We have neither.
        connection_created.disconnect(register_type_handlers)
