"""Registers the job that sends what waits."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "groundswell.messaging"
