"""What makes a mail look like spam to filters and to people: a short list of our own, each with what to do. Pure."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

SHORTENERS = {
    *("bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly", "t.ly"),
    *("shorturl.at", "rb.gy", "tiny.cc", "lnkd.in", "s.id"),
}
SHOUTS = 3  # exclamation marks
CAPITALS = 0.6  # of the letters
FEW_WORDS = 12
SPELLED_OUT = 8  # letters at least, before capitals are a shout
_WORD = re.compile(r"\w{2,}")
_SHOWN_LINK = re.compile(r"\[([^\]\[]+)\]\((https?://[^)\s]+)\)")
_HOST = re.compile(r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#:]|$)", re.IGNORECASE)
_FAKE_REPLY = re.compile(r"(?:re|fwd?|aw|rv)\s*:", re.IGNORECASE)


def subject_smells(subject: str) -> Iterator[tuple[str, str]]:
    """(what, what to do) of a subject as it was typed."""
    letters = [sign for sign in re.sub(r"\{[^}]*\}", "", subject) if sign.isalpha()]
    if len(letters) >= SPELLED_OUT and sum(map(str.isupper, letters)) / len(letters) > CAPITALS:
        yield _("“%(subject)s” is nearly all capitals."), _("Write it as you would say it.")
    if subject.count("!") >= SHOUTS or "!!" in subject:
        yield _("“%(subject)s” shouts with exclamation marks."), _("One is enough.")
    if _FAKE_REPLY.match(subject):
        yield _("“%(subject)s” pretends to be an answer."), _("Begin with what it is about.")
    if "$$" in subject:
        yield _("“%(subject)s” has money signs in a row."), _("Name the amount, or leave it out.")


def body_smells(body: str, text: str, pictures: int) -> Iterator[tuple[str, str]]:
    """(what, what to do) of a text.

    Args:
        body: as it was typed.
        text: what of it there is to read, without what stands below every mail.
    """
    words = len(_WORD.findall(text))
    if pictures and words < FEW_WORDS:
        yield _("It is hardly more than a picture."), _("Say in words what the picture says.")
    elif words < 5:
        yield _("There is hardly any text."), _("Filters trust mails in which somebody says something.")
    if body.count("!") > 2 * SHOUTS or "!!!" in body:
        yield _("The text shouts with exclamation marks."), _("A full stop is stronger.")
    for label, url in _SHOWN_LINK.findall(body):
        shown, leads = _HOST.fullmatch(label.strip().rstrip("/")) or _HOST.match(label.strip()), _HOST.match(url)
        if shown and leads and not _same(shown[1], leads[1]):
            yield (
                _("A link shows %(shown)s and leads to %(leads)s.") % {"shown": shown[1], "leads": leads[1]},
                _("Let it show where it leads, or say what is there."),
            )


def shortened(links: tuple[str, ...]) -> list[str]:
    """Links whose end cannot be seen: filters take them for a disguise."""
    hosts = [(found[1].lower() if (found := _HOST.match(url)) else "", url) for url in links]
    return [url for host, url in hosts if host in SHORTENERS]


def _same(one: str, other: str) -> bool:
    one, other = one.lower(), other.lower()
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
