"""Declares the ledger kinds and verbs of this floor, its consumers and its jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "groundswell.events"

    def ready(self) -> None:
        from groundswell.events import kinds, verbs
        from groundswell.kit import hooks as page_kit
        from groundswell.ledger import hooks as ledger
        from groundswell.powers import hooks as powers
        from groundswell.powers import viewer

        ledger.register_kinds(kinds.KINDS)
        powers.register_verbs(verbs.VERBS)
        page_kit.register_public_nav(
            page_kit.NavItem(_("Events"), "events:find", "calendar", 10),
            page_kit.NavItem(_("Host"), "events:create", "house", 20),
        )
        page_kit.register_hq_nav(
            page_kit.NavItem(
                _("Review"), "events:review", "inbox", 20, lambda r: bool(viewer.of(r).scopes(verbs.REVIEW))
            )
        )
