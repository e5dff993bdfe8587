"""Addresses of this floor."""

from django.urls import path

from groundswell.people import views

app_name = "people"
urlpatterns = [
    path("hq/segments", views.segments, name="segments"),
    path("hq/segments/new", views.new, name="new_segment"),
    path("hq/segments/compare", views.compare, name="compare_segments"),
    path("hq/segments/<uuid:segment_id>", views.segment, name="segment"),
    path("hq/segments/<uuid:segment_id>/edit", views.edit, name="edit_segment"),
    path("hq/segments/<uuid:segment_id>/remove", views.remove, name="remove_segment"),
]
