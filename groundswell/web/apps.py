"""Declares the kinds and verbs of this floor, its links in the navigation, and where a person's page is."""

from django.apps import AppConfig
from django.urls import reverse


class WebConfig(AppConfig):
    name = "groundswell.web"

    def ready(self) -> None:
        from groundswell.jobs import hooks as jobs
        from groundswell.ledger import hooks as ledger
        from groundswell.people import hooks as people
        from groundswell.powers import hooks as powers
        from groundswell.web import kinds, navigation, verbs

        ledger.register_kinds(kinds.KINDS)
        jobs.register_unparked(kinds.record_unparked)
        powers.register_verbs(verbs.VERBS)
        people.register_person_page(lambda person_id: reverse("web:person", args=[person_id]))
        navigation.register()
