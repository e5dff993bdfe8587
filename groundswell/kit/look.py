"""The one stylesheet of the page kit: its component files joined, and after them the movement's two colours.

A movement may choose any colours: text and buttons are made from them dark or light enough to read.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "kit"
PAPER, INK = "#fbf7ef", "#1d2230"
DARK_PAPER, DARK_RAISED = "#15181f", "#1d212b"
SUNK = "#f3ecdd"  # the darkest ground that text stands on by day; by night it is DARK_RAISED that is lightest
READABLE = 4.5  # WCAG 2.2, 1.4.3


def contrast(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb`, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, *grounds: str) -> str:
    """The colour, moved towards black or white as little as it takes to be read on all of `grounds`, which are either
    all light or all dark."""
    end = "#000000" if _luminance(grounds[0]) > 0.18 else "#ffffff"
    for step in range(101):
        moved = _mix(colour, end, step / 100)
        if all(contrast(moved, ground) >= READABLE for ground in grounds):
            return moved
    return end


def text_on(fill: str) -> str:
    """White or ink on the colour; black where neither can be read."""
    best = max(("#ffffff", INK), key=lambda text: contrast(text, fill))
    return best if contrast(best, fill) >= READABLE else "#000000"


def colours(brand: str, accent: str) -> str:
    """Custom properties for both schemes."""
    day_wash, night_wash = _mix(brand, PAPER, 0.86), _mix(brand, DARK_PAPER, 0.8)
    day, night = readable(brand, SUNK, day_wash), readable(brand, DARK_RAISED, night_wash)
    by_day = {
        "brand": brand,
        "brand-text": day,
        "brand-fill": day,
        "on-brand": text_on(day),
        "brand-wash": day_wash,
        "accent": accent,
        "on-accent": text_on(accent),
        "focus": day,
    }
    by_night = by_day | {
        "brand-text": night,
        "brand-fill": night,
        "on-brand": text_on(night),
        "brand-wash": night_wash,
        "focus": readable(accent, DARK_RAISED),
    }
    return (
        f"@layer tokens{{:root{{{_properties(by_day)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{_properties(by_night)}}}}}}}"
    )


@lru_cache(maxsize=8)
def stylesheet(brand: str, accent: str) -> bytes:
    """The whole sheet, UTF-8."""
    parts = [file.read_text("utf-8") for file in sorted(FOLDER.glob("*.css"))]
    return "\n".join([*parts, colours(brand, accent)]).encode()


@lru_cache(maxsize=8)
def version(brand: str, accent: str) -> str:
    """What changes when the sheet changes: twelve hexadecimal digits."""
    return hashlib.sha256(stylesheet(brand, accent)).hexdigest()[:12]


def _properties(values: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in values.items())


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
