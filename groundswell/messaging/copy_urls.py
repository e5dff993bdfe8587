"""Addresses without a language: those in copies, short, as they outlive every page; and where providers report."""

from django.urls import path

from groundswell.messaging.views import choosing, looking, reporting

urlpatterns = [
    path("l/<int:link_id>/<str:token>", looking.click, name="mail_click"),
    path("o/<str:token>.gif", looking.opened, name="mail_opened"),
    path("w/<str:token>", looking.whole, name="mail_whole"),
    path("u/<str:token>", choosing.from_copy, name="mail_choices"),
    path("hooks/mail/<slug:provider>/<str:what>", reporting.report, name="mail_report"),
]
