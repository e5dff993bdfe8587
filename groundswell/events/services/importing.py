"""Events that come from elsewhere in bulk. Who comes arrives as a number, an opening balance, never as people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from groundswell.events import rules
from groundswell.events.models import RSVP, Event, Shift
from groundswell.events.selectors import forget_map
from groundswell.events.services.rsvps import lay_opening, promote
from groundswell.kit import clock, geo
from groundswell.kit.ids import new_id
from groundswell.kit.text import clean_line
from groundswell.ledger.rules import system_actor
from groundswell.ledger.services import NewEntry, record_many

OWN_SYSTEM = "groundswell"  # the system of an event made here, whose external id is its own id
MOST_OPENING = 1_000_000
_ACTOR = system_actor("import")
_LINES = ("title", "venue", "street", "city", "region", "postal_code")


@dataclass(frozen=True, slots=True)
class ImportedShift:
    """A time slot; times are aware, a capacity of None is no limit. `opening_rsvps` are those of the event's that are
    of this one; None: it does not say."""

    starts_at: datetime
    ends_at: datetime
    capacity: int | None = None
    opening_rsvps: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEvent:
    """What another system says about an event. None: it does not say, so what stands here stays."""

    external_id: str
    shifts: Sequence[ImportedShift]
    title: str
    type: str
    time_zone: str
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    venue: str | None = None
    street: str | None = None
    description: str | None = None  # plain text or HTML
    accessibility: str | None = None
    languages: Sequence[str] | None = None
    official: bool | None = None
    online: bool | None = None
    online_url: str | None = None
    place_shown: str | None = None
    visibility: str | None = None
    opening_rsvps: int | None = None


_SAID = [field.name for field in fields(ImportedEvent) if field.name not in ("external_id", "shifts")]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many events were new, said something else than before, or said the same."""

    written: int
    changed: int
    unchanged: int


def check_imported(row: ImportedEvent) -> dict[str, str]:
    """Why an event cannot be kept: field -> sentence; empty where it can. Its date may be in the past."""
    problems = {} if row.shifts else {"starts_at": _("Say when the event is.")}
    lengths = {**rules.LENGTHS, "postal_code": 12, "external_id": 120, "accessibility": 1_000, "online_url": 200}
    for name, most in lengths.items():
        text = getattr(row, name) or ""
        if len(text) > most:
            problems[name] = _("Use at most %(most)d characters; this has %(n)d.") % {"most": most, "n": len(text)}
    if not clean_line(row.title):
        problems["title"] = _("There is no title.")
    if row.description and len(rules.paragraphs(row.description)) > 10_000:
        problems["description"] = _("Use at most 10,000 characters.")
    if row.online_url and not row.online_url.startswith(("https://", "http://")):
        problems["online_url"] = _("A link begins with https:// and has no spaces.")
    if not geo.is_time_zone(row.time_zone):
        problems["time_zone"] = _("There is no time zone “%(zone)s”. Write one like America/New_York.") % {
            "zone": clean_line(row.time_zone)[:60]
        }
    if not 0 <= (row.opening_rsvps or 0) <= MOST_OPENING:
        problems["opening_rsvps"] = _("The number of RSVPs is from 0 to 1,000,000.")
    for shift in row.shifts:
        if shift.ends_at <= shift.starts_at:
            problems["ends_at"] = _("The end must be after the start.")
        if shift.capacity is not None and not 1 <= shift.capacity <= rules.MOST_CAPACITY:
            problems["capacity"] = _("Room for 1 to 100,000 people; leave it empty where there is no limit.")
    return problems


def own_id(text: str) -> str:
    """The id of an event made here as we write it, also where a program between wrote it in upper case."""
    return str(_uuid(text) or text)


def import_events(rows: Sequence[ImportedEvent], system: str) -> ImportResult:
    """Write events of another system, published and public, in one transaction: at most 1,000 take under two seconds.

    An event is known again by (system, external id); what the file says about it wins over what stands here, but an
    event that was cancelled stays so, nobody who comes loses their place, and a capacity never falls below those who
    come. Two imports of one system wait for each other.

    Args:
        rows: each passes `check_imported`; no external id twice.
        system: a code, lower case; `OWN_SYSTEM` for events made here.

    Raises:
        ValueError: an external id is empty or there twice.
    """
    by_id = {row.external_id: row for row in rows}
    if len(by_id) < len(rows) or "" in by_id:
        raise ValueError("Every imported event needs an external id of its own.")
    with transaction.atomic():
        _one_at_a_time(system)
        known = _known(system, by_id)
        new = [row for row in rows if row.external_id not in known]
        entries = list(_add(new, system))
        changed = 0
        shifts = _shifts_of(known.values())
        differing = [
            external_id
            for external_id, event in known.items()
            if _differing(event, by_id[external_id])
            or _moves(shifts[event.pk], by_id[external_id])
            or _openings(shifts[event.pk], by_id[external_id])
        ]
        for external_id, event in _lock({external_id: known[external_id].pk for external_id in differing}):
            if change := _change(event, by_id[external_id], system):
                entries += change
                changed += 1
        record_many(entries)
        if entries:
            transaction.on_commit(forget_map)
    return ImportResult(len(new), changed, len(rows) - len(new) - changed)


def _one_at_a_time(system: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"events.import:{system}"])


# --- what is said --------------------------------------------------------------------------------------------------
def _columns(row: ImportedEvent) -> dict[str, Any]:
    """The columns of the event about which the row says something."""
    said = {name: value for name in _SAID if (value := getattr(row, name)) is not None}
    for name in _LINES:
        if name in said:
            said[name] = clean_line(said[name])
    if "description" in said:
        said["description"] = rules.paragraphs(said["description"])
    if "languages" in said:
        said["languages"] = list(said["languages"])
    if "country" in said:
        said["scope"] = geo.scope_of(said["country"], said.get("region", ""))
    if row.shifts:
        said["starts_at"] = min(shift.starts_at for shift in row.shifts)
        said["ends_at"] = max(shift.ends_at for shift in row.shifts)
    return said


def _differing(event: Event, row: ImportedEvent) -> dict[str, Any]:
    return {name: value for name, value in _columns(row).items() if getattr(event, name) != value}


def _moves(before: Sequence[Shift], row: ImportedEvent) -> bool:
    return len(before) != len(row.shifts) or any(map(_moved, before, _in_order(row)))


def _moved(shift: Shift, said: ImportedShift) -> bool:
    return (shift.starts_at, shift.ends_at, shift.capacity) != (said.starts_at, said.ends_at, _room(said, shift))


def _room(said: ImportedShift, shift: Shift) -> int | None:
    return None if said.capacity is None else max(said.capacity, shift.taken)


def _openings(before: Sequence[Shift], row: ImportedEvent) -> dict[UUID, int]:
    """The shifts of which the row says another number of RSVPs, with that number."""
    return {
        shift.pk: said.opening_rsvps
        for shift, said in zip(before, _in_order(row), strict=False)
        if said.opening_rsvps is not None and said.opening_rsvps != shift.opening
    }


def _in_order(row: ImportedEvent) -> list[ImportedShift]:
    return sorted(row.shifts, key=lambda shift: (shift.starts_at, shift.ends_at))


# --- what stands here ----------------------------------------------------------------------------------------------
def _known(system: str, external_ids: Mapping[str, ImportedEvent]) -> dict[str, Event]:
    found = {e.external_id: e for e in Event.objects.filter(system=system, external_id__in=external_ids)}
    if system == OWN_SYSTEM:
        own = {pk: external_id for external_id in external_ids if (pk := _uuid(external_id))}
        found |= {own[event.pk]: event for event in Event.objects.filter(pk__in=own, system="")}
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _shifts_of(events: Iterable[Event]) -> dict[UUID, list[Shift]]:
    shifts: dict[UUID, list[Shift]] = {event.pk: [] for event in events}
    for shift in Shift.objects.filter(event__in=shifts).order_by("starts_at", "ends_at"):
        shifts[shift.event_id].append(shift)
    return shifts


def _lock(wanted: Mapping[str, UUID]) -> Iterator[tuple[str, Event]]:
    names = {pk: external_id for external_id, pk in wanted.items()}
    for event in Event.objects.select_for_update(of=("self",)).filter(pk__in=names).order_by("pk"):
        yield names[event.pk], event


# --- writing -------------------------------------------------------------------------------------------------------
def _add(rows: Sequence[ImportedEvent], system: str) -> Iterator[NewEntry]:
    at = clock.now()
    events, shifts = [], []
    for row in rows:
        event = {
            **_columns(row),
            "id": new_id(),
            "system": system,
            "external_id": row.external_id,
            "state": Event.State.PUBLISHED.value,
            "created_at": at,
            "confirmed_at": at,
            "published_at": at,
        }
        events.append(event)
        left = event.get("opening_rsvps", 0) - sum(shift.opening_rsvps or 0 for shift in row.shifts)
        shifts += [
            {
                "id": new_id(),
                "event_id": event["id"],
                "opening": (shift.opening_rsvps or 0) + (0 if n else left),
                **{name: getattr(shift, name) for name in _OF_SHIFT},
            }
            for n, shift in enumerate(_in_order(row))
        ]
    _copy(Event, events)
    _copy(Shift, shifts)
    for event in events:
        yield NewEntry("event.imported", _ACTOR, on=("event", event["id"]), data={"system": system})
        if event.get("opening_rsvps"):
            yield _balance(event["id"], event["opening_rsvps"], system)


_OF_SHIFT = ("starts_at", "ends_at", "capacity")


def _copy(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """COPY rows; a column that none of them names has its default. Five times as fast as INSERT."""
    columns = [field for field in model._meta.concrete_fields if not field.generated]
    defaults = {field.attname: _default(field) for field in columns}
    names = ", ".join(f'"{field.column}"' for field in columns)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row([row.get(name, default) for name, default in defaults.items()])


def _default(field: Any) -> Any:
    value = field.get_default()
    return value.value if isinstance(value, Enum) else value


def _balance(event_id: UUID, n: int, system: str) -> NewEntry:
    return NewEntry("event.opening_balance", _ACTOR, on=("event", event_id), quantity=n, data={"system": system})


def _change(event: Event, row: ImportedEvent, system: str) -> list[NewEntry]:
    """Write what the row says otherwise about an event that is locked."""
    new, before = _differing(event, row), event.opening_rsvps
    times, capacities, more_or_fewer = _change_shifts(event, row)
    told = [name for name in new if name not in ("starts_at", "ends_at", "scope", "opening_rsvps")]
    told += [name for name, any_ in (("time", times), ("capacity", capacities)) if any_]
    told += ["shifts"] if more_or_fewer else []
    laid = lay_opening(event.pk, new.get("opening_rsvps", before), _openings(_locked_shifts(event), row))
    if laid and "opening_rsvps" not in new:
        told.append("opening_rsvps")  # of other shifts than before
    if not new and not told:
        return []
    if rules.people_must_hear(told):
        if event.state == Event.State.PUBLISHED:
            new["sequence"] = event.sequence + 1
        elif event.published_at:
            new["untold"] = sorted({*event.untold, *(set(told) & rules.TOLD)})
    if told:
        new["version"] = event.version + 1
    if new:
        Event.objects.filter(pk=event.pk).update(**new)
    for pk in {*capacities, *laid}:
        promote(pk, actor=_ACTOR)
    entries = []
    if told:
        data = {"fields": told, "shifts": [str(pk) for pk in times]}
        entries.append(NewEntry("event.changed", _ACTOR, on=("event", event.pk), data=data))
    if more := new.get("opening_rsvps", before) - before:
        entries.append(_balance(event.pk, more, system))
    return entries


def _locked_shifts(event: Event) -> list[Shift]:
    """In order of time."""
    rows = event.shifts.select_for_update().order_by("pk")
    return sorted(rows, key=lambda shift: (shift.starts_at, shift.ends_at))


def _change_shifts(event: Event, row: ImportedEvent) -> tuple[list[UUID], list[UUID], bool]:
    """Bring the shifts to what the row says: the first is the first, and so on. One where somebody comes is kept.

    Returns:
        The shifts with another time, those with another capacity, and whether any were added or removed.
    """
    before = _locked_shifts(event)
    said, times, capacities = _in_order(row), list[UUID](), list[UUID]()
    for shift, wanted in zip(before, said, strict=False):
        if (shift.starts_at, shift.ends_at) != (wanted.starts_at, wanted.ends_at):
            times.append(shift.pk)
        if shift.capacity != _room(wanted, shift):
            capacities.append(shift.pk)
        if _moved(shift, wanted):
            shift.starts_at, shift.ends_at, shift.capacity = wanted.starts_at, wanted.ends_at, _room(wanted, shift)
            shift.save(update_fields=["starts_at", "ends_at", "capacity"])
    for wanted in said[len(before) :]:
        Shift.objects.create(event=event, starts_at=wanted.starts_at, ends_at=wanted.ends_at, capacity=wanted.capacity)
    coming = RSVP.objects.exclude(state=RSVP.State.CANCELLED).values("shift")
    gone = Shift.objects.filter(pk__in=[shift.pk for shift in before[len(said) :]]).exclude(pk__in=coming)
    return times, capacities, bool(gone.delete()[0]) or len(said) > len(before)
