"""Registers the job that sends what waits, and the reader that lets out what waited for a confirmation."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "groundswell.messaging"

    def ready(self) -> None:
        from groundswell.jobs.hooks import register_job
        from groundswell.ledger.hooks import register_consumer
        from groundswell.messaging import consumers, jobs
        from groundswell.messaging.services.queueing import JOB

        register_job(JOB, jobs.send)
        register_consumer(consumers.Released())
