"""What every search draws: `{% event_card found %}`, an event in a list, and `{% more_filters form %}`."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from django import template
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from groundswell.events.forms.finding import FindForm
from groundswell.events.selectors import FoundEvent
from groundswell.kit.templatetags.kit import distance
from groundswell.powers.movement import movement

register = template.Library()
HOW_FAR = "\0"  # stands in a remembered card where the distance goes; no text of ours or of a host's holds it


@register.simple_tag(takes_context=True)
def event_card(context: template.Context, found: FoundEvent) -> SafeString:
    """The card, remembered: whoever looks from nearby sees the same one with another distance. Drawing twenty of them
    anew was most of what a search cost."""
    near, source = found.distance_m is not None, str(context.get("source_code", ""))
    card = _card(get_language(), datetime.now(UTC).year, source, near, replace(found, distance_m=None))
    if found.distance_m is None:
        return mark_safe(card)  # noqa: S308  (drawn by the engine)
    shown = conditional_escape(distance(found.distance_m, movement().country))
    return mark_safe(card.replace(HOW_FAR, shown))  # noqa: S308


@lru_cache(maxsize=10_000)  # about a kilobyte each
def _card(_language: str | None, _year: int, source_code: str, near: bool, found: FoundEvent) -> str:
    how_far = HOW_FAR if near else ""
    return render_to_string("events/card.html", {"found": found, "how_far": how_far, "source_code": source_code})


MORE = ("since", "until", "type", "room")


@register.simple_tag
def more_filters(form: FindForm) -> SafeString:
    """The fields that hardly anybody fills in, remembered as they were: drawing them anew was a third of what was left
    of a search."""
    assert isinstance(form.data, QueryDict)  # of the address
    filled = QueryDict(mutable=True)
    for name in MORE:
        filled.setlist(name, form.data.getlist(name))
    return _more_filters(get_language(), filled.urlencode())


@lru_cache(maxsize=256)
def _more_filters(_language: str | None, filled: str) -> SafeString:
    return render_to_string("events/more_filters.html", {"form": FindForm(QueryDict(filled))})
