"""Addresses of this floor."""

from django.urls import path

from groundswell.messaging.views import letters

app_name = "messaging"
urlpatterns = [
    path("hq/letters", letters.listed, name="letters"),
    path("hq/letters/<str:kind>/<str:language>", letters.letter, name="letter"),
]
