"""Addresses of this floor."""

from django.urls import path

from groundswell.journeys import views

app_name = "journeys"
urlpatterns = [
    path("hq/journeys", views.journeys, name="journeys"),
    path("hq/journeys/new", views.new, name="new"),
    path("hq/journeys/<uuid:journey_id>", views.journey, name="journey"),
    path("hq/journeys/<uuid:journey_id>/edit", views.edit, name="edit"),
    path("hq/journeys/<uuid:journey_id>/turn", views.turn, name="turn"),
    path("hq/journeys/<uuid:journey_id>/try", views.dry_run, name="try"),
    path("hq/asks", views.asks, name="asks"),
    path("hq/asks/<uuid:ask_id>", views.answer, name="answer"),
]
