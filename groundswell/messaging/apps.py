"""Declares the ledger kinds and verbs of this floor, its jobs, the reader that lets out what waited, and its link at
headquarters."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "groundswell.messaging"

    def ready(self) -> None:
        from datetime import timedelta

        from groundswell.jobs.hooks import register_job, register_round
        from groundswell.kit.hooks import NavItem, register_hq_nav
        from groundswell.ledger import hooks as ledger
        from groundswell.messaging import consumers, hooks, jobs, kinds, verbs
        from groundswell.messaging.selectors import mailings
        from groundswell.messaging.services import (
            beginning,
            delivering,
            fetching,
            figures,
            hearing,
            probing,
            signals,
            steering,
            watching,
        )
        from groundswell.messaging.services.queueing import JOB
        from groundswell.messaging.writing import blocks
        from groundswell.people import hooks as people
        from groundswell.powers import hooks as powers

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
        register_job(JOB, jobs.send)
        register_job(probing.JOB, probing.look)
        register_job(steering.BEGIN, jobs.begin)
        register_job(steering.GO_ON, jobs.go_on)
        register_job(beginning.FREEZE, jobs.freeze, takes_long=True)
        register_job(delivering.JOB, jobs.deliver, takes_long=True)
        register_job(beginning.TEND, jobs.tend)
        register_round(beginning.TEND, beginning.TEND_EVERY)
        register_job(steering.CLEAR, jobs.clear)
        register_job(steering.FALL_BACK, jobs.fall_back)
        register_round(steering.FALL_BACK, steering.FALL_BACK_EVERY)
        register_job(figures.COUNT, jobs.count)
        register_round(figures.COUNT, figures.COUNT_EVERY)
        register_job(signals.WEIGH, signals.weigh_clicks)
        register_round(signals.WEIGH, timedelta(minutes=1))
        register_job(signals.SETTLE, signals.settle_unknown)
        register_round(signals.SETTLE, timedelta(minutes=5))
        register_job(watching.WATCH, watching.watch_all)
        register_round(watching.WATCH, watching.EVERY)
        register_job(hearing.JOB, hearing.hear_all)
        register_job(fetching.JOB, fetching.fetch)
        register_round(fetching.JOB, timedelta(minutes=1))
        ledger.register_consumer(consumers.Released())
        people.register_subject("mailing", mailings.mailings_by_id)
        hooks.register_block(*blocks.OWN)
        register_hq_nav(NavItem(_("Mailings"), "messaging:mailings", "mail", 28, mailings.shown_to))
