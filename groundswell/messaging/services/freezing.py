"""Freezing a mailing's audience: from then on one delivery stands for each person, and nobody is added or forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Left

from groundswell.jobs.services import Lease
from groundswell.kit import clock, geo
from groundswell.kit.ids import new_id
from groundswell.messaging import rules
from groundswell.messaging.models import Mailing, Part, Subject
from groundswell.messaging.verbs import SEND
from groundswell.people import counting
from groundswell.people.models import Bucket, Person
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

BATCH = 20_000  # people a transaction: about a second
PARTS = 2  # of the people, frozen beside each other
WEEK = timedelta(days=7)
BUCKETS = 1_024
_SQL = (Path(__file__).parent / "freeze.sql").read_text()
_GIVE_WAY = (Path(__file__).parent / "give_way.sql").read_text()


def freeze(lease: Lease, mailing_id: UUID, number: int) -> bool:
    """Write the deliveries of one part of the people, in batches that commit; run again it goes on where it stopped.

    Returns:
        Whether the whole audience is frozen now. False also when the mailing was halted in between.
    """
    asked = _Asked.of(Mailing.objects.get(pk=mailing_id))
    while True:
        with lease.transaction():
            part = Part.objects.select_for_update(skip_locked=True).filter(mailing=mailing_id, number=number).first()
            mailing = Mailing.objects.get(pk=mailing_id)
            if part is None or mailing.state != Mailing.State.SENDING:  # another run is at it, or it was halted
                return False
            if not part.done:
                wrote, part.up_to = _write(asked, part, clock.now())
                part.people += wrote
                part.done = part.up_to is None
                part.save()
            if part.done:
                return _all_done(mailing_id)


def _all_done(mailing_id: UUID) -> bool:
    """Note that the audience is frozen, once every part is."""
    mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
    parts = Part.objects.filter(mailing=mailing)
    if mailing.frozen_at is None and not parts.filter(done=False).exists():
        mailing.people = sum(parts.values_list("people", flat=True))
        mailing.frozen_at = clock.now()
        mailing.save(update_fields=["people", "frozen_at"])
        return True
    return False


@dataclass(frozen=True)
class _Asked:
    """What is the same for every batch."""

    mailing: Mailing
    people: QuerySet[Person]
    params: dict[str, Any]
    zones: dict[str, str]  # by ZIP, where hours matter
    has_weaker: bool  # mailings of less priority may have copies that wait

    @classmethod
    def of(cls, mailing: Mailing) -> "_Asked":
        assert mailing.segment
        viewer = Viewer(mailing.asked_by, strong=True)
        params = {
            "mailing": mailing.pk,
            "seed": mailing.pk.int & 0x7FFF_FFFF,
            "purpose": mailing.purpose,
            "priority": mailing.priority,
            "per_week": movement().mails_per_week,
            "hosts": list(rules.HOSTS),
            "boxes": list(rules.HOSTS.values()),
            "no_address": rules.NO_ADDRESS,
            "dead": rules.DEAD_ADDRESS,
            "no_consent": rules.NO_CONSENT,
            "own_only": rules.OWN_TEAM_ONLY,
            "enough": rules.ENOUGH,
            "gave_way": rules.GAVE_WAY,
            **_lines(mailing),
        }
        weaker = Mailing.objects.filter(
            priority__lt=mailing.priority, state__in=[Mailing.State.SENDING, Mailing.State.PAUSED]
        )
        people = counting.members(viewer, mailing.segment, SEND)
        return cls(mailing, people, params, {} if mailing.from_hour is None else _zones(), weaker.exists())


def _lines(mailing: Mailing) -> dict[str, Any]:
    """The subjects by language; each person gets one of `arms` by a draw that is the same every time."""
    found = Subject.objects.filter(version__draft__mailing=mailing).select_related("version__draft")
    of: dict[str, list[Subject]] = {language: [] for language in movement().languages}
    for subject in found.order_by("version__draft__number", "number"):
        of.setdefault(subject.version.language, []).append(subject)
    lines = [(language, number, one.pk) for language, those in of.items() for number, one in enumerate(those)]
    languages, numbers, subjects = zip(*lines, strict=True)
    return {
        "languages": list(languages),
        "numbers": list(numbers),
        "subjects": list(subjects),
        "arms": min(len(those) for those in of.values() if those),
    }


def _write(asked: _Asked, part: Part, now: datetime) -> tuple[int, UUID | None]:
    """The next batch; the last person of it, None when there are no more."""
    rest = asked.people.annotate(bucket=Bucket("id")).filter(
        bucket__gte=BUCKETS * part.number // PARTS, bucket__lt=BUCKETS * (part.number + 1) // PARTS
    )
    if part.up_to:
        rest = rest.filter(pk__gt=part.up_to)
    batch = rest.order_by("pk").values_list("pk", "language", "postal_code")[:BATCH]
    text, params = batch.query.sql_with_params()
    named = {f"p{number}": value for number, value in enumerate(params)}
    people = text % tuple(f"%({name})s" for name in named)
    values = (
        asked.params
        | named
        | {
            "now": now,
            "since": now - WEEK,
            "born": str(new_id())[:15],
            **_when(asked.mailing, asked.zones, now),
        }
    )
    with connection.cursor() as cursor:
        if asked.has_weaker:
            cursor.execute(_GIVE_WAY.replace("{people}", people), values)
        cursor.execute(_SQL.replace("{people}", people), values)
        wrote, last = cursor.fetchone()
    return wrote, last


def _when(mailing: Mailing, zones: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """From when on copies may go: by ZIP where that matters, and elsewhere."""
    if mailing.from_hour is None or mailing.to_hour is None:
        return {"zips": [], "opens": [], "from": now}
    home = movement().time_zone
    moments = {
        zone: rules.opens(now, ZoneInfo(zone), mailing.from_hour, mailing.to_hour) for zone in {*zones.values(), home}
    }
    return {"zips": list(zones), "opens": [moments[zone] for zone in zones.values()], "from": moments[home]}


def _zones() -> dict[str, str]:
    """The time zone of each ZIP that somebody lives in."""
    zips = Person.objects.annotate(zip=Left("postal_code", 5)).exclude(zip="").values_list("zip", flat=True).distinct()
    return {code: place.time_zone for code in zips if (place := geo.find_zip(code))}
