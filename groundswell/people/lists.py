"""What the conditions of a segment choose from, and how people call what was chosen."""

import re
from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from groundswell.kit import geo
from groundswell.ledger import hooks as ledger
from groundswell.people import hooks, selectors
from groundswell.people.conditions import Label, Text
from groundswell.powers import words
from groundswell.powers.viewer import Viewer

Options = Sequence[tuple[str, Text]]
LANGUAGES = "en es zh-hans fr de vi ko ar ru pt hi pl it ja".split()


def purposes() -> Options:
    return [("news", _("news")), ("events", _("invitations to events"))]


def scopes() -> Options:
    """The states and countries there are, those of home first."""
    return [(scope, words.place(scope)) for scope in geo.scopes()]


def tags() -> Options:
    return [(name, name) for name in selectors.tag_names()]


def fields() -> Options:
    return [(field.name, field.label) for field in selectors.fields()]


def languages() -> Options:
    return [(code, gettext(str(get_language_info(code)["name"]))) for code in LANGUAGES]


def deeds() -> Options:
    """What floors offer first; then every other kind of entry, as a timeline tells it of one person."""
    first = [(kind, did) for kind, did in hooks.deeds.items()]
    rest = [(name, _plain(str(kind.sentence))) for name, kind in ledger.kinds.items() if name not in hooks.deeds]
    return [*first, *sorted(rest, key=lambda pair: str(pair[1]))]


def _plain(sentence: str) -> str:
    return re.sub(r"\{\w+\}", "…", sentence)


OWN = {
    "purposes": purposes,
    "scopes": scopes,
    "tags": tags,
    "fields": fields,
    "languages": languages,
    "deeds": deeds,
}


def label(listed: str, value: str) -> str:
    """How people call a value of a list; itself where nobody knows. People have no names here: see `label_for`."""
    if listed == "subjects":
        return _subject(UUID(value)) or value
    if listed == "people":
        return gettext("somebody out of your reach")
    return str(dict(hooks.lists[listed]()).get(value, value)) if listed in hooks.lists else value


def _subject(on_id: UUID) -> str:
    """What something was done to, by whichever floor knows it."""
    for find in hooks.subjects.values():
        if told := find([on_id]):
            return told[on_id][0]
    return ""


def label_for(viewer: Viewer) -> Label:
    """As `label`, with the names of the people within this viewer's reach."""

    def told(listed: str, value: str) -> str:
        person = selectors.access_people(viewer).filter(pk=value).first() if listed == "people" else None
        return str(person) if person else label(listed, value)

    return told
