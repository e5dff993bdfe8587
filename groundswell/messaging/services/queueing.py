"""Putting mails into the queue, in the transaction of the deed they are about."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min, Q

from groundswell.jobs import services as jobs
from groundswell.kit import clock
from groundswell.kit.ids import new_id
from groundswell.messaging import rules
from groundswell.messaging.models import Delivery
from groundswell.messaging.services.holding import held_at
from groundswell.people.models import ContactPoint, Person
from groundswell.powers.movement import movement

JOB = "messaging.send"
WAKING = "hashtext('messaging_waking')"  # held shared by who queues until they commit; see `wake`

Attachment = tuple[str, str, str]  # name, text, MIME type
State = Delivery.State


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to one person.

    Attributes:
        key: what makes it one; a second message with the same key is not queued.
        address: normalised.
        reply_to: where answers go; empty: to the movement's own address.
        notice: about something they are part of already, not caused by a form that anybody can fill in.
        not_before: None: now.
        purpose: to which the person must agree when it goes, and it counts among the mailings of their week; what is
            left by its name (`hooks.own`) needs only that they did not, and does not count. Empty: they asked for this
            one.
        id: of the delivery, where the mail names it.
        not_after: once this is past it is not sent any more; None: once it is a day late.
        unsubscribe: the address to which a mail program posts that they want no more of these; empty: none.
    """

    key: str
    person: Person | None
    address: str
    subject: str
    text: str
    html: str = ""
    attachments: Sequence[Attachment] = ()
    notice: bool = False
    not_before: datetime | None = None
    reply_to: str = ""
    unsubscribe: str = ""
    not_after: datetime | None = None
    purpose: str = ""
    id: UUID = field(default_factory=new_id)


def queue(
    key: str,
    *,
    person: Person | None,
    address: str,
    subject: str,
    text: str,
    html: str = "",
    attachments: Sequence[Attachment] = (),
    notice: bool = False,
    not_before: datetime | None = None,
) -> Delivery | None:
    """Queue one mail; None when the key was queued before. Raises as `queue_many`."""
    message = Message(key, person, address, subject, text, html, attachments, notice, not_before)
    return next(iter(queue_many([message])), None)


def queue_many(messages: Sequence[Message]) -> list[Delivery]:
    """Queue mails in the caller's transaction; they go out once it commits.

    An address that nobody has confirmed gets a bounded number of mails a day; what is more waits or is suppressed.

    Returns:
        The deliveries whose keys are new, suppressed ones among them.

    Raises:
        ValueError: a subject of several lines, or none; nothing is queued.
    """
    for message in messages:
        rules.check_subject(message.subject)
    with transaction.atomic(savepoint=False):
        known = set(Delivery.objects.filter(key__in=[m.key for m in messages]).values_list("key", flat=True))
        new = list({m.key: m for m in messages if m.key not in known}.values())
        if not new:
            return []
        rows = [_delivery(message) for message in new]
        _keep_to_the_week(rows)
        _hold_back(rows)
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        stored = set(Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
        rows = [row for row in rows if row.pk in stored]
        wake({row.not_before for row in rows if row.state == State.QUEUED})
        return rows


def _delivery(message: Message) -> Delivery:
    now = clock.now()
    return Delivery(
        id=message.id,
        key=message.key,
        person=message.person,
        address=message.address,
        subject=message.subject,
        text=message.text,
        html=message.html,
        reply_to=message.reply_to,
        unsubscribe=message.unsubscribe,
        purpose=message.purpose,
        attachments=[list(attachment) for attachment in message.attachments],
        notice=message.notice,
        queued_at=now,
        not_before=message.not_before or now,
        not_after=message.not_after,
    )


def _keep_to_the_week(rows: Sequence[Delivery]) -> None:
    """Suppress what is for a purpose where the person has enough of that for the week. What is about something of one's
    own, `kind:<id>`, neither counts nor is kept back: guests must hear of a changed door code."""
    asking = [row for row in rows if row.purpose and ":" not in row.purpose and row.person_id]
    if not asking:
        return
    people = sorted({str(row.person_id) for row in asking})
    with connection.cursor() as cursor:
        cursor.execute(_IN_TURN, [people])
        cursor.execute(
            _WEEK, {"people": people, "since": clock.now() - rules.WEEK, "per_week": movement().mails_per_week}
        )
        week = {person: (left, last) for person, left, last in cursor.fetchall()}
    for row in asking:
        left, last = week[row.person_id]
        if left > 0:
            week[row.person_id] = (left - 1, None)
        else:
            row.state, row.problem, row.lost_to = State.SUPPRESSED, rules.ENOUGH, last


# one after the other for each person, in one order of locks
_IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(person, 7)) FROM unnest(%s::text[]) AS person"
_WEEK = """
SELECT person, least(%(per_week)s, choice.per_week) - got.copies, got.last
FROM unnest(%(people)s::uuid[]) AS person
LEFT JOIN messaging_choice AS choice ON choice.person_id = person
CROSS JOIN LATERAL (
    SELECT count(*) AS copies, (array_agg(mailing_id ORDER BY queued_at DESC))[1] AS last
    FROM messaging_delivery
    WHERE person_id = person AND purpose <> '' AND strpos(purpose, ':') = 0 AND queued_at > %(since)s
      AND state IN ('queued', 'sending', 'sent', 'unknown')
) AS got
"""


def _hold_back(rows: Sequence[Delivery]) -> None:
    """Let each mail to an unconfirmed address wait for its turn, or suppress it."""
    addresses = {row.address for row in rows}
    confirmed = ContactPoint.objects.filter(channel="email", value__in=addresses, verified_at__isnull=False)
    strange = addresses - set(confirmed.values_list("value", flat=True))
    if not strange:
        return
    with connection.cursor() as cursor:  # one mail after the other for each address, in one order of locks
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(address, 5)) FROM unnest(%s::text[]) AS address",
            [sorted(strange)],
        )
    now = clock.now()
    went: dict[tuple[str, bool], list[datetime]] = {}
    last = Delivery.objects.filter(
        ~Q(state=State.SUPPRESSED), mailing=None, address__in=strange, not_before__gt=now - rules.DAY
    )
    for address, notice, at in last.order_by("-not_before").values_list("address", "notice", "not_before"):
        went.setdefault((address, notice), []).append(at)
    for row in rows:
        if row.address not in strange or row.state == State.SUPPRESSED:
            continue
        times = went.setdefault((row.address, row.notice), [])
        per_day = rules.NOTICES_A_DAY if row.notice else rules.FORM_MAILS_A_DAY
        if (turn := rules.turn(times, now, per_day)) is None:
            row.state = State.SUPPRESSED
            row.problem = rules.OVER
        else:
            row.not_before = max(row.not_before, turn)
            times.insert(0, row.not_before)


def release(person_ids: Sequence[UUID]) -> int:
    """These people confirmed an address: what waited for that goes out now. Returns how many mails."""
    now = clock.now()
    with transaction.atomic(savepoint=False):
        released = Delivery.objects.filter(
            mailing=None,
            person_id__in=person_ids,
            state=State.QUEUED,
            tries=0,
            not_before__gt=now,
            address__in=ContactPoint.objects.filter(
                person_id__in=person_ids, channel="email", verified_at__isnull=False
            ).values("value"),
        ).update(not_before=now)
        if released:
            wake({now})
        return released


def forget_suppressed(person_ids: Sequence[UUID], kinds: Collection[str]) -> list[str]:
    """These people confirmed an address: mails that were suppressed only for want of that may be written anew.

    Args:
        kinds: what stands before the colon in the keys of the mails that are meant.

    Returns:
        Keys, free to be queued again: of each person the newest, `rules.MOST_AGAIN` at most.
    """
    found = []
    for person_id in dict.fromkeys(person_ids):
        rows = Delivery.objects.filter(
            person_id=person_id,
            state=State.SUPPRESSED,
            problem=rules.OVER,
            queued_at__gt=clock.now() - rules.AGAIN,
            key__regex=f"^({'|'.join(map(re.escape, sorted(kinds)))}):",
            address__in=ContactPoint.objects.filter(
                person_id=person_id, channel="email", verified_at__isnull=False
            ).values("value"),
        ).order_by("-queued_at", "-pk")[: rules.MOST_AGAIN]
        found += list(rows.values_list("pk", "key"))
    Delivery.objects.filter(pk__in=[pk for pk, _key in found]).delete()
    return [key for _pk, key in found if key]


def wake(times: set[datetime]) -> None:
    """See to it that somebody looks at the queue at these times, once in each minute; in the caller's transaction.

    No second job is queued while one waits. That one could begin before this transaction commits and find nothing; so
    whoever queues holds a shared lock until then, and a run begins by waiting for those who hold it.
    """
    if not times:
        return
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({WAKING})")
    for at in sorted({_minute_after(at) if at > now else now for at in times}):
        if at == now:
            jobs.enqueue(JOB, queueing_lock=JOB)
        else:
            jobs.enqueue(JOB, at=at, queueing_lock=f"{JOB} {at.isoformat()}")


def _minute_after(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)


def next_look() -> datetime | None:
    """When the queue next needs somebody; None: it is empty."""
    waiting = Delivery.objects.filter(state=State.QUEUED, mailing=None)
    if held := held_at():
        waiting = waiting.filter(queued_at__gt=held)
    queued = waiting.aggregate(at=Min("not_before"))["at"]
    sending = Delivery.objects.filter(state=State.SENDING).aggregate(at=Min("moved_at"))["at"]
    return min(filter(None, (queued, sending and sending + rules.IN_DOUBT)), default=None)
