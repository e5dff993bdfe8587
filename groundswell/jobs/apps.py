"""The jobs app. Job functions are registered by the apps that own them, in `AppConfig.ready()`."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "groundswell.jobs"
