"""Addresses of this floor."""

from django.urls import path

from groundswell.messaging.views import answering, budget, checking, choosing, mailings, sending, wording

app_name = "messaging"
urlpatterns = [
    path("hq/mailings", mailings.mailings, name="mailings"),
    path("hq/mailings/new", mailings.new, name="new_mailing"),
    path("hq/mailings/budget", budget.budget, name="budget"),
    path("hq/mailings/sending", sending.sending, name="sending"),
    path("hq/mailings/sending/go-on", sending.go_on, name="go_on"),
    path("hq/mailings/sending/domain", sending.domain, name="domain"),
    path("hq/mailings/<uuid:mailing_id>", mailings.mailing, name="mailing"),
    path("hq/mailings/<uuid:mailing_id>/edit", mailings.edit, name="edit_mailing"),
    path("hq/mailings/<uuid:mailing_id>/remove", mailings.remove, name="remove_mailing"),
    path("hq/mailings/<uuid:mailing_id>/steer", mailings.steer, name="steer"),
    path("hq/mailings/<uuid:mailing_id>/progress", mailings.progress, name="mailing_progress"),
    path("hq/mailings/<uuid:mailing_id>/copies", mailings.copies, name="copies"),
    path("hq/mailings/<uuid:mailing_id>/copies/<uuid:delivery_id>", mailings.settle, name="settle"),
    path("hq/mailings/templates", wording.templates, name="templates"),
    path("hq/mailings/templates/<uuid:template_id>/remove", wording.remove_template, name="remove_template"),
    path("hq/mailings/<uuid:mailing_id>/write", wording.write, name="write"),
    path("hq/mailings/<uuid:mailing_id>/drafts", wording.drafts, name="drafts"),
    path("hq/mailings/<uuid:mailing_id>/shown", wording.shown, name="shown"),
    path("hq/mailings/<uuid:mailing_id>/preview", wording.preview, name="preview"),
    path("hq/mailings/<uuid:mailing_id>/checks", checking.checks, name="checks"),
    path("hq/mailings/<uuid:mailing_id>/test", wording.test, name="test"),
    path("hq/mailings/<uuid:mailing_id>/answers", answering.answers, name="answers"),
    path("me/mail", choosing.mine, name="mine"),
]
