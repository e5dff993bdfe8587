"""Addresses of this floor."""

from django.urls import path

from groundswell.messaging.views import answering, budget, choosing, mailings, sending

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
    path("hq/mailings/<uuid:mailing_id>/answers", answering.answers, name="answers"),
    path("me/mail", choosing.mine, name="mine"),
]
