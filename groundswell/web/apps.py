"""Declares the verbs of this floor and its links in the navigation."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "groundswell.web"

    def ready(self) -> None:
        from groundswell.powers import hooks as powers
        from groundswell.web import navigation, verbs

        powers.register_verbs(verbs.VERBS)
        navigation.register()
