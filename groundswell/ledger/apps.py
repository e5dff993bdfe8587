"""Registers the ledger's own consumer, the tallies."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "groundswell.ledger"

    def ready(self) -> None:
        from groundswell.ledger import consumers, hooks

        hooks.register_consumer(consumers.Tallies())
