"""Writes of this floor; each is one transaction.

Locks are taken in one order, so that nobody waits in a circle, and the row most wanted is locked last and shortest:

    persons (find-or-add), consents, sources  ->  the event  ->  its shifts by id  ->  RSVPs  ->  the ledger

Whoever takes, gives back or waits for places locks the shift first and reads the RSVP after that, in a statement of its
own: a statement that waits for a lock still sees what was there before it waited. Places are then taken by one UPDATE
that asks for room itself. Whoever cancels or changes an event locks its shifts too, so nobody slips into one that is
being cancelled.

Errors are those of `rules` (Invalid, Refused, NoRoom) and NotFound.
"""

from groundswell.events.rules import EventDetails, Invalid, NoRoom, Refused, ShiftDetails
from groundswell.events.services.bulk import BulkEvent, BulkRSVP, add_events, add_rsvps
from groundswell.events.services.hosting import (
    add_host,
    cancel,
    change,
    confirm,
    create,
    publish,
    remove_host,
    send_back,
    submit,
)
from groundswell.events.services.importing import (
    OWN_SYSTEM,
    ImportedEvent,
    ImportedShift,
    ImportResult,
    check_imported,
    import_events,
    own_id,
)
from groundswell.events.services.rsvps import Agreed, cancel_rsvp, change_rsvp, mark_attended, prove, proven, rsvp, stay

__all__ = [
    "OWN_SYSTEM",
    "Agreed",
    "BulkEvent",
    "BulkRSVP",
    "EventDetails",
    "ImportResult",
    "ImportedEvent",
    "ImportedShift",
    "Invalid",
    "NoRoom",
    "Refused",
    "ShiftDetails",
    "add_events",
    "add_host",
    "add_rsvps",
    "cancel",
    "cancel_rsvp",
    "change",
    "change_rsvp",
    "check_imported",
    "confirm",
    "create",
    "import_events",
    "mark_attended",
    "own_id",
    "prove",
    "proven",
    "publish",
    "remove_host",
    "rsvp",
    "send_back",
    "stay",
    "submit",
]
