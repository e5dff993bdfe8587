"""Template tags of the page kit; loaded everywhere."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import lru_cache, wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.template import Context
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils import translation
from django.utils.formats import date_format, number_format, time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info, gettext, pgettext

from groundswell.kit import hooks, look
from groundswell.kit.icons import ICONS
from groundswell.kit.maps import COUNTS_MILES

register = template.Library()
P = ParamSpec("P")


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, label: str = "") -> SafeString:
    """A drawn symbol; with a label it is read aloud, without one it is decoration."""
    shape = mark_safe(ICONS[name])  # noqa: S308
    if label:
        return format_html('<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', label, shape)
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', shape)


def remembered(show: Callable[P, str]) -> Callable[P, str]:
    """Remember what was shown in each language: on one night thousands of events begin at the same hour."""

    @lru_cache(maxsize=4096)
    def kept(_language: str | None, _year: int, *words: P.args, **more: P.kwargs) -> str:
        return show(*words, **more)

    @wraps(show)
    def shown(*words: P.args, **more: P.kwargs) -> str:
        return kept(get_language(), datetime.now(UTC).year, *words, **more)  # type: ignore[arg-type]  # all are hashable

    return shown


# --- time --------------------------------------------------------------------------------------------------------
@remembered
def _worded(when: date | time, form: str) -> str:
    """In the letters of a date format. Many events have a day or an hour in common, few both."""
    return date_format(when, form) if isinstance(when, date) else time_format(when, form)


def shown_date(moment: datetime, time_zone: str) -> str:
    """`Wednesday, July 29` there; with the year when it is not the present one there."""
    local = moment.astimezone(ZoneInfo(time_zone))
    if local.year == datetime.now(local.tzinfo).year:
        return _worded(local.date(), pgettext("date format", "l, F j"))
    return _worded(local.date(), pgettext("date format", "l, F j, Y"))


def shown_clock(moment: datetime, time_zone: str) -> str:
    """`7 PM` or `7:30 PM` there."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return _worded(local.time(), pgettext("time format", "g:i A") if local.minute else pgettext("full hour", "g A"))


def shown_clocks(starts_at: datetime, ends_at: datetime, time_zone: str) -> str:
    """`7 PM – 9:30 PM EDT` there; with the second date where it ends on another day, with both zones on the night the
    clocks change."""
    zone = ZoneInfo(time_zone)
    starts, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    last = shown_clock(ends, time_zone)
    if starts.date() != ends.date():
        last = f"{shown_date(ends, time_zone)}, {last}"
    first = shown_clock(starts, time_zone)
    if f"{starts:%Z}" != f"{ends:%Z}":
        first = f"{first} {starts:%Z}"
    return f"{first} – {last} {ends:%Z}"


def shown_span(starts_at: datetime, ends_at: datetime, time_zone: str) -> str:
    """`Wednesday, July 29, 7 PM – 9:30 PM EDT`."""
    return f"{shown_date(starts_at, time_zone)}, {shown_clocks(starts_at, ends_at, time_zone)}"


@register.simple_tag
@remembered
def local_time(moment: datetime | None, time_zone: str, form: str = "full") -> str:
    """A moment as the clock there shows it, in `<time>`. Forms: full, date, clock, day (a short date), month, number,
    weekday."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(time_zone))
    match form:
        case "date":
            text = shown_date(local, time_zone)
        case "clock":
            text = f"{shown_clock(local, time_zone)} {local:%Z}"
        case "day":
            text = _worded(local.date(), pgettext("date format", "D, M j"))
        case "month":
            text = _worded(local.date(), "M")
        case "number":
            text = _worded(local.date(), "j")
        case "weekday":
            text = _worded(local.date(), "D")
        case _:
            text = f"{shown_date(local, time_zone)}, {shown_clock(local, time_zone)} {local:%Z}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), text)


@register.simple_tag
@remembered
def local_clocks(starts_at: datetime, ends_at: datetime, time_zone: str) -> str:
    """`7 PM – 9:30 PM EDT`, to stand beside the date; with the second date where it ends on another day."""
    return shown_clocks(starts_at, ends_at, time_zone)


@register.simple_tag
def local_span(starts_at: datetime, ends_at: datetime, time_zone: str) -> str:
    """From when to when, as the clock there shows it, in `<time>`."""
    starts = starts_at.astimezone(ZoneInfo(time_zone)).isoformat(timespec="minutes")
    return format_html('<time datetime="{}">{}</time>', starts, shown_span(starts_at, ends_at, time_zone))


# --- places ------------------------------------------------------------------------------------------------------
@register.filter
def distance(metres: float, country: str) -> str:
    """How far: `0.4 miles`, `12 miles`, or in kilometres where the country counts those."""
    miles = country in COUNTS_MILES
    far = metres / (1609.344 if miles else 1000)
    shown = number_format(round(far, 1 if far < 10 else 0), 1 if far < 10 else 0)
    return (gettext("%(n)s miles") if miles else gettext("%(n)s km")) % {"n": shown}


# --- addresses ---------------------------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def look_url(context: Context) -> str:
    """The address of the stylesheet, which changes when the sheet or the movement's colours do."""
    movement = context.get("movement")
    address = reverse("look")
    return f"{address}?v={look.version(movement.colour, movement.accent)}" if movement else address


@register.simple_tag(takes_context=True)
def logo_url(context: Context) -> str:
    """The address of the movement's logo; empty where it has none."""
    movement = context.get("movement")
    if not movement or not movement.logo_type:
        return ""
    return f"{reverse('logo')}?{urlencode({'v': int(movement.changed_at.timestamp())})}"


@register.filter
def absolute(path: str) -> str:
    """The path with the site's address before it."""
    return f"{settings.BASE_URL}{path}"


@register.simple_tag(takes_context=True)
def languages(context: Context) -> list[dict[str, Any]]:
    """The movement's languages with the address of this page in each."""
    request, movement = context.get("request"), context.get("movement")
    known = [code for code, _ in settings.LANGUAGES]
    codes = [code for code in (movement.languages if movement else []) if code in known] or known
    here = request.get_full_path() if request else "/"
    current = translation.get_language()
    return [
        {"code": code, "name": get_language_info(code)["name_local"].capitalize(), "url": translate_url(here, code),
         "current": code == current}
        for code in codes
    ]  # fmt: skip


@register.filter
def language_name(code: str) -> str:
    """The language's own name: `Español`; the code where it is not known."""
    try:
        return str(get_language_info(code)["name_local"]).capitalize()
    except KeyError:
        return code


@register.simple_tag(takes_context=True)
def nav(context: Context, which: str) -> list[dict[str, Any]]:
    """The links of the `public` header or of the `hq` rail."""
    request = context.get("request")
    here = request.path if request else ""
    found = []
    for item in hooks.hq_nav if which == "hq" else hooks.public_nav:
        if which == "hq" and (request is None or not item.shown(request)):
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        found.append({"label": item.label, "url": url, "icon": item.icon, "current": here == url})
    return found


@register.filter
def initials(name: str) -> str:
    """At most two letters for a face."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)) or "·"


@register.filter
def kind_of(field: Any) -> str:
    """What a form field is drawn as: `tick`, `choices` or `line`."""
    return {"checkbox": "tick", "radioselect": "choices", "checkboxselectmultiple": "choices"}.get(
        field.widget_type, "line"
    )
