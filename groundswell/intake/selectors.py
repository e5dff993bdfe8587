"""The event programme as rows of a file: the columns people already have, one row a shift."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from groundswell.events.models import Event, Shift

COLUMNS = (
    "id system external_id title event_type start_local end_local time_zone venue street city state zip country lat"
    " lon capacity rsvps opening_rsvps official online online_url visibility place_shown accessibility languages"
    " description"
).split()


def programme() -> Iterator[list[object]]:
    """Published events, past ones too, in order of time; cells in the order of `COLUMNS`.

    `rsvps` are those with names who come to this shift, `opening_rsvps` those that came as a number. Times carry their
    offset, so that none is ambiguous.
    """
    shifts = Shift.objects.filter(event__state=Event.State.PUBLISHED).select_related("event")
    for shift in shifts.order_by("event__starts_at", "event_id", "starts_at", "ends_at").iterator(2_000):
        event, zone = shift.event, ZoneInfo(shift.event.time_zone)
        yield [
            event.pk,
            event.system,
            event.external_id,
            event.title,
            event.type,
            shift.starts_at.astimezone(zone).isoformat(" "),
            shift.ends_at.astimezone(zone).isoformat(" "),
            event.time_zone,
            event.venue,
            event.street,
            event.city,
            event.region,
            event.postal_code,
            event.country,
            event.latitude,
            event.longitude,
            shift.capacity,
            shift.taken,
            shift.opening,
            "yes" if event.official else "no",
            "yes" if event.online else "no",
            event.online_url,
            event.visibility,
            event.place_shown,
            event.accessibility,
            " ".join(event.languages),
            event.description,
        ]
