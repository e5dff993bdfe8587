"""Declares the ledger kinds and verbs of this floor, its consumers and its jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "groundswell.events"

    def ready(self) -> None:
        from groundswell.events import blocks, conditions, consumers, jobs, kinds, selectors, verbs
        from groundswell.events.services import routing
        from groundswell.events.services.telling import JOB
        from groundswell.events.services.writing import JOB as WRITING
        from groundswell.jobs.hooks import register_job
        from groundswell.kit import hooks as page_kit
        from groundswell.ledger import hooks as ledger
        from groundswell.messaging import hooks as messaging
        from groundswell.people import hooks as people
        from groundswell.powers import hooks as powers
        from groundswell.powers import viewer

        ledger.register_kinds(kinds.KINDS)
        ledger.register_consumer(consumers.Confirmations())
        ledger.register_consumer(consumers.Looking())
        register_job(JOB, jobs.tell_everybody)
        register_job(WRITING, jobs.write_to_guests)
        register_job(routing.INVITE, jobs.invite_nearest)
        register_job(routing.LOOK, jobs.look)
        powers.register_verbs(verbs.VERBS)
        people.register_subject("event", selectors.subjects)
        messaging.register_block(blocks.NEAR)
        messaging.register_own("event", selectors.OWN)
        people.register_deeds(kinds.DEEDS)
        people.register_condition(conditions.TO_COME)
        page_kit.register_public_nav(
            page_kit.NavItem(_("Events"), "events:find", "calendar", 10),
            page_kit.NavItem(_("Host"), "events:create", "house", 20),
        )
        page_kit.register_hq_nav(
            page_kit.NavItem(
                _("Review"), "events:review", "inbox", 20, lambda request: bool(viewer.of(request).scopes(verbs.REVIEW))
            ),
            page_kit.NavItem(
                _("Where it is short"),
                "events:short",
                "calendar",
                25,
                lambda request: any(viewer.of(request).scopes(verb) for verb in (verbs.CHANGE, verbs.REVIEW)),
            ),
        )
