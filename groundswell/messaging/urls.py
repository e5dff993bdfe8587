"""Addresses of mail."""

from django.urls import path

from groundswell.messaging.views import answering, choosing

app_name = "messaging"
urlpatterns = [
    path("hq/mailings/<uuid:mailing_id>/answers", answering.answers, name="answers"),
    path("me/mail", choosing.mine, name="mine"),
]
