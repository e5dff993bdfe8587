"""Declares the ledger kinds and the verbs of this floor, and what segments can ask about sources."""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "groundswell.sources"

    def ready(self) -> None:
        from groundswell.ledger import hooks as ledger
        from groundswell.people import hooks as people
        from groundswell.powers import hooks as powers
        from groundswell.sources import conditions, kinds, verbs

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
        people.register_condition(*conditions.CONDITIONS)
