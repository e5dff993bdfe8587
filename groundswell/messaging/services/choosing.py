"""What people choose about the mail they get: less of it, only from those they know, none of a purpose, none at all.

In force the moment it is committed, as every claim of a copy asks for it.
"""

from collections.abc import Sequence

from django.db import transaction

from groundswell.ledger.rules import person_actor
from groundswell.ledger.services import record
from groundswell.messaging import selectors
from groundswell.messaging.models import Choice, Delivery, Signal
from groundswell.messaging.rules import EVERYTHING
from groundswell.messaging.services import signals
from groundswell.people import selectors as people_read
from groundswell.people import services as people
from groundswell.people.models import Person


def leave(person: Person, purpose: str, copy: Delivery | None = None, *, actor: str = "") -> None:
    """They want no more mails of this purpose; of EVERYTHING: nothing by email. Doing it again changes nothing.

    Args:
        copy: the one in which they said so.
        actor: who did it; empty: they themselves.
    """
    actor = actor or person_actor(person.pk)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        if not selectors.has_left(person, purpose):
            people.withdraw(person, purpose, "email", actor=actor)
            on = ("mailing", copy.mailing_id) if copy and copy.mailing_id else ("delivery", copy.pk) if copy else None
            record("mail.unsubscribed", actor=actor, person_id=person.pk, on=on, data={"purpose": purpose})
        if purpose == EVERYTHING:
            for consent in people_read.consents(person):
                if consent.given and consent.channel == "email":
                    people.withdraw(person, consent.purpose, "email", actor=actor)
        if copy:
            key = f"unsubscribed:{copy.pk}:{purpose}"
            signals.note(copy.pk, copy.mailing_id, Signal.Kind.UNSUBSCRIBED, key=key)


def return_to(person: Person, purposes: Sequence[str], words: str, page: str) -> None:
    """They agree again, in these words on this page. EVERYTHING among them only ends that nothing comes."""
    actor = person_actor(person.pk)
    with transaction.atomic():
        for purpose in purposes:
            people.agree(person, purpose, "email", words, page, actor=actor)


def choose(person: Person, *, per_week: int | None, own_team_only: bool) -> None:
    """At most so many mailings a week, or as many as we think; only from people they know, or from all."""
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        before = selectors.choice_of(person)
        if (before.per_week, before.own_team_only) == (per_week, own_team_only):
            return
        Choice(person=person, per_week=per_week, own_team_only=own_team_only).save()
        record(
            "mail.chose",
            actor=person_actor(person.pk),
            person_id=person.pk,
            data={"per_week": per_week or 0, "own_team_only": own_team_only},
        )
