"""Declares the ledger kinds and verbs of this floor, its jobs, and the reader that lets out what waited."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "groundswell.messaging"

    def ready(self) -> None:
        from datetime import timedelta

        from groundswell.jobs.hooks import register_job, register_round
        from groundswell.ledger import hooks as ledger
        from groundswell.messaging import consumers, hooks, jobs, kinds, verbs
        from groundswell.messaging.services import fetching, hearing, signals
        from groundswell.messaging.services.queueing import JOB
        from groundswell.messaging.writing import blocks
        from groundswell.powers import hooks as powers

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
        register_job(JOB, jobs.send)
        register_job(signals.WEIGH, signals.weigh_clicks)
        register_round(signals.WEIGH, timedelta(minutes=1))
        register_job(signals.SETTLE, signals.settle_unknown)
        register_round(signals.SETTLE, timedelta(minutes=5))
        register_job(hearing.JOB, hearing.hear_all)
        register_job(fetching.JOB, fetching.fetch)
        register_round(fetching.JOB, timedelta(minutes=1))
        ledger.register_consumer(consumers.Released())
        hooks.register_block(*blocks.OWN)
