"""Every address of the site. Pages carry their language in the path: none for English, `/es/` for Spanish."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from groundswell.web import look

handler500 = "groundswell.kit.errors.server_error"

urlpatterns = [
    path("look.css", look.stylesheet, name="look"),
    path("logo", look.logo, name="logo"),
    path("ground.json", look.ground, name="ground"),
    *i18n_patterns(
        path("", include("groundswell.web.urls")),
        path("", include("groundswell.events.urls")),
        path("account/", include("groundswell.powers.urls")),
        prefix_default_language=False,
    ),
]
