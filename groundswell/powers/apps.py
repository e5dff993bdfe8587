"""Declares the ledger kinds and the verbs of this floor."""

from django.apps import AppConfig


class PowersConfig(AppConfig):
    name = "groundswell.powers"

    def ready(self) -> None:
        from groundswell.ledger import hooks as ledger
        from groundswell.powers import hooks, kinds, verbs

        ledger.register_kinds(kinds.KINDS)
        hooks.register_verbs(verbs.VERBS)
