"""Writes of this floor: powers given, handed on, used and taken back; the movement founded and changed.

A chain of grants is locked from the first one down, so that two transactions that each touch one chain never wait for
each other in a circle.
"""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, When
from django.forms import model_to_dict
from django.utils.translation import gettext_lazy as _

from groundswell.kit import contacts, geo, look
from groundswell.kit.clock import now
from groundswell.kit.text import clean_line
from groundswell.ledger.rules import system_actor, user_actor
from groundswell.ledger.services import record
from groundswell.powers import hooks, rules, selectors, words
from groundswell.powers.models import ROOT, Grant, GrantQuerySet, Movement, User
from groundswell.powers.movement import forget
from groundswell.powers.rules import Power
from groundswell.powers.rules import Refused as Refused
from groundswell.powers.verbs import EVERYTHING, SETTINGS

CHANGEABLE = {
    "name", "tagline", "colour", "accent", "time_zone", "country", "languages", "review_first_events",
    "postal_address", "mails_per_week", "agree_above",
}  # fmt: skip
OWNERS_LEVELS = 12  # how often an owner's power may be handed on: enough for any tree of 150s


@transaction.atomic
def found_movement(email: str, name: str = "") -> User:
    """Make an owner: a user who may do everything and answers to no grant above. Safe to repeat.

    Args:
        name: the movement's new name; empty: as it is.

    Raises:
        BadContact: not an email address.
    """
    user = User.objects.at_address(contacts.email(email))
    movement = Movement.objects.get_or_create(only=True)[0]
    if name:
        Movement.objects.filter(pk=movement.pk).update(name=clean_line(name)[:80], changed_at=now())
        transaction.on_commit(forget)
    if not _living_owners().filter(holder=user).exists():
        grant = Grant.objects.create(
            holder=user, verb=EVERYTHING, scope=ROOT, may_hand_on=OWNERS_LEVELS, chain=[], given_by=None
        )
        _record("powers.given", grant, system_actor("owner"))
    return user


@transaction.atomic
def proved_address(email: str) -> User:
    """The user whose address somebody just proved to be theirs; made when there is none.

    Args:
        email: normalised.
    """
    user = User.objects.at_address(email)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=email, verified=True, primary=True)],
        update_conflicts=True,
        unique_fields=["user", "email"],
        update_fields=["verified", "primary"],
    )
    for tell in hooks.proved:
        tell(user)
    return user


def give(
    giver: User,
    holder: User,
    verb: str,
    scope: str = ROOT,
    *,
    limit: int | None = None,
    ends_at: datetime | None = None,
    may_hand_on: int = 0,
) -> Grant:
    """Hand on from whichever grant of the giver's covers it; the one nearest to the first giver where several do.

    Raises:
        Refused: none of their grants allows it.
        ValueError: no floor declares the verb.
    """
    hooks.verb(verb)
    refused = Refused(_("One can only hand on a power one holds."))
    for grant in _in_order(selectors.usable(giver, verb, scope)):
        try:
            return hand_on(grant, giver, holder, verb, scope, limit=limit, ends_at=ends_at, may_hand_on=may_hand_on)
        except Refused as error:
            refused = error
    raise refused


@transaction.atomic
def hand_on(
    grant: Grant,
    by: User,
    holder: User,
    verb: str | None = None,
    scope: str | None = None,
    *,
    limit: int | None = None,
    ends_at: datetime | None = None,
    may_hand_on: int = 0,
) -> Grant:
    """Give `holder` the same power or less of it; what is left out stays as the grant has it.

    Raises:
        Refused: it is not `by`'s, is not alive, would exceed the grant, or has a limit though nobody counts it.
        ValueError: no floor declares the verb.
    """
    if verb:
        hooks.verb(verb)
    at = now()
    chain = _lock(grant)
    parent = chain[-1]
    if parent.holder_id != by.pk or not by.is_active or not rules.alive(map(_life, chain), at):
        raise Refused(_("One can only hand on a power one holds."))
    if not holder.is_active:
        raise Refused(_("They can no longer sign in, so they cannot hold a power."))
    if limit is not None and not hooks.verb(verb or parent.verb).counted:
        raise Refused(_("Nobody counts how often this is done: leave the number of times empty."))
    child = rules.handed_on(
        Power(parent.verb, parent.scope, parent.limit, parent.ends_at, parent.may_hand_on),
        verb=verb,
        scope=scope,
        limit=limit,
        ends_at=ends_at,
        may_hand_on=may_hand_on,
        at=at,
    )
    given = Grant.objects.create(
        holder=holder,
        verb=child.verb,
        scope=child.scope,
        limit=child.limit,
        ends_at=child.ends_at,
        may_hand_on=child.may_hand_on,
        from_grant=parent,
        chain=[link.pk for link in chain],
        given_by=by,
        given_at=at,
    )
    _record("powers.given", given, user_actor(by.pk), from_grant=str(parent.pk))
    return given


@transaction.atomic
def revoke(grant: Grant, by: User) -> None:
    """Take a power back, and everything handed on from it, by changing one row. Safe to repeat.

    Its holder may lay it down; its giver, whoever holds a grant above it, and owners of the whole movement may take it.

    Raises:
        Refused: it is not theirs to take, or the movement would be left without an owner.
    """
    theirs = {link.holder_id for link in selectors.chain_of(grant)} | {grant.given_by_id}
    if by.pk not in theirs and not selectors.usable(by, EVERYTHING, ROOT).exists():
        raise Refused(_("Only those it came from can take this power back."))
    if grant.from_grant_id is None:
        # Two statements: one that waited for a lock would still see what the chains were before it waited.
        list(Grant.objects.filter(from_grant=None).order_by("pk").select_for_update(no_key=True))
        if list(_living_owners()) == [grant]:
            raise Refused(_("This is the last owner's power. Make somebody else an owner first."))
    at = now()
    if Grant.objects.filter(pk=grant.pk, revoked_at=None).update(revoked_at=at, revoked_by=by):
        _record("powers.revoked", grant, user_actor(by.pk))


def spend(user: User, verb: str, scope: str = ROOT, n: int = 1) -> None:
    """Use a power `n` times: counted in the grant used and in every one above it, so all that came from a grant never
    use more than it holds. What everybody may do is not counted.

    Raises:
        Refused: they may not, or not so many times.
        ValueError: no floor declares the verb, or `n` is not positive.
    """
    if n < 1:
        raise ValueError("Use a power at least once.")
    if hooks.verb(verb).everyone and user.is_active:
        return
    grants = _in_order(selectors.usable(user, verb, scope))
    for grant in grants:
        with transaction.atomic():
            chain = _lock(grant)
            if rules.alive(map(_life, chain), now()) and all(rules.room(link.limit, link.used, n) for link in chain):
                Grant.objects.filter(pk__in=[link.pk for link in chain]).update(used=F("used") + n)
                return
            transaction.set_rollback(True)  # lets go of this chain before the next one is locked
    raise Refused(_("That is more often than is left to you.") if grants else selectors.why(user, verb, scope))


@transaction.atomic
def change_movement(actor: User, **fields: Any) -> Movement:
    """Change some of the movement's settings.

    Args:
        fields: of `Movement`, those of `CHANGEABLE`; and logo (bytes of a PNG, JPEG or WebP, or None for no logo).

    Raises:
        Refused: the actor may not.
        ValidationError: with the sentences for each field; nothing is changed.
    """
    if not selectors.may(actor, SETTINGS):
        raise Refused(selectors.why(actor, SETTINGS))
    movement = Movement.objects.select_for_update().get_or_create(only=True)[0]
    before = model_to_dict(movement)
    for name in fields.keys() - {"logo"}:
        if name not in CHANGEABLE:
            raise TypeError(f"The movement has no setting {name}.")
        value = fields[name]
        setattr(movement, name, _clean(name, value))
    problems = _problems(movement)
    if "logo" in fields:
        logo = fields["logo"]
        movement.logo, movement.logo_type = logo, (rules.logo_type(logo) or "") if logo else ""
        if logo and len(logo) > rules.LOGO_BYTES:
            problems["logo"] = _("The logo is larger than 300 KB.")
        elif logo and not movement.logo_type:
            problems["logo"] = _("The logo must be a PNG, JPEG or WebP picture.")
    if problems:
        raise ValidationError(problems)
    changed = {name for name in CHANGEABLE if getattr(movement, name) != before[name]} | (fields.keys() & {"logo"})
    if changed:
        movement.changed_at = now()
        movement.save()
        record("movement.settings_changed", actor=user_actor(actor.pk), data={"fields": sorted(changed)})
        transaction.on_commit(forget)
    return movement


def _clean(name: str, value: Any) -> Any:
    """Texts are one line; an address may have several."""
    if not isinstance(value, str):
        return value
    if name == "postal_address":
        return "\n".join(filter(None, map(clean_line, value.splitlines())))
    return clean_line(value)


def _problems(movement: Movement) -> dict[str, Any]:
    """What is wrong with each field."""
    problems: dict[str, Any] = {}
    try:
        movement.clean_fields(exclude={"languages", "logo"})
    except ValidationError as error:
        problems |= error.error_dict
    if "colour" not in problems and look.contrast(movement.colour, look.PAPER) < look.READABLE:
        problems["colour"] = _("This colour is too light to be read on our paper. Please choose a darker one.")
    if not geo.is_time_zone(movement.time_zone):
        problems["time_zone"] = _("This is not a time zone we know. It is written like America/New_York.")
    if not words.is_country(movement.country):
        problems["country"] = _("This is not a country we know. It is written with two letters, like US.")
    if not movement.languages or not {*movement.languages} <= {code for code, _name in settings.LANGUAGES}:
        problems["languages"] = _("Choose at least one of the languages.")
    return problems


def _in_order(grants: GrantQuerySet) -> list[Grant]:
    """Those nearest to the first giver first."""
    return list(grants.order_by("chain__len", "given_at", "pk"))


def _lock(grant: Grant) -> list[Grant]:
    """The grant's chain from the first one down to itself, locked in that order, as it is now."""
    ids = [*grant.chain, grant.pk]
    place = Case(*(When(pk=pk, then=n) for n, pk in enumerate(ids)))
    return list(Grant.objects.filter(pk__in=ids).order_by(place).select_for_update(no_key=True))


def _life(grant: Grant) -> tuple[datetime | None, datetime | None]:
    return grant.revoked_at, grant.ends_at


def _living_owners() -> GrantQuerySet:
    return Grant.objects.alive(now()).filter(from_grant=None, verb=EVERYTHING, scope=ROOT, holder__is_active=True)


def _record(kind: str, grant: Grant, actor: str, **data: str) -> None:
    record(kind, actor=actor, on=("grant", grant.pk), data={"verb": grant.verb, "scope": grant.scope, **data})
