"""Declares the kinds and verbs of this floor and its links in the navigation."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "groundswell.web"

    def ready(self) -> None:
        from groundswell.jobs import hooks as jobs
        from groundswell.ledger import hooks as ledger
        from groundswell.powers import hooks as powers
        from groundswell.web import kinds, navigation, verbs

        ledger.register_kinds(kinds.KINDS)
        jobs.register_unparked(kinds.record_unparked)
        powers.register_verbs(verbs.VERBS)
        navigation.register()
