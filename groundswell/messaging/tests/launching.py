"""Mailings for tests: people who agree to news, a mailing to all of them, and the jobs that send it."""

from datetime import timedelta

from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.kit import clock
from groundswell.messaging.models import Draft, Mailing, Subject, Version
from groundswell.messaging.services import steering
from groundswell.people.models import ContactPoint, Person, Segment
from groundswell.people.services import NewPerson, add_many, agree_many
from groundswell.powers.models import User
from groundswell.powers.services import found_movement

EVERYBODY = {"all": []}


def owner() -> User:
    """Who may send to everybody."""
    return User.objects.filter(email="dana@example.org").first() or found_movement("dana@example.org")


def people(number: int, *, name: str = "p", **more: str) -> list[Person]:
    """So many people with an address each, who agree to news."""
    addresses = [f"{name}{n}@example.org" for n in range(number)]
    add_many([NewPerson(email=address, **more) for address in addresses], actor="system:test", how="test")
    found = ContactPoint.objects.filter(value__in=addresses).select_related("person")
    agree_many([point.person_id for point in found], "news", "email", "News?", "/", actor="system:test", at=clock.now())
    return [point.person for point in sorted(found, key=lambda point: addresses.index(point.value))]


def mailing(tree: object = EVERYBODY, *, subjects: tuple[str, ...] = ("Hello {first_name|friend}",), **more) -> Mailing:
    """A mailing that is to begin now."""
    who = owner()
    segment = Segment.objects.create(name="All", tree=tree, made_by=who)
    made = Mailing.objects.create(
        name="News",
        segment=segment,
        made_by=who,
        asked_by=who,
        **{"state": Mailing.State.WAITING, "starts_at": clock.now() - timedelta(seconds=1), **more},
    )
    draft = Draft.objects.create(mailing=made, number=0)
    version = Version.objects.create(
        draft=draft,
        language="en",
        preview="Soon",
        body="Dear {first_name|friend},\n\n[Come along](https://example.org/a)",
    )
    for number, text in enumerate(subjects):
        Subject.objects.create(version=version, number=number, text=text)
    return made


def begin(made: Mailing) -> Mailing:
    """Run it to its end, or to where it waits."""
    jobs.enqueue(steering.BEGIN, mailing_id=str(made.pk))
    drain()
    made.refresh_from_db()
    return made
