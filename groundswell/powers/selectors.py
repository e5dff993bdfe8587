"""Who may, and why, in one sentence."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TypeGuard

from allauth.mfa.models import Authenticator
from django.db.models import Q

from groundswell.kit.clock import now
from groundswell.powers import hooks, rules, words
from groundswell.powers.models import ROOT, Grant, GrantQuerySet, User
from groundswell.powers.verbs import EVERYTHING


def may(user: User | None, verb: str, scope: str = ROOT) -> bool:
    """Whether the user may do `verb` on the scope: everybody who signs in may, or a grant of theirs covers it, is alive
    and not used up.

    Raises:
        ValueError: no floor declares the verb.
    """
    everyone = hooks.verb(verb).everyone
    return _signed_in(user) and (everyone or usable(user, verb, scope).exists())


def scopes(user: User | None, verb: str) -> list[str]:
    """Where the user holds `verb`; scopes that another one covers are left out. A power that is used up still lets
    them look there; doing it is for `may` and `services.spend`.

    Raises:
        ValueError: no floor declares the verb.
    """
    everyone = hooks.verb(verb).everyone
    if not _signed_in(user):
        return []
    if everyone:
        return [ROOT]
    return rules.outermost(_held_even_used_up(user, verb).values_list("scope", flat=True))


def holders(verb: str, scope: str = ROOT) -> list[User]:
    """Users whose grants cover `verb` on the scope, those who have held it longest first."""
    hooks.verb(verb)
    grants = Grant.objects.alive(now()).not_used_up().covering(verb, scope).filter(holder__is_active=True)
    return list(dict.fromkeys(grant.holder for grant in grants.select_related("holder").order_by("given_at", "pk")))


def independent(user: User, of: User, verb: str, scope: str = ROOT) -> bool:
    """Whether the user may do `verb` on the scope by a power that did not come through `of`'s hands: so neither is the
    other's to command."""
    return user != of and usable(user, verb, scope).not_through(of).exists()


def holders_around(verb: str, around: Iterable[str]) -> dict[User, list[str]]:
    """Users who hold `verb` on one of these scopes, above or below it, those who have held it longest first; and where
    they hold it, without the scopes that another of theirs covers."""
    hooks.verb(verb)
    meets = reduce(or_, (Q(scope__covers=scope) | Q(scope__within=scope) for scope in around), Q(pk__in=[]))
    grants = Grant.objects.alive(now()).not_used_up().filter(meets, verb__in=(verb, EVERYTHING), holder__is_active=True)
    held: dict[User, list[str]] = {}
    for grant in grants.select_related("holder").order_by("given_at", "pk"):
        held.setdefault(grant.holder, []).append(grant.scope)
    return {user: rules.outermost(scopes) for user, scopes in held.items()}


def why(user: User, verb: str, scope: str = ROOT) -> str:
    """One sentence: you may, with the chain of grants; or you may not, and who can give it to you."""
    what = words.power(hooks.verb(verb), scope)
    if _signed_in(user) and hooks.verb(verb).everyone:
        return words.everyone_may(what)
    if _signed_in(user):
        if grant := best(usable(user, verb, scope)):
            return words.may_because(what, chain_of(grant), user)
        if grant := best(_held_even_used_up(user, verb).covering(verb, scope)):
            full = (link.limit for link in chain_of(grant) if link.limit is not None and link.used >= link.limit)
            return words.used_up(what, min(full))
    alive = Grant.objects.alive(now()).not_used_up().covering(verb, scope).filter(holder__is_active=True)
    givers = alive.filter(may_hand_on__gte=1).select_related("holder").order_by("given_at", "pk")
    return words.may_not(what, list(dict.fromkeys(grant.holder for grant in givers)))


def usable(user: User, verb: str, scope: str) -> GrantQuerySet:
    """The user's own grants that let them do `verb` on the scope now."""
    return _held(user, verb).covering(verb, scope)


def chain_of(grant: Grant) -> list[Grant]:
    """Every grant from the first one down to this, with holders."""
    links = Grant.objects.filter(pk__in=grant.chain).select_related("holder", "given_by").in_bulk()
    return [*(links[pk] for pk in grant.chain), grant]


def best(grants: GrantQuerySet) -> Grant | None:
    """The one nearest to the first giver."""
    return grants.select_related("holder", "given_by").order_by("chain__len", "given_at", "pk").first()


def newest_factor(user: User, kind: str) -> Authenticator:
    """The second factor of this kind that the user added last."""
    return Authenticator.objects.filter(user=user, type=kind).latest("pk")


def _held(user: User, verb: str) -> GrantQuerySet:
    return _held_even_used_up(user, verb).not_used_up()


def _held_even_used_up(user: User, verb: str) -> GrantQuerySet:
    return Grant.objects.alive(now()).filter(holder=user, holder__is_active=True, verb__in=(verb, EVERYTHING))


def _signed_in(user: User | None) -> TypeGuard[User]:
    return user is not None and user.is_active
