"""The links of the front in the header and in the rail of headquarters: each is shown to those who may follow it."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from groundswell.kit.hooks import NavItem, register_hq_nav, register_public_nav
from groundswell.people import verbs as people
from groundswell.powers import selectors as powers
from groundswell.powers import viewer
from groundswell.sources import verbs as sources
from groundswell.web import verbs


def register() -> None:
    """Add them."""
    register_public_nav(NavItem(_("My page"), "web:me", "person", 90))
    register_hq_nav(
        NavItem(_("Now"), "web:hq", "chart", 10, opens_hq),
        NavItem(_("The night"), "web:night", "map", 15, opens_hq),
        NavItem(_("People"), "web:people", "people", 30, sees_people),
        NavItem(_("Segments"), "people:segments", "list", 32, sees_people),
        NavItem(_("What happened"), "web:entries", "log", 40, opens_hq),
        NavItem(_("Powers"), "web:powers", "key", 60, opens_hq),
        NavItem(_("Source codes"), "web:sources", "link", 55, sees_sources),
        NavItem(_("Upkeep"), "web:jobs", "bell", 70, opens_hq),
        NavItem(_("Settings"), "web:settings", "settings", 80, changes_settings),
        NavItem(_("Mail of the demo"), "web:outbox", "mail", 90, in_demo),
        NavItem(_("My page"), "web:me", "person", 95),
    )


def opens_hq(request: HttpRequest) -> bool:
    return bool(viewer.of(request).scopes(verbs.HQ))


def sees_people(request: HttpRequest) -> bool:
    who = viewer.of(request)
    return who.user is not None and bool(powers.scopes(who.user, people.SEE))  # the second factor is asked for there


def sees_sources(request: HttpRequest) -> bool:
    return bool(viewer.of(request).scopes(sources.LINKS))


def changes_settings(request: HttpRequest) -> bool:
    return bool(viewer.of(request).scopes(verbs.SETTINGS))


def in_demo(request: HttpRequest) -> bool:
    return bool(settings.DEMO)
