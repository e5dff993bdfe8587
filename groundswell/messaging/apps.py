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
        from groundswell.messaging import consumers, hooks, jobs, kinds, verbs, worded
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
        from groundswell.powers import viewer, words
        from groundswell.powers.movement import movement

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
        hooks.register_letter(
            hooks.Letter(
                "powers.code",
                _("To those who sign in"),
                _("when somebody asks for a code to sign in"),
                words.CODE_SUBJECT,
                words.CODE_PARAGRAPHS,
                {"code": _("the code"), "name": _("the movement’s name")},
                _("the code"),
                lambda: {"code": "K3PW7Q", "name": movement().name},
            )
        )
        powers.register_code_words(lambda values: worded.said("powers.code", values))
        register_hq_nav(
            NavItem(_("Letters"), "messaging:letters", "inbox", 56, lambda request: viewer.of(request).may(verbs.WRITE))
        )
