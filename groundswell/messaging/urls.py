"""Addresses of this floor."""

from django.urls import path

from groundswell.messaging.views import checking, wording

app_name = "messaging"
urlpatterns = [
    path("hq/mailings/templates", wording.templates, name="templates"),
    path("hq/mailings/templates/<uuid:template_id>/remove", wording.remove_template, name="remove_template"),
    path("hq/mailings/<uuid:mailing_id>/write", wording.write, name="write"),
    path("hq/mailings/<uuid:mailing_id>/drafts", wording.drafts, name="drafts"),
    path("hq/mailings/<uuid:mailing_id>/shown", wording.shown, name="shown"),
    path("hq/mailings/<uuid:mailing_id>/preview", wording.preview, name="preview"),
    path("hq/mailings/<uuid:mailing_id>/checks", checking.checks, name="checks"),
    path("hq/mailings/<uuid:mailing_id>/test", wording.test, name="test"),
]
