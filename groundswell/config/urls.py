"""Every address of the site. Pages carry their language in the path: none for English, `/es/` for Spanish.
What machines read has no language."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from groundswell.messaging import copy_urls
from groundswell.web import look
from groundswell.web.views import health, home

handler400 = "groundswell.kit.errors.bad_request"
handler500 = "groundswell.kit.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("robots.txt", home.robots, name="robots"),
    path("look.css", look.stylesheet, name="look"),
    path("logo", look.logo, name="logo"),
    path("ground.json", look.ground, name="ground"),
    *copy_urls.urlpatterns,
    *i18n_patterns(
        path("", include("groundswell.events.urls")),  # first: the night asks for these
        path("", include("groundswell.web.urls")),
        path("", include("groundswell.people.urls")),
        path("", include("groundswell.messaging.urls")),
        path("", include("groundswell.journeys.urls")),
        path("account/", include("groundswell.powers.urls")),
        prefix_default_language=False,
    ),
]
