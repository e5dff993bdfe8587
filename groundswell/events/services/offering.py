"""Places beyond the capacity, as not everybody who says so comes. Off until a host asks for it."""

from django.db import transaction

from groundswell.events import attendance, selectors
from groundswell.events.models import Event, Shift
from groundswell.events.services.rsvps import promote
from groundswell.kit import clock


def offer(event: Event, actor: str) -> None:
    """Set what each shift that has not begun offers beyond its capacity, by what is known now. The event must be
    locked."""
    shifts = list(event.shifts.select_for_update().filter(starts_at__gt=clock.now()).order_by("pk"))
    extras = attendance.extras(event, shifts)
    for shift in shifts:
        if shift.extra != extras[shift.pk]:
            Shift.objects.filter(pk=shift.pk).update(extra=extras[shift.pk])
            promote(shift.pk, actor=actor)
            transaction.on_commit(selectors.forget_map)
