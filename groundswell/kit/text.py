"""Text from outside, made safe to keep, show and compare."""

import re
import unicodedata
from itertools import filterfalse

import nh3

# Letters with a stroke have no decomposition of their own; people search for them without it.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
# Marks that turn the reading direction of what follows, and marks that show nothing: names have hidden behind both.
_DECEIVING = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]")
_CUT = {"Cc", "Cs"}  # control characters and halves of characters
_TAGS = {"p", "br", "strong", "b", "em", "i", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}
_KEPT_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_TAGS))})(?:[\s/][^>]*)?>", re.IGNORECASE)


def fold(text: str) -> str:
    """The form in which texts are compared: no case, accents, ligatures or doubled spaces. Folding twice is as once."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_STROKES)
    return " ".join("".join(filterfalse(unicodedata.combining, bare)).split())


def clean_line(text: str) -> str:
    """One line in NFC: no control characters, direction overrides or doubled spaces. Emoji and right-to-left stay."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = "".join(
        " " if c.isspace() else c
        for c in _DECEIVING.sub("", text)
        if c.isspace() or unicodedata.category(c) not in _CUT
    )
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def is_html(text: str) -> bool:
    """Whether the text has a tag that `clean_html` keeps; `<pie>` and `<joe@example.org>` are words."""
    return _KEPT_TAG.search(text) is not None


def clean_html(html: str) -> str:
    """HTML with paragraphs, emphasis, lists, small headings and links to the web, mail or telephone; nothing else."""
    return nh3.clean(
        html.replace("\0", ""),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow ugc",
    )
