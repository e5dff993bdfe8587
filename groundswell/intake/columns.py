"""Which column of a file says what: recognised by name, or told with `--map`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from groundswell.kit.tables import BadFile
from groundswell.kit.text import fold

# Field -> the names its column goes by, the surest first. Mobilize's are those of its data export (`location__...`,
# `utc_...`) and of its API written flat; `timeslot_...` where each row is a time slot.
NAMES = {
    "id": ("external_id", "event_id", "id"),
    "title": ("title", "event_title", "event_name", "name"),
    "type": ("event_type", "type", "kind_of_event"),
    "start": ("start_local", "start", "starts_at", "start_date", "timeslot_start_date", "timeslot_start", "start_time"),
    "start_utc": ("utc_start_date", "start_utc", "utc_timeslot_start_date"),
    "end": ("end_local", "end", "ends_at", "end_date", "timeslot_end_date", "timeslot_end", "end_time"),
    "end_utc": ("utc_end_date", "end_utc", "utc_timeslot_end_date"),
    "time_zone": ("time_zone", "timezone", "event_timezone", "event_time_zone"),
    "venue": ("venue", "location__venue", "location_name", "location_venue", "place"),
    "street": ("street", "location__address_line_1", "address_line_1", "address_lines", "address", "address1"),
    "city": ("city", "location__locality", "locality", "location_locality", "town"),
    "state": ("state", "location__region", "region", "location_region", "province"),
    "zip": ("zip", "location__postal_code", "postal_code", "location_postal_code", "zipcode", "zip_code", "postcode"),
    "country": ("country", "location__country", "location_country"),
    "latitude": ("lat", "latitude", "location__lat", "location__latitude", "location_latitude"),
    "longitude": ("lon", "lng", "long", "longitude", "location__lon", "location__longitude", "location_longitude"),
    "capacity": ("capacity", "max_attendees", "timeslot_max_attendees", "attendee_limit", "limit"),
    "rsvps": ("opening_rsvps", "rsvps", "rsvp_count", "attendee_count", "attendance_count", "signups"),
    "official": ("official",),
    "volunteer": ("is_created_by_volunteer_host", "created_by_volunteer_host"),
    "description": ("description", "event_description"),
    "accessibility": ("accessibility", "accessibility_notes"),
    "languages": ("languages", "language"),
    "online": ("online", "is_virtual", "event_is_virtual", "virtual"),
    "online_url": ("online_url", "virtual_action_url"),
    "visibility": ("visibility", "event_visibility"),
    "place_shown": ("place_shown", "address_visibility", "location__is_private"),
    "approval": ("approval_status",),
    "deleted": ("utc_deleted_date", "deleted_date", "deleted_at"),
}
SYSTEM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
OF_OUR_EXPORT = {"own_id": "id", "system": "system"}


@dataclass(frozen=True)
class Layout:
    """A kind of file.

    Attributes:
        system: where its events come from: what makes their ids unique.
        marks: columns that together no other kind has.
        exactly: it has no other columns either.
        clock: the time zone in which its times are written; empty: that of the event's place.
    """

    system: str
    marks: frozenset[str]
    exactly: bool = False
    clock: str = ""


LAYOUTS = [
    Layout("groundswell", frozenset({"id", "system", "external_id", "opening_rsvps"})),
    Layout("mobilize", frozenset({"location__postal_code", "event_timezone"})),
    Layout("mobilize", frozenset({"event_id", "timeslot_id"})),
    Layout("mobilize", frozenset({"browser_url", "event_type", "approval_status"})),
    Layout("eventmap", frozenset({"id", "event_type", "start_local", "zip", "capacity", "rsvps", "lat", "lon"})),
    # The 2015 dashboard wrote UTC: its evening events begin between 22:00 and 2:00.
    Layout(
        "volunteerdashboard",
        frozenset({"start", "city", "state", "zip", "event_type", "rsvps", "official"}),
        exactly=True,
        clock="UTC",
    ),
]


@dataclass(frozen=True)
class Columns:
    """Field -> column of one file, its layout where it is a known one, and the columns nobody asked for."""

    of: Mapping[str, str]
    layout: Layout | None
    unused: list[str]

    def named(self, field: str) -> str:
        """What to call a field before whoever has the file: its column."""
        return self.of.get(field, field)


def recognise(columns: list[str], told: Iterable[str] = ()) -> Columns:
    """Find each field's column.

    Args:
        columns: the heading of the file.
        told: `COLUMN=FIELD`, which wins over names; `COLUMN=` leaves a column out.

    Raises:
        BadFile: a column or field of `told` does not exist, or no column says when or where events are.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_name(column), column)
    layout = next((known for known in LAYOUTS if _is(known, by_name)), None)
    mapped = _told(told, by_name)
    names = {**NAMES, **{field: (name,) for field, name in OF_OUR_EXPORT.items()}} if _ours(layout) else NAMES
    of = {field: column for column, field in mapped.items() if field}
    for field, aliases in names.items():
        free = [by_name[alias] for alias in aliases if alias in by_name and by_name[alias] not in mapped]
        if free:
            of.setdefault(field, free[0])
    if not {"start", "start_utc"} & of.keys():
        raise BadFile(_missing(_("No column says when events start."), "start", columns))
    if not ({"zip", "city", "online"} & of.keys() or {"latitude", "longitude"} <= of.keys()):
        raise BadFile(_missing(_("No column says where events are."), "zip", columns))
    return Columns(of, layout, [column for column in columns if column not in of.values()])


def _name(column: str) -> str:
    return re.sub("[^a-z0-9_]+", "_", fold(column)).strip("_")


def _is(layout: Layout, names: Mapping[str, str]) -> bool:
    return layout.marks <= names.keys() and (not layout.exactly or layout.marks == names.keys())


def _ours(layout: Layout | None) -> bool:
    return layout is not None and layout.system == "groundswell"


def _told(told: Iterable[str], by_name: Mapping[str, str]) -> dict[str, str]:
    mapped = {}
    for pair in told:
        column, equals, field = pair.rpartition("=")
        if not equals or _name(column) not in by_name:
            raise BadFile(
                _("--map %(pair)s: there is no such column. The columns are: %(columns)s.")
                % {"pair": pair, "columns": ", ".join(by_name.values())}
            )
        if field and field not in NAMES:
            raise BadFile(
                _("--map %(pair)s: there is no such field. The fields are: %(fields)s.")
                % {"pair": pair, "fields": ", ".join(NAMES)}
            )
        mapped[by_name[_name(column)]] = field
    return mapped


def _missing(what: str, field: str, columns: list[str]) -> str:
    return _("%(what)s Say which one with --map COLUMN=%(field)s. The columns are: %(columns)s.") % {
        "what": what,
        "field": field,
        "columns": ", ".join(columns),
    }
