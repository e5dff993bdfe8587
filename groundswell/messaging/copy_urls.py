"""The addresses in copies: short, and without a language, as they outlive every page."""

from django.urls import path

from groundswell.messaging.views import looking

urlpatterns = [
    path("l/<int:link_id>/<str:token>", looking.click, name="mail_click"),
    path("o/<str:token>.gif", looking.opened, name="mail_opened"),
]
