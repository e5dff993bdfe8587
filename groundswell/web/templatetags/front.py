"""Template tags of the front."""

from collections.abc import Sequence

from django import template
from django.utils.formats import number_format

from groundswell.events.models import Event

register = template.Library()


@register.filter
def grouped(number: int) -> str:
    """`12,345`, in the reader's language."""
    return number_format(number, force_grouping=True)


@register.filter
def sent_back(hosting: Sequence[Event]) -> Event | None:
    """The first event that a reviewer sent back to its host."""
    return next((event for event in hosting if event.state == Event.State.DRAFT and event.note), None)
