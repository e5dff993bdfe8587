"""Addresses of events."""

from django.urls import path

from groundswell.events.views import (
    coming,
    copying,
    desk,
    finding,
    hosting,
    reviewing,
    routing,
    sheets,
    showing,
    writing,
)

app_name = "events"
urlpatterns = [
    path("events", finding.find, name="find"),
    path("events/points.json", finding.points, name="points"),
    path("events/new", hosting.create, name="create"),
    path("events/new/mailed", hosting.mailed, name="mailed"),
    path("events/confirm/<str:token>", hosting.confirm, name="confirm"),
    path("events/invitation/<str:token>", hosting.invitation, name="invitation"),
    path("events/<uuid:event_id>", showing.event, name="event"),
    path("events/<uuid:event_id>/rsvp", showing.rsvp, name="rsvp"),
    path("events/<uuid:event_id>/event.ics", showing.ics, name="ics"),
    path("events/<uuid:event_id>/qr.svg", showing.qr, name="qr"),
    path("events/<uuid:event_id>/edit", hosting.edit, name="edit"),
    path("events/<uuid:event_id>/guests", desk.guests, name="guests"),
    path("events/<uuid:event_id>/host", desk.desk, name="desk"),
    path("events/<uuid:event_id>/host/count", desk.count, name="desk_count"),
    path("events/<uuid:event_id>/host/guests/<uuid:rsvp_id>", desk.guest, name="desk_guest"),
    path("events/<uuid:event_id>/host/walk-in", desk.walk_in, name="desk_walk_in"),
    path("events/<uuid:event_id>/host/missed", desk.missed, name="desk_missed"),
    path("events/<uuid:event_id>/host/check-in/<str:token>", desk.check_in, name="desk_check_in"),
    path("events/<uuid:event_id>/host/sheet.pdf", sheets.sheet, name="sheet"),
    path("events/<uuid:event_id>/host/type-in", sheets.type_in, name="type_in"),
    path("events/<uuid:event_id>/host/message", writing.message, name="message"),
    path("events/<uuid:event_id>/copy", copying.copy, name="copy"),
    path("events/<uuid:event_id>/hosts", hosting.hosts, name="hosts"),
    path("events/<uuid:event_id>/submit", hosting.submit, name="submit"),
    path("events/<uuid:event_id>/cancel", hosting.cancel, name="cancel"),
    path("check-in/<str:token>.png", coming.check_in_code, name="check_in_code"),
    path("rsvp/<str:token>", coming.manage, name="rsvp_manage"),
    path("rsvp/<str:token>/thanks", coming.thanks, name="thanks"),
    path("rsvp/<str:token>/event.ics", coming.thanks_ics, name="thanks_ics"),
    path("events/<uuid:event_id>/host/fill", routing.fill, name="fill"),
    path("events/no-more/<str:token>", routing.no_more, name="no_more"),
    path("hq/events", routing.lists, name="short"),
    path("hq/review", reviewing.queue, name="review"),
    path("hq/review/<uuid:event_id>", reviewing.decide, name="decide"),
]
