"""What the page of a mailing shows before it goes: to whom, the words, and what can be done with it now."""

from collections.abc import Sequence
from dataclasses import dataclass

from groundswell.messaging import words
from groundswell.messaging.models import Draft, Mailing
from groundswell.messaging.selectors import audience
from groundswell.messaging.selectors.audience import Audience
from groundswell.messaging.selectors.mailings import outdated
from groundswell.messaging.selectors.wording import probed
from groundswell.messaging.services import steering
from groundswell.messaging.services.checking import Check, checks
from groundswell.messaging.services.checking import State as Found
from groundswell.messaging.verbs import SEND
from groundswell.powers import selectors as powers
from groundswell.powers.hooks import display_name
from groundswell.powers.viewer import Viewer

State = Mailing.State


@dataclass(frozen=True, slots=True)
class Worded:
    """A draft: its letter, its subjects, and whether it has a text and a subject in each of its languages."""

    letter: str
    subjects: Sequence[str]
    languages: Sequence[str]
    whole: bool


def drafts(mailing: Mailing) -> list[Worded]:
    """The drafts of a mailing as they stand."""
    rows = Draft.objects.filter(mailing=mailing).prefetch_related("versions__subjects")
    return [_worded(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found wrong: what it cannot go with, what would better be otherwise; `waiting`: some is not looked at
    yet, which takes seconds."""

    stops: Sequence[Check]
    warns: Sequence[Check]
    waiting: bool


def checked(viewer: Viewer, mailing: Mailing) -> Checked:
    """Everything that is looked at before it goes."""
    found = checks(mailing, viewer)
    return Checked(
        [one for one in found if one.state == Found.STOP],
        [one for one in found if one.state == Found.WARN],
        bool(probed(mailing).waiting),
    )


def _worded(draft: Draft) -> Worded:
    versions = list(draft.versions.all())
    subjects = [[one.text for one in version.subjects.all() if one.text] for version in versions]
    whole = bool(versions) and all(version.body and found for version, found in zip(versions, subjects, strict=True))
    return Worded(str(draft), subjects[0] if subjects else [], [version.language for version in versions], whole)


@dataclass(frozen=True, slots=True)
class Going:
    """Who may let it go.

    Attributes:
        why: a sentence, where the viewer may not.
        seconds: who can be the second person for the viewer, or for whoever asked.
        may_agree: the viewer can be the second person.
        nobody: what to do where there is no second person.
        not_theirs: a sentence, where the viewer may do no more with it than pause it.
    """

    may_send: bool
    why: str
    seconds: Sequence[str]
    may_agree: bool
    nobody: str
    not_theirs: str = ""


def going(viewer: Viewer, mailing: Mailing) -> Going:
    """Who may do what with it now."""
    user = viewer.user
    assert user is not None
    if not viewer.scopes(SEND):
        return Going(False, powers.why(user, SEND), [], False, "")
    asker = mailing.asked_by if mailing.state == State.ASKED and mailing.asked_by else user
    found = steering.seconds(asker)
    return Going(
        True,
        "",
        [display_name(other) for other in found],
        mailing.state == State.ASKED and steering.may_agree(user, asker),
        "" if found else steering.no_second(asker),
        "" if steering.may_steer(viewer, mailing) else steering.not_yours(),
    )


@dataclass(frozen=True, slots=True)
class Who:
    """The audience as it is now, and who of the segment is left out, in words."""

    audience: Audience
    left_out: Sequence[tuple[object, int]]
    outdated: bool


def who(viewer: Viewer, mailing: Mailing) -> Who | None:
    """To whom it goes: as whoever asked for it reaches them, else as the viewer does; None: no segment."""
    if mailing.segment is None:
        return None
    asker = mailing.asked_by if mailing.state != State.DRAFT else None
    found = audience.of(Viewer(asker, strong=True) if asker else viewer, mailing)
    left_out = sorted(found.left_out.items(), key=lambda pair: -pair[1])
    return Who(found, [(words.why_left_out(why), number) for why, number in left_out], outdated(mailing))
