"""Declares the ledger kinds and verbs of this floor, its jobs, and the reader that lets out what waited."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "groundswell.messaging"

    def ready(self) -> None:
        from datetime import timedelta

        from groundswell.jobs.hooks import register_job, register_round
        from groundswell.kit import hooks as page_kit
        from groundswell.ledger import hooks as ledger
        from groundswell.messaging import consumers, hooks, jobs, kinds, verbs, worded
        from groundswell.messaging.services import signals
        from groundswell.messaging.services.queueing import JOB
        from groundswell.messaging.writing import blocks
        from groundswell.powers import hooks as powers
        from groundswell.powers import viewer, words
        from groundswell.powers.movement import movement

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
        register_job(JOB, jobs.send)
        register_job(signals.WEIGH, signals.weigh_clicks)
        register_round(signals.WEIGH, timedelta(minutes=1))
        register_job(signals.SETTLE, signals.settle_unknown)
        register_round(signals.SETTLE, timedelta(minutes=5))
        ledger.register_consumer(consumers.Released())
        hooks.register_block(*blocks.OWN)
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
        page_kit.register_hq_nav(
            page_kit.NavItem(
                _("Letters"), "messaging:letters", "inbox", 56, lambda request: viewer.of(request).may(verbs.WRITE)
            )
        )
