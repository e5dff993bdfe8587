"""Mailings for tests: written, launched, frozen by hand where no engine runs."""

from groundswell.kit import clock
from groundswell.messaging.models import Delivery, Draft, Mailing, Part, Subject, Version
from groundswell.people import segments
from groundswell.people import services as people
from groundswell.people.models import Person, Segment
from groundswell.people.services import NewPerson
from groundswell.powers.models import User
from groundswell.powers.viewer import Viewer

TAGGED = {"all": [{"is": "tag", "tag": "list"}]}


def crowd(count: int, *, agree: bool = True) -> list[Person]:
    """So many people, tagged "list"."""
    found = []
    for n in range(count):
        details = NewPerson(f"Person{n}", "Hill", email=f"hill{n}@example.org", postal_code="05401")
        person = people.find_or_add(details, how="test").person
        people.tag(person, "list", actor="system:test")
        if agree:
            people.agree(person, "news", "email", "Write to me.", "/", actor="system:test")
        found.append(person)
    return found


def segment(owner: User, tree: dict | None = None) -> Segment:
    draft = people.Draft("The list", segments.read(TAGGED if tree is None else tree))
    return people.save_segment(Viewer(owner, strong=True), draft)


def mailing(owner: User, to: Segment | None, drafts: int = 1, subjects: int = 1, **fields) -> Mailing:
    """A mailing that is written, ready to go."""
    made = Mailing.objects.create(name="News", segment=to, made_by=owner, **fields)
    for number in range(drafts):
        draft = Draft.objects.create(mailing=made, number=number)
        version = Version.objects.create(draft=draft, language="en", body=f"Hello from {draft}.")
        for line in range(subjects):
            Subject.objects.create(version=version, number=line, text=f"Subject {draft}{line + 1}")
    return made


def frozen(made: Mailing, people_: list[Person], state: str = Delivery.State.QUEUED) -> list[Delivery]:
    """A copy for each, as the engine writes them; subjects in turn."""
    lines = list(Subject.objects.filter(version__draft__mailing=made))
    rows = [
        Delivery(
            mailing=made,
            person=person,
            address=f"{person.given_name.lower()}@example.org",
            subject_line=lines[n % len(lines)],
            purpose=made.purpose,
            state=state,
            moved_at=clock.now(),
        )
        for n, person in enumerate(people_)
    ]
    Delivery.objects.bulk_create(rows)
    Part.objects.create(mailing=made, number=0, people=len(rows), done=True)
    Mailing.objects.filter(pk=made.pk).update(state=Mailing.State.SENDING, frozen_at=clock.now(), people=len(rows))
    made.refresh_from_db()
    return rows
