"""Mailings for tests, as the engine leaves them: frozen, some copies sent."""

from datetime import timedelta

from groundswell.kit import clock
from groundswell.messaging.models import Delivery, Link, Mailing
from groundswell.messaging.tokens import token
from groundswell.people import services as people
from groundswell.people.models import Person
from groundswell.people.services import NewPerson

TEST = "system:test"
PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
SCANNER = {"User-Agent": "Barracuda Sentinel (EE)"}


def mailing(name="July", **more):
    return Mailing.objects.create(**({"name": name, "state": Mailing.State.SENDING} | more))


def person(name="erin", agreed="news") -> Person:
    found = people.find_or_add(NewPerson(given_name=name.title(), email=f"{name}@example.org"), how="test").person
    if agreed:
        people.agree(found, agreed, "email", "Write to me.", "/", actor=TEST)
    return found


def copy(mailing, person, **more) -> Delivery:
    """One person's copy, sent an hour ago."""
    address = person.contact_points.get(channel="email").value
    at = clock.now() - timedelta(hours=1)
    kept = {"purpose": mailing.purpose, "state": Delivery.State.SENT, "moved_at": at, "queued_at": at} | more
    return Delivery.objects.create(mailing=mailing, person=person, address=address, **kept)


def link(mailing, url="https://elsewhere.example/page") -> Link:
    return Link.objects.create(mailing=mailing, url=url)


def click_url(link, copy) -> str:
    return f"/l/{link.pk}/{token(copy.pk)}"
