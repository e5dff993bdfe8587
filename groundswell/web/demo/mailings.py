"""The demo's mail: mailings in each of their states, a journey with people on their way, a letter in the movement's own
words. Made through the doors; whatever goes, goes into the outbox."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F

from groundswell.events.forms.coming import agreed_to
from groundswell.jobs import services as jobs
from groundswell.jobs.worker import drain
from groundswell.journeys import services as journeys
from groundswell.journeys import starters
from groundswell.journeys.models import Ask
from groundswell.kit import clock
from groundswell.ledger import services as ledger
from groundswell.ledger.rules import person_actor
from groundswell.messaging.hooks import letters
from groundswell.messaging.incoming import Report
from groundswell.messaging.models import Delivery, Link, Mailbox, Mailing, Signal
from groundswell.messaging.selectors.wording import Text
from groundswell.messaging.services import hearing, pacing, signals, steering, throttling, word_letter, wording
from groundswell.messaging.services.mailings import Details, save_mailing
from groundswell.people import segments
from groundswell.people import services as people
from groundswell.people.models import Segment
from groundswell.powers.models import User
from groundswell.powers.viewer import Viewer

AGO = timedelta(hours=3)  # since the finished one went
AT_FIRST = 30  # copies that went of the one that is paused
OPENED, AHEAD, CLICKED = 0.38, 0.22, (0.09, 0.21)  # of the copies: by people, by machines; a link, by draft
Kind = Signal.Kind

AGREE = {"is": "consent", "state": "given", "purpose": "news", "channel": "email"}
NEAR = {"is": "near", "unit": "mi", "place": "Burlington, VT"}
NIGHT = {
    "en": Text(
        "Every living room counts.",
        "Dear {first_name|friend},\n\nthe night is close, and these are near you:\n\n[[events near you: 3]]\n\n"
        "[[button: Find one near you | %(site)s/events]]\n\nThank you, Olga",
        {0: "{first_name|Friend}, the night is close"},
    ),
    "es": Text(
        "Cada sala cuenta.",
        "Hola {first_name|amiga o amigo}:\n\nLa noche se acerca, y estos son los que tienes cerca:\n\n"
        "[[events near you: 3]]\n\n"
        "[[button: Busca uno cerca | %(site)s/events]]\n\nGracias, Olga",
        {0: "{first_name|Hola}, la noche se acerca"},
    ),
}
HOST = {
    "en": Text(
        "A table, some chairs, an hour and a half.",
        "Dear {first_name|friend},\n\nwho hosts decides what happens. It takes a table, some chairs and an hour and a "
        "half; we help with the rest.\n\n[[button: Host one | %(site)s/events/new]]\n\nThank you, Olga",
        {0: "Could it be at your place?", 1: "{first_name|Friend}, will you host?"},
    ),
    "es": Text(
        "Una mesa, unas sillas, hora y media.",
        "Hola {first_name|amiga o amigo}:\n\nQuien recibe decide lo que pasa. Hace falta una mesa, unas sillas y hora "
        "y media; te ayudamos con lo demás.\n\n[[button: Recibe en tu casa | %(site)s/events/new]]\n\nGracias, Olga",
        {0: "¿Podría ser en tu casa?", 1: "{first_name|Hola}, ¿recibes en tu casa?"},
    ),
}
GONE = Report(Kind.BOUNCED, "", status="5.1.1", said="550 5.1.1 There is no such mailbox")
ENOUGH = Report(Kind.UNSUBSCRIBED, "")
ANSWERS = ["I can bring chairs, and my sister comes too.", "Is there parking?", "Wish I could; I work that night."]
TOLD = [GONE, GONE, ENOUGH, ENOUGH, *(Report(Kind.REPLIED, "", text=text) for text in ANSWERS)]  # each of some copy
THANKS = (
    "event.going",
    "See you there: {title}",
    "{come}\n\nBring somebody who has never been to one of ours.",
)


def fill(dana: User, olga: User, newcomers: Sequence[UUID]) -> None:
    """All of it.

    Args:
        dana: agrees to what olga asks.
        newcomers: people who begin the journey.
    """
    asks, agrees = Viewer(olga, strong=True), Viewer(dana, strong=True)
    friends = _segment(agrees, "Friends around Burlington", NEAR | {"within": 90})
    neighbors = _segment(agrees, "Friends in and next to Burlington", NEAR | {"within": 15})
    _journey(dana, newcomers)
    word_letter(letters[THANKS[0]], "en", *THANKS[1:], by=dana)

    over = _written(asks, "Will you host?", friends, NIGHT, HOST)
    _go(over, asks, agrees)
    _come_back(over)
    template = wording.save_template(agrees, over.drafts.get(number=1), "Could you host?")
    _written(agrees, "Hosts for the autumn", neighbors, wording.texts_in(template))

    held_up = _written(asks, "The night is close", friends, NIGHT)
    pacing.save_domain(agrees, throttling.our_domain(), None, {Mailbox.OTHER: AT_FIRST})
    _go(held_up, asks, agrees)
    steering.pause(held_up, note="The library changed its hours: wait for its answer.", by=asks)
    pacing.save_domain(agrees, throttling.our_domain(), None, {})

    steering.ask(asks, _written(asks, "A last call for the night", neighbors, NIGHT))
    drain()


def _segment(by: Viewer, name: str, near: Mapping[str, object]) -> Segment:
    """Those who agree to news and live there."""
    return people.save_segment(by, people.Draft(name, segments.read({"all": [AGREE, near]})))


def _written(by: Viewer, name: str, to: Segment, *drafts: Mapping[str, Text]) -> Mailing:
    """A mailing with these drafts, by language; what it points to was looked at."""
    made = save_mailing(by, Details(name, to, "news"))
    first, *others = (
        {code: replace(one, body=one.body.replace("%(site)s", settings.BASE_URL)) for code, one in texts.items()}
        for texts in drafts
    )
    for code, text in first.items():
        wording.save_text(made, 0, code, text, Text().stamp)
    for texts in others:
        wording.add_draft(made, texts)
    drain()
    return made


def _go(made: Mailing, asks: Viewer, agrees: Viewer) -> None:
    """It is asked for and agreed to, and the minutes in which it could be called back are over."""
    steering.ask(asks, made)
    steering.agree(agrees, made)
    Mailing.objects.filter(pk=made.pk).update(starts_at=clock.now())
    jobs.enqueue(steering.BEGIN, mailing_id=str(made.pk))
    drain()
    made.refresh_from_db()


def _come_back(made: Mailing) -> None:
    """What people, and machines, did with their copies since it went."""
    chance = random.Random(made.name)  # noqa: S311
    Mailing.objects.filter(pk=made.pk).update(ended_at=F("ended_at") - AGO)
    Delivery.objects.filter(mailing=made).update(queued_at=F("queued_at") - AGO, moved_at=F("moved_at") - AGO)
    link = {one.url.removeprefix(settings.BASE_URL): one.pk for one in Link.objects.filter(mailing=made)}
    copies = Delivery.objects.filter(mailing=made, state=Delivery.State.SENT).order_by("pk")
    for copy in copies.select_related("person", "subject_line__version__draft"):
        assert copy.moved_at and copy.person and copy.subject_line
        at = copy.moved_at + timedelta(minutes=chance.uniform(1, 170))
        number = copy.subject_line.version.draft.number
        if chance.random() < AHEAD:
            signals.note(copy.pk, made.pk, Kind.OPENED, machine=True, at=copy.moved_at + timedelta(seconds=3))
        if chance.random() < OPENED:
            signals.note(copy.pk, made.pk, Kind.OPENED, at=at)
            if chance.random() < CLICKED[number] / OPENED:
                followed = link["/events/new" if number else "/events"]
                signals.note(copy.pk, made.pk, Kind.CLICKED, link_id=followed, at=at + timedelta(seconds=20))
    told = zip(chance.sample(list(copies), len(TOLD)), TOLD, strict=True)
    hearing.hear_later(replace(one, key=f"demo:{copy.pk}", copies=(str(copy.pk),)) for copy, one in told)
    jobs.enqueue(signals.WEIGH)
    drain()


def _journey(dana: User, newcomers: Sequence[UUID]) -> None:
    """Newcomers are on their way; some were called, for some somebody passed."""
    made = journeys.make(*starters.newcomer(), by=dana)
    journeys.publish(made, dana)
    (agreed,) = agreed_to(["news_by_email"])
    for person in newcomers:
        people.agree_many([person], *agreed, "/events", actor=person_actor(person), at=clock.now())
    ledger.catch_up()
    drain()
    for number, ask in enumerate(Ask.objects.order_by("pk")[:4]):
        journeys.answer(ask, dana, done=number < 2)
    drain()
