"""Declares the ledger kinds of this floor, its reader, its jobs, its lists and its letter."""

from django.apps import AppConfig
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class JourneysConfig(AppConfig):
    name = "groundswell.journeys"

    def ready(self) -> None:
        from groundswell.jobs.hooks import register_job, register_round
        from groundswell.journeys import consumers, jobs, kinds, lists, selectors
        from groundswell.journeys.services import asking, walking
        from groundswell.kit import hooks as page_kit
        from groundswell.ledger import hooks as ledger
        from groundswell.messaging import hooks as messaging
        from groundswell.messaging import verbs
        from groundswell.people import hooks as people
        from groundswell.people.verbs import SEE
        from groundswell.powers import viewer
        from groundswell.powers.movement import movement

        ledger.register_kinds(kinds.KINDS)
        ledger.register_consumer(consumers.Beginnings())
        register_job(walking.JOB, jobs.walk, takes_long=True)
        register_round(walking.JOB, walking.EVERY)
        register_job(walking.LOOK, jobs.look)
        register_round(walking.LOOK, walking.LOOK_EVERY)
        for name, options in lists.OWN.items():
            people.register_list(name, options)
        people.register_subject("journey", selectors.subjects)
        messaging.register_letter(
            messaging.Letter(
                asking.LETTER,
                _("To those who are asked to do something"),
                _("when a journey asks a human"),
                _("Somebody near you needs a human"),
                (
                    _("Somebody found their way to %(name)s, and you can do something for them:"),
                    "%(what)s",
                    _("Who it is, and how to reach them, is on your list. Press there when it is done."),
                ),
                {"what": _("what there is to do"), "name": _("the movement’s name")},
                _("the link to the list"),
                lambda: {
                    "what": gettext("Call them, say hello, and ask what brought them here."),
                    "name": movement().name,
                },
            )
        )
        page_kit.register_hq_nav(
            page_kit.NavItem(
                _("Asked of you"), "journeys:asks", "heart", 12, lambda request: bool(viewer.of(request).scopes(SEE))
            ),
            page_kit.NavItem(
                _("Journeys"),
                "journeys:journeys",
                "flag",
                54,
                lambda request: bool(viewer.of(request).scopes(verbs.WRITE)),
            ),
        )
