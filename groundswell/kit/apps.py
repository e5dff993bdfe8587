"""The kit app: templates, static files and template tags that every floor uses."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "groundswell.kit"
