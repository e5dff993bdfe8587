"""Addresses of the house's front."""

from django.urls import URLPattern

app_name = "web"
urlpatterns: list[URLPattern] = []
