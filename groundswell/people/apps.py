"""Declares the ledger kinds and the verbs of this floor."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "groundswell.people"

    def ready(self) -> None:
        from groundswell.ledger import hooks as ledger
        from groundswell.people import kinds, verbs
        from groundswell.powers import hooks as powers

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
