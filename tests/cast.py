"""The cast, and a small world for it: alice hosts, bob is her guest, charlie signs in and holds nothing, dana runs the
movement with a second factor, erin is a supporter with no login. Nobody but their own may see the canary values."""

import time
from dataclasses import dataclass

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import translation

from groundswell.events import services as events
from groundswell.events.models import RSVP, Event
from groundswell.events.tests import making
from groundswell.messaging.models import Delivery, Draft, Mailing, Subject, Template, Version
from groundswell.messaging.tests import making as making_mailings
from groundswell.people import segments
from groundswell.people import services as people
from groundswell.people.models import Person, Segment
from groundswell.people.services import NewPerson
from groundswell.powers.models import Grant, User
from groundswell.powers.services import found_movement, give, proved_address
from groundswell.powers.viewer import Viewer

CANARIES = ["Canaria", "canary", "+18025550177", "Kanarienweg", "canary-tag"]


@dataclass
class World:
    """Everybody and what they did."""

    users: dict[str, User]
    bob: Person
    erin: Person
    event: Event  # alice's; its exact place is for guests
    waiting: Event  # erin's; waits for review
    rsvp: RSVP  # bob's
    grant: Grant  # alice's, from dana
    segment: Segment  # dana's: who is tagged "canary-tag"
    mailing: Mailing  # dana's, to them
    template: Template
    copy: Delivery  # bob's, of a mailing of dana's

    def client(self, role: str, **how) -> Client:
        """A browser of somebody; dana's proved a second factor, `nobody`'s is not signed in."""
        client = Client(**how)
        if user := self.users.get(role):
            sign_in(client, user, strong=role == "dana")
        return client


def sign_in(client: Client, user: User, *, strong: bool = False) -> None:
    """Sign in a moment ago; `strong`: with a second factor, which is made where there is none."""
    client.force_login(user)
    records: list[dict[str, object]] = [{"method": "code", "at": time.time(), "email": str(user.email)}]
    if strong:
        factor = Authenticator.objects.filter(user=user).first() or Authenticator.objects.create(
            user=user, type=Authenticator.Type.TOTP, data={"secret": "JBSWY3DPEHPK3PXP"}
        )
        records.append({"method": "mfa", "type": "totp", "id": factor.pk, "at": time.time()})
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = records
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
    session.save()


def make_world() -> World:
    """The small world. Call it inside a test with a database."""
    dana = found_movement("dana@example.org", "The Movement")
    for name in ("alice", "charlie", "dana"):
        people.find_or_add(NewPerson(given_name=name.title(), email=f"{name}@example.org"), how="test")
    users = {name: proved_address(f"{name}@example.org") for name in ("alice", "charlie")} | {
        "dana": proved_address(str(dana.email))
    }
    alice = people.person_of_user(users["alice"])
    event = making.published(
        alice, title="Open kitchen", venue="Kanarienweg hall", street="Kanarienweg 1", place_shown="guests"
    )
    bob = NewPerson("Bob", "Canaria", "canary.bob@example.org", phone="+1 802 555 0177", postal_code="05401")
    rsvp = events.rsvp(making.first(event).pk, bob, page="/events")
    erin = people.find_or_add(
        NewPerson("Erin", "Canaria", "canary.erin@example.org", postal_code="05401"), how="test"
    ).person
    people.tag(erin, "canary-tag", actor=making.TEST)
    people.agree(rsvp.person, "news", "email", "Write to me.", "/events", actor=making.TEST)
    waiting = events.confirm(making.draft(erin, title="Erin's first"))
    grant = give(dana, users["alice"], "hq.open", "movement.place.us.vt", may_hand_on=1)
    tagged = segments.read({"all": [{"is": "tag", "tag": "canary-tag"}]})
    segment = people.save_segment(Viewer(users["dana"], strong=True), people.Draft("Canaries", tagged))
    mailing = Mailing.objects.create(name="News", segment=segment, made_by=dana)
    version = Version.objects.create(
        draft=Draft.objects.create(mailing=mailing, number=0), language="en", body="Dear {first_name|friend}, come."
    )
    Subject.objects.create(version=version, number=0, text="{first_name|You}: tonight")
    template = Template.objects.create(name="Invitation", made_by=dana)
    translation.activate("en")
    copy = making_mailings.copy(making_mailings.mailing(made_by=users["dana"]), rsvp.person)
    return World(users, rsvp.person, erin, event, waiting, rsvp, grant, segment, mailing, template, copy)
