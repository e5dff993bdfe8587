"""Addresses of mail."""

from django.urls import path

from groundswell.messaging.views import choosing

app_name = "messaging"
urlpatterns = [
    path("me/mail", choosing.mine, name="mine"),
]
