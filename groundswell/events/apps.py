"""Declares the ledger kinds and verbs of this floor, its consumers and its jobs."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "groundswell.events"

    def ready(self) -> None:
        from groundswell.events import kinds, selectors, verbs
        from groundswell.ledger import hooks as ledger
        from groundswell.people import hooks as people
        from groundswell.powers import hooks as powers

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
        people.register_subject("event", selectors.subjects)
