"""How a mail looks: its parts put into MJML, compiled, and dressed in the movement's name, logo and colours.

MJML has holes in place of whatever somebody wrote, so nothing written is ever markup, and mails of one build are
compiled once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import css_inline
import mrml
from django.conf import settings
from django.template import Context
from django.template.loader import render_to_string
from django.utils import translation

from groundswell.kit import look
from groundswell.kit.templatetags.kit import logo_url
from groundswell.messaging.hooks import Button, Image, Part, Row, Words
from groundswell.messaging.writing.markup import Marks, mark
from groundswell.powers.models import Movement

UNSUBSCRIBE, WEB, OPEN, TRAP = "unsubscribe_url", "web_url", "open_url", "trap_url"
SHEET, SOFT, LINE = "#fffdf9", "#595e6b", "#e2d9c6"
DARK_GROUND, DARK_INK, DARK_SOFT = "#0f1117", "#ede8dc", "#abaeb8"
UNSHOWN = {"image/svg+xml"}  # logos that mail programs do not show
_HOLE = re.compile(r"⟦(\d+)⟧")
_NO_FONTS = mrml.RenderOptions(fonts={})  # else it lets mail programs fetch them, and tell who reads
_Run = tuple[str, ...]  # the kinds of parts of one section


@dataclass(frozen=True, slots=True)
class Face:
    """What a movement's mails have in common."""

    name: str
    postal_address: str
    colours: tuple[str, str]  # main and accent
    logo: str = ""  # its address, where mail programs show such a picture


def face_of(movement: Movement) -> Face:
    """The face of the movement's mails."""
    shown = movement.logo_type and movement.logo_type not in UNSHOWN
    logo = f"{settings.BASE_URL}{logo_url(Context({'movement': movement}))}" if shown else ""
    return Face(movement.name, movement.postal_address, (movement.colour, movement.accent), logo)


def html(preview: str, parts: Sequence[Part], marks: Marks, face: Face, language: str, *, paged: bool = True) -> str:
    """The whole document, with marks for fields and for the machine's addresses; `paged`: its copies have a page."""
    head, foot, _end = _frame(face, language, paged)
    held = [escape(preview), head, foot]
    for part in parts:
        held += _held(part, marks, face.colours)
    shell = _compiled(_runs(parts), language, face.colours)
    return _HOLE.sub(lambda found: held[int(found[1])], shell)


def text(parts: Sequence[Part], marks: Marks, face: Face, language: str) -> str:
    """The same as text: links written out."""
    said = [_said(part, marks) for part in parts]
    return "\n\n".join([*filter(None, said), _frame(face, language, True)[2]]) + "\n"


@lru_cache(maxsize=4_096)
def styled(words: str, colours: tuple[str, str]) -> str:
    """A passage with its styles beside each tag, where every mail program reads them."""
    return css_inline.inline_fragment(words, _words_css(colours)) if "<" in words else words


def _held(part: Part, marks: Marks, colours: tuple[str, str]) -> list[str]:
    match part:
        case Words():
            return [styled(part.html, colours)]
        case Button():
            return [escape(part.label), marks.of_link(part.url)]
        case Image():
            return [escape(part.alt), escape(part.url)]
        case Row():
            return [held for one in part.buttons for held in _held(one, marks, colours)]


def _said(part: Part, marks: Marks) -> str:
    match part:
        case Words():
            return part.text
        case Button():
            return f"{part.label}: {marks.of_link(part.url)}"
        case Image():
            return f"[{part.alt}]"
        case Row():
            return "\n".join(_said(one, marks) for one in part.buttons)


# --- the frame -----------------------------------------------------------------------------------------------------
def _runs(parts: Sequence[Part]) -> tuple[_Run, ...]:
    """What stands below each other in one section, and rows, which are sections of their own."""
    runs: list[_Run] = []
    for part in parts:
        if isinstance(part, Row):
            runs.append(("row", *("button" for _one in part.buttons)))
        elif runs and runs[-1][0] != "row":
            runs[-1] += (type(part).__name__.lower(),)
        else:
            runs.append((type(part).__name__.lower(),))
    return tuple(runs)


@lru_cache(maxsize=256)
def _compiled(runs: tuple[_Run, ...], language: str, colours: tuple[str, str]) -> str:
    next_hole = 3
    shown: list[dict[str, Any]] = []
    for run in runs:
        beside = run[0] == "row"
        parts: list[tuple[str, range]] = []
        for kind in run[1:] if beside else run:
            size = 1 if kind == "words" else 2
            parts.append((kind, range(next_hole, next_hole + size)))
            next_hole += size
        shown.append({"beside": beside, "parts": parts, "holes": [holes for _kind, holes in parts]})
    context = {"runs": shown, "language": language, **_palette(colours)}
    return mrml.to_html(render_to_string("messaging/letter/letter.mjml", context), render_options=_NO_FONTS).content


@lru_cache(maxsize=16)
def _words_css(colours: tuple[str, str]) -> str:
    return render_to_string("messaging/letter/words.css", _palette(colours))


def _palette(colours: tuple[str, str]) -> dict[str, str]:
    brand, accent = colours
    fill = look.readable(brand, SHEET, look.SUNK)
    return {
        "ground": look.SUNK,
        "sheet": SHEET,
        "ink": look.INK,
        "soft": SOFT,
        "line": LINE,
        "accent": accent,
        "link": fill,
        "fill": fill,
        "on_fill": look.text_on(fill),
        "dark_ground": DARK_GROUND,
        "dark_sheet": look.DARK_RAISED,
        "dark_ink": DARK_INK,
        "dark_soft": DARK_SOFT,
        "dark_link": look.readable(brand, look.DARK_RAISED, DARK_GROUND),
        "serif": "Georgia, Cambria, 'Times New Roman', serif",
        "sans": "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    }


@lru_cache(maxsize=64)
def _frame(face: Face, language: str, paged: bool) -> tuple[str, str, str]:
    """What stands above and below every mail, and below every text."""
    names = (UNSUBSCRIBE, OPEN, *([WEB, TRAP] if paged else []))
    context = {"movement": face, **{name: mark(name) for name in names}}
    with translation.override(language):
        head, foot, end = (
            render_to_string(f"messaging/letter/{name}", context) for name in ("head.html", "foot.html", "foot.txt")
        )
    return styled(head, face.colours), styled(foot, face.colours), end.strip("\n")
