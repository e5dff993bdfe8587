"""Declares the ledger kinds and verbs of this floor, its jobs, and the reader that lets out what waited."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "groundswell.messaging"

    def ready(self) -> None:
        from groundswell.jobs.hooks import register_job
        from groundswell.ledger import hooks as ledger
        from groundswell.messaging import consumers, hooks, jobs, kinds, verbs
        from groundswell.messaging.services.queueing import JOB
        from groundswell.messaging.writing import blocks
        from groundswell.powers import hooks as powers

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
        register_job(JOB, jobs.send)
        ledger.register_consumer(consumers.Released())
        hooks.register_block(*blocks.OWN)
