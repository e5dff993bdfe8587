"""Addresses of events."""

from django.urls import path

from groundswell.events.views import coming, copying, finding, hosting, reviewing, routing, sheets, showing, writing

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
    path("events/<uuid:event_id>/guests", hosting.guests, name="guests"),
    path("events/<uuid:event_id>/host/sheet.pdf", sheets.sheet, name="sheet"),
    path("events/<uuid:event_id>/host/type-in", sheets.type_in, name="type_in"),
    path("events/<uuid:event_id>/host/message", writing.message, name="message"),
    path("events/<uuid:event_id>/copy", copying.copy, name="copy"),
    path("events/<uuid:event_id>/hosts", hosting.hosts, name="hosts"),
    path("events/<uuid:event_id>/submit", hosting.submit, name="submit"),
    path("events/<uuid:event_id>/cancel", hosting.cancel, name="cancel"),
    path("rsvp/<str:token>", coming.manage, name="rsvp_manage"),
    path("rsvp/<str:token>/thanks", coming.thanks, name="thanks"),
    path("rsvp/<str:token>/event.ics", coming.thanks_ics, name="thanks_ics"),
    path("events/<uuid:event_id>/host/fill", routing.fill, name="fill"),
    path("events/no-more/<str:token>", routing.no_more, name="no_more"),
    path("hq/events", routing.lists, name="short"),
    path("hq/review", reviewing.queue, name="review"),
    path("hq/review/<uuid:event_id>", reviewing.decide, name="decide"),
]
