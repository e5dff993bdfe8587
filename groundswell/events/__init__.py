"""Floor 7: events: house parties, phone banks, canvasses, rallies, meetings. Anyone may host.

Event: a gathering, with one or more shifts. Shift: a time slot with its own capacity.
RSVP: said they would come. Attendance: came. Host: a person who runs an event; there may be co-hosts.

A shift never has more places taken than it offers: places are taken in one statement under the shift's row lock. It
offers its capacity; and where the host wants it, as many more as will hardly make more come than fit.
"""
