"""Reads of this floor: finding, the map, what the public sees, the gate for those who run events, boards.

The public sees a `PublicEvent`; a guest sees the same with the exact place and the link to join. Nothing else of an
event leaves this floor for people who do not run it.
"""

from groundswell.events.selectors.boards import Counts, Fill, counted, counts, fills, rsvps_of, subjects
from groundswell.events.selectors.finding import LISTING, FindQuery, FoundEvent, find, squares, squares_of
from groundswell.events.selectors.mapping import Bounds, MapPoint, forget_map, map_points
from groundswell.events.selectors.running import (
    OWN,
    access_event,
    asked_to_lead,
    callers,
    changed_by,
    details_of,
    guest_list,
    hosted_by,
    hosts_of,
    is_actor,
    review_queue,
)
from groundswell.events.selectors.showing import (
    PublicEvent,
    PublicPlace,
    PublicShift,
    guest_event,
    loaded,
    place_of,
    public_event,
    shown,
)

__all__ = [
    "LISTING",
    "OWN",
    "Bounds",
    "Counts",
    "Fill",
    "FindQuery",
    "FoundEvent",
    "MapPoint",
    "PublicEvent",
    "PublicPlace",
    "PublicShift",
    "access_event",
    "asked_to_lead",
    "callers",
    "changed_by",
    "counted",
    "counts",
    "details_of",
    "fills",
    "find",
    "forget_map",
    "guest_event",
    "guest_list",
    "hosted_by",
    "hosts_of",
    "is_actor",
    "loaded",
    "map_points",
    "place_of",
    "public_event",
    "review_queue",
    "rsvps_of",
    "shown",
    "squares",
    "squares_of",
    "subjects",
]
