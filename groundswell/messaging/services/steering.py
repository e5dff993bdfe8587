"""Steering a mailing: who asks, agrees, launches, calls back, pauses, lets go on, stops.

Whoever steers locks the mailing's row first, so of two hundred who launch at once one does and the others find it
done. A mailing to many needs two people, neither of whom is the other's to command.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundswell.jobs import services as jobs
from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.kit.text import clean_line
from groundswell.ledger.rules import system_actor, user_actor
from groundswell.ledger.services import record
from groundswell.messaging import letters, rules
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.rules import Act, Refused
from groundswell.messaging.selectors import audience
from groundswell.messaging.selectors.mailings import outdated
from groundswell.messaging.services.checking import State as Found
from groundswell.messaging.services.checking import checks
from groundswell.messaging.services.queueing import queue_many
from groundswell.messaging.verbs import SEND
from groundswell.powers import selectors as powers
from groundswell.powers.models import ROOT, User
from groundswell.powers.viewer import Viewer

logger = logging.getLogger(__name__)

BEGIN = "messaging.begin"  # the jobs of the sending
GO_ON = "messaging.go_on"
CLEAR = "messaging.clear"
FALL_BACK = "messaging.fall_back"
FALL_BACK_EVERY = timedelta(minutes=5)
CLEARED = 5_000  # copies a transaction
NOTE_LIMIT = 200

State = Mailing.State


# --- before it goes ------------------------------------------------------------------------------------------------
@transaction.atomic
def ask(viewer: Viewer, mailing: Mailing) -> Mailing:
    """Ask a second person to agree; those who can are told by mail. Raises Refused."""
    who = _sender(viewer)
    mailing = _locked(mailing)
    state = rules.next_state(mailing.state, Act.ASK)
    others = seconds(who)
    if not others:
        raise Refused(no_second(who))
    size = _size(viewer, mailing)
    now = clock.now()
    _move(mailing, state, asked_by=who, asked_at=now, agreed_by=None, problem="")
    record("mailing.asked", actor=user_actor(who.pk), on=("mailing", mailing.pk), data={"people": size.people})
    queue_many([letters.asked(mailing, who, other, size.people, estimated=size.estimated) for other in others])
    return mailing


@transaction.atomic
def agree(viewer: Viewer, mailing: Mailing) -> Mailing:
    """Be the second person: it goes after the time in which it can be called back. Raises Refused."""
    who = _sender(viewer)
    mailing = _locked(mailing)
    rules.next_state(mailing.state, Act.AGREE)
    if mailing.asked_at is None or rules.lapsed(mailing.asked_at, clock.now()):
        raise Refused(_("It was asked for more than a day ago. Ask again."))
    if mailing.asked_by is None or not may_agree(who, mailing.asked_by):
        raise Refused(_("Somebody else must agree: whoever asked, and those whose power came from them, do not count."))
    asker = Viewer(mailing.asked_by, strong=True)
    size = _size(asker, mailing)
    _go(mailing, size.people, who, agreed_by=who)
    queue_many([letters.agreed(mailing, mailing.asked_by, who)])
    return mailing


@transaction.atomic
def refuse(viewer: Viewer, mailing: Mailing, note: str = "") -> Mailing:
    """Do not agree: it is a draft again, and whoever asked is told why. Raises Refused."""
    who = _sender(viewer)
    mailing = _locked(mailing)
    state = rules.next_state(mailing.state, Act.REFUSE)
    if mailing.asked_by is None or not may_agree(who, mailing.asked_by):
        raise Refused(_("Whoever asked takes it back instead."))
    asked_by = mailing.asked_by
    note = clean_line(note)[:NOTE_LIMIT]
    _move(mailing, state, asked_at=None, problem=note)
    record("mailing.refused", actor=user_actor(who.pk), on=("mailing", mailing.pk))
    queue_many([letters.refused(mailing, asked_by, who, note)])
    return mailing


@transaction.atomic
def launch(viewer: Viewer, mailing: Mailing) -> Mailing:
    """Launch what needs no second person. Somebody else has launched it already: nothing happens. Raises Refused."""
    who = _sender(viewer)
    mailing = _locked(mailing)
    if mailing.state in {State.WAITING, State.SENDING}:
        return mailing
    rules.next_state(mailing.state, Act.LAUNCH)
    size = _size(viewer, mailing)
    if size.needs_second:
        raise Refused(_("A second person has to agree to this mailing first."))
    _go(mailing, size.people, who, asked_by=who, asked_at=clock.now(), agreed_by=None)
    return mailing


@transaction.atomic
def call_back(viewer: Viewer, mailing: Mailing) -> Mailing:
    """Take it back before it begins: it is a draft again. Raises Refused."""
    mailing = _locked(mailing)
    who = _steerer(viewer, mailing)
    state = rules.next_state(mailing.state, Act.CALL_BACK, begun=mailing.begun)
    _move(mailing, state, asked_at=None, agreed_by=None, starts_at=None, problem="")
    record("mailing.called_back", actor=user_actor(who.pk), on=("mailing", mailing.pk))
    return mailing


# --- while it goes -------------------------------------------------------------------------------------------------
@transaction.atomic
def pause(mailing: Mailing, *, why: str = "person", note: str = "", by: Viewer | None = None) -> Mailing:
    """Hold it where it is. Copies on the wire still arrive.

    Args:
        why: a code, as in `words.PAUSED`.
        note: what is shown instead of the words of the code.
        by: None: the system itself.

    Raises:
        Refused: it is not on its way.
    """
    actor = user_actor(_sender(by).pk) if by else system_actor("sending")
    mailing = _locked(mailing)
    _move(mailing, rules.next_state(mailing.state, Act.PAUSE), problem=clean_line(note)[:NOTE_LIMIT] or why)
    record("mailing.paused", actor=actor, on=("mailing", mailing.pk), data={"why": why})
    return mailing


@transaction.atomic
def resume(viewer: Viewer, mailing: Mailing) -> Mailing:
    """Let it go on; one that had not begun can be called back for some minutes again. Raises Refused."""
    mailing = _locked(mailing)
    who = _steerer(viewer, mailing)
    state = rules.next_state(mailing.state, Act.RESUME, begun=mailing.begun)
    if state == State.WAITING:
        _wait(mailing, problem="")
    else:
        _move(mailing, state, problem="")
        jobs.enqueue(GO_ON, mailing_id=str(mailing.pk))
    record("mailing.resumed", actor=user_actor(who.pk), on=("mailing", mailing.pk))
    return mailing


@transaction.atomic
def stop(viewer: Viewer, mailing: Mailing) -> Mailing:
    """End it for good: what waits is not sent any more. Raises Refused."""
    mailing = _locked(mailing)
    who = _steerer(viewer, mailing)
    _move(mailing, rules.next_state(mailing.state, Act.STOP), ended_at=clock.now())
    record("mailing.stopped", actor=user_actor(who.pk), on=("mailing", mailing.pk))
    jobs.enqueue(CLEAR, mailing_id=str(mailing.pk))
    return mailing


def clear(lease: Lease, mailing_id: str) -> None:
    """Suppress the copies of a stopped mailing that still wait, some at a time."""
    queued = Delivery.objects.filter(mailing_id=mailing_id, mailing__state=State.STOPPED, state=Delivery.State.QUEUED)
    more = True
    while more:
        with lease.transaction():
            some = list(queued.order_by().values_list("pk", flat=True).select_for_update(of=("self",))[:CLEARED])
            Delivery.objects.filter(pk__in=some).update(
                state=Delivery.State.SUPPRESSED, moved_at=clock.now(), problem=rules.STOPPED
            )
            more = bool(some)


def fall_back(lease: Lease) -> None:
    """What nobody agreed to in time is a draft again, and whoever asked is told."""
    late = Mailing.objects.filter(state=State.ASKED, asked_at__lt=clock.now() - rules.AGREE_WITHIN)
    for mailing in late:
        with lease.transaction(), suppress(Refused):
            mailing = _locked(mailing)
            state = rules.next_state(mailing.state, Act.REFUSE)
            asked_at = mailing.asked_at
            _move(mailing, state, asked_at=None)
            record("mailing.refused", actor=system_actor("sending"), on=("mailing", mailing.pk))
            if mailing.asked_by and asked_at:
                queue_many([letters.lapsed(mailing, mailing.asked_by, asked_at)])


def objection(mailing: Mailing) -> str:
    """Why a mailing whose time has come waits for a person all the same: the code of it, or nothing. Its segment may be
    another one by now, or hold so many that a second person should have been asked."""
    if outdated(mailing):
        return "changed"
    if mailing.asked_at and mailing.asked_by and not mailing.agreed_by_id:
        found = audience.of(Viewer(mailing.asked_by, strong=True), mailing)
        return "grew" if found.needs_second and not found.too_slow else ""
    return ""


# --- who -----------------------------------------------------------------------------------------------------------
def seconds(asker: User) -> list[User]:
    """Who can be the second person for what this user asks."""
    scopes = powers.scopes(asker, SEND)
    found = powers.holders(SEND, scopes[0]) if scopes else []
    return [user for user in found if may_agree(user, asker)]


def may_agree(user: User, asker: User) -> bool:
    """Whether the user sends wherever the asker does, by a power that did not come through the asker's hands."""
    scopes = powers.scopes(asker, SEND)
    return bool(scopes) and all(powers.independent(user, asker, SEND, scope) for scope in scopes)


def may_steer(viewer: Viewer, mailing: Mailing) -> bool:
    """Whether the viewer may stop it, call it back or let it go on: it is theirs, or they send wherever whoever asked
    for it does. Anybody who sends mailings may pause it."""
    if viewer.user is None or not viewer.scopes(SEND):
        return False
    if viewer.user.pk in {mailing.asked_by_id, mailing.agreed_by_id, mailing.made_by_id}:
        return True
    asker = mailing.asked_by
    return all(viewer.may(SEND, scope) for scope in (asker and powers.scopes(asker, SEND)) or [ROOT])


def not_yours() -> str:
    """Why somebody who sends mailings may not steer this one."""
    return _("It is another team's: whoever asked for it, agreed to it or made it may do this. You can pause it.")


def no_second(asker: User) -> str:
    """What to do where there is nobody to ask."""
    return _(
        "Nobody could be the second person: everybody who sends mailings has that power from you. "
        "Ask whoever you have yours from to give it to somebody else, too; an owner makes a second owner."
    )


def drafting(mailing_id: UUID) -> Mailing:
    """The mailing, locked, where it may be changed. Raises Refused."""
    mailing = Mailing.objects.select_for_update(of=("self",)).select_related("segment").get(pk=mailing_id)
    if mailing.state != State.DRAFT:
        raise Refused(_("Take it back first: whoever agrees must know what goes."))
    return mailing


def _sender(viewer: Viewer) -> User:
    if viewer.user is None or not viewer.scopes(SEND):
        raise Refused(powers.why(viewer.user, SEND) if viewer.user else _("You may not do this."))
    return viewer.user


def _steerer(viewer: Viewer, mailing: Mailing) -> User:
    who = _sender(viewer)
    if not may_steer(viewer, mailing):
        raise Refused(not_yours())
    return who


def _locked(mailing: Mailing) -> Mailing:
    """As it is now, and nobody else's until the transaction ends."""
    rows = Mailing.objects.select_for_update(of=("self",)).select_related("segment", "asked_by")
    return rows.get(pk=mailing.pk)


def _size(viewer: Viewer, mailing: Mailing) -> audience.Audience:
    """To how many it goes. Raises Refused where something is missing or wrong, or is not what was asked for."""
    if mailing.segment is None:
        raise Refused(_("Choose to whom it goes."))
    for check in checks(mailing, viewer):
        if check.state == Found.STOP:
            raise Refused(f"{check.sentence} {check.what_to_do}".strip())
    if outdated(mailing):
        raise Refused(_("The segment was changed since it was asked for. Take the mailing back and ask again."))
    return audience.of(viewer, mailing)


def _go(mailing: Mailing, people: int, who: User, **fields: object) -> None:
    _wait(mailing, problem="", **fields)
    record("mailing.launched", actor=user_actor(who.pk), on=("mailing", mailing.pk), data={"people": people})


def _wait(mailing: Mailing, **fields: object) -> None:
    """It begins in a while."""
    at = rules.starts_at(mailing.wanted_at, clock.now())
    _move(mailing, State.WAITING, starts_at=at, **fields)
    jobs.enqueue(BEGIN, at=at, mailing_id=str(mailing.pk))


def _move(mailing: Mailing, state: str, **fields: object) -> None:
    for name, value in {"state": state, **fields}.items():
        setattr(mailing, name, value)
    names: Sequence[str] = ["state", *fields]
    mailing.save(update_fields=names)
