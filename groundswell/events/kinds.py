"""The ledger kinds this floor writes. `on` is the event; `quantity` is the number of places, of host_message of people.

Places of those who come = rsvp + promoted + rsvp_changed + moved_in - rsvp_cancelled - moved_on. Places on the waiting
list = waiting + waiting_changed - promoted - left_waiting. The quantity of the changes may be negative. Places of those
who came = attended, of those who did not = missed: a correction takes the old entry back by one of its kind and the
negative quantity. Of those who came, walked_in came without having said so: they took no place.
"""

from django.utils.translation import gettext_lazy as _

from groundswell.ledger.hooks import Kind

KINDS = [
    Kind("event.created", _("created an event"), {}),
    Kind("event.changed", _("changed an event"), {"fields": list, "shifts": list}),
    Kind("event.submitted", _("asked for an event to be reviewed"), {}),
    Kind("event.published", _("published an event"), {}),
    Kind("event.sent_back", _("sent an event back to its host"), {}),
    Kind("event.cancelled", _("called an event off"), {}),
    Kind("event.imported", _("was imported as an event"), {"system": str}),
    Kind("event.opening_balance", _("RSVPs counted before we had their names"), {"system": str}),
    Kind("event.overbooked", _("chose how many places to offer beyond the room"), {"percent": int}),
    Kind("event.invited", _("was invited to an event nearby"), {}),
    Kind("event.host_added", _("became a host"), {}),
    Kind("event.host_removed", _("stopped being a host"), {}),
    Kind("event.host_invited", _("asked somebody to run an event, too"), {"invitation": str}),
    Kind("event.invitation_taken_back", _("took back an invitation to run an event"), {"invitation": str}),
    Kind("event.handover_asked", _("was asked to take over an event"), {}),
    Kind("event.handover_taken_back", _("was not asked any more to take over an event"), {}),
    Kind("event.handover_declined", _("did not take over an event"), {}),
    Kind("event.handed_over", _("took over an event"), {}),
    Kind("event.rsvp", _("said they would come"), {"shift": str, "rsvp": str}),
    Kind("event.waiting", _("joined the waiting list"), {"shift": str, "rsvp": str}),
    Kind("event.promoted", _("got a place from the waiting list"), {"shift": str, "rsvp": str}),
    Kind("event.rsvp_changed", _("changed how many come"), {"shift": str, "rsvp": str}),
    Kind("event.waiting_changed", _("changed how many wait"), {"shift": str, "rsvp": str}),
    Kind("event.rsvp_cancelled", _("said they would not come"), {"shift": str, "rsvp": str}),
    Kind("event.left_waiting", _("left the waiting list"), {"shift": str, "rsvp": str}),
    Kind("event.moved_on", _("went to another event with their host"), {"shift": str, "rsvp": str}),
    Kind("event.moved_in", _("came over from another event"), {"shift": str, "rsvp": str}),
    Kind("event.stayed", _("said they come to the other event, too"), {"shift": str, "rsvp": str}),
    Kind("event.merge_proposed", _("proposed to merge with another event"), {"into": str}),
    Kind("event.merge_declined", _("said no to merging"), {"into": str}),
    Kind("event.merge_withdrawn", _("took back a proposal to merge"), {"into": str}),
    Kind("event.merged", _("was merged into another event"), {"into": str}),
    Kind("event.took_in", _("took in the guests of another event"), {"from": str}),
    Kind("event.attended", _("came"), {"shift": str, "rsvp": str}),
    Kind("event.host_message", _("wrote to {quantity} guests"), {"to": str}),
    Kind("event.copied", _("made an event like this one"), {"copy": str}),
    Kind("event.made_like", _("was made like another event"), {"of": str}),
    Kind("event.missed", _("did not come"), {"shift": str, "rsvp": str}),
    Kind("event.walked_in", _("walked in without having said so"), {"shift": str, "rsvp": str}),
    Kind("event.needs_told", _("told the hosts what they need"), {"shift": str, "rsvp": str}),
    Kind("event.noted", _("was written a note about by a host"), {"shift": str, "rsvp": str}),
    Kind("event.called", _("was called by the host about coming"), {"shift": str, "rsvp": str, "result": str}),
]

DEEDS = {  # told of several people, in the past: what segments ask for first
    "event.attended": _("came to an event"),
    "event.rsvp": _("said they would come to an event"),
    "event.created": _("set up an event"),
    "event.missed": _("missed an event they had said they would come to"),
    "event.rsvp_cancelled": _("took back that they would come to an event"),
    "event.walked_in": _("walked in on an event"),
}
