"""Who runs an event: asking others to host, and who decides on it."""

import html
import re

import pytest

from groundswell.events import links, services
from groundswell.events.models import Host, Invitation
from groundswell.events.tests import making
from groundswell.jobs.worker import drain
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import user_actor
from groundswell.ledger.services import catch_up
from groundswell.messaging.models import Delivery
from groundswell.people.models import Person
from groundswell.people.services import person_of_user as people_of_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_time_trap")]


def ask(world, name="Charlie", email="charlie@example.org"):
    """alice asks somebody to host with her; the page she comes back to."""
    url = f"/events/{world.event.pk}/hosts"
    return html.unescape(
        world.client("alice").post(url, {"given_name": name, "email": email}, follow=True).content.decode()
    )


def test_who_is_asked_to_host_does_so_once_they_accept(world, page):
    client = world.client("alice")
    assert "invited" in ask(world)
    assert world.client("charlie").get(f"/events/{world.event.pk}/edit").status_code == 404
    assert "Charlie" not in page.get(f"/events/{world.event.pk}").content.decode()
    mail = Delivery.objects.get(address="charlie@example.org")
    url = re.search(r"/events/invitation/\S+", mail.text)[0]
    assert "Would you host this event, too?" in page.get(url).content.decode()
    assert Host.objects.filter(event=world.event).count() == 1
    for _again in range(2):
        assert "You accepted" in page.post(url, follow=True).content.decode()
    assert Host.objects.filter(event=world.event).count() == 2
    assert world.client("charlie").get(f"/events/{world.event.pk}/edit").status_code == 200
    assert "Charlie" in page.get(f"/events/{world.event.pk}").content.decode()
    charlie = Host.objects.get(event=world.event, lead=False).person_id
    client.post(f"/events/{world.event.pk}/hosts", {"act": "remove", "person": str(charlie)})
    page.post(url)
    assert world.client("charlie").get(f"/events/{world.event.pk}/edit").status_code == 404
    alice = Host.objects.get(event=world.event).person_id
    client.post(f"/events/{world.event.pk}/hosts", {"act": "remove", "person": str(alice)})
    assert Host.objects.filter(event=world.event).count() == 1


def test_asking_tells_nothing_about_the_address(world, page):
    before = Person.objects.count()
    texts = [ask(world, "Pal", email) for email in ("canary.erin@example.org", "unknown@example.org")]
    for text in texts:
        section = text[text.index('id="hosts"') : text.index("Invite a co-host")]
        assert "Pal" in section and "Canaria" not in section and "Erin" not in section
    assert Person.objects.count() == before
    mails = Delivery.objects.filter(key__startswith="event.invited:")
    assert mails.count() == 2 and all("Canaria" not in mail.text and mail.person_id is None for mail in mails)
    public = page.get(f"/events/{world.event.pk}").content.decode()
    assert "Pal" not in public and "Erin" not in public


def test_an_invitation_is_sent_once_and_can_be_taken_back(world, page):
    for _again in range(2):
        ask(world)
    assert Delivery.objects.filter(address="charlie@example.org").count() == 1
    invitation = Invitation.objects.get()
    url = f"/events/invitation/{links.invitation_token(invitation)}"
    data = {"act": "take_back", "invitation": str(invitation.pk)}
    world.client("charlie").post(f"/events/{world.event.pk}/hosts", data)
    assert page.get(url).status_code == 200
    world.client("alice").post(f"/events/{world.event.pk}/hosts", data)
    assert page.get(url).status_code == 404 and page.post(url).status_code == 404
    noted = Entry.objects.filter(on_id=world.event.pk, actor=user_actor(world.users["alice"].pk)).order_by("id")
    told = {"invitation": str(invitation.pk)}
    assert [*noted.values_list("kind", "data")] == [("event.host_invited", told), ("event.invitation_taken_back", told)]


def test_nobody_becomes_a_host_of_what_is_cancelled(world, page):
    ask(world)
    services.cancel(world.event, making.TEST)
    reply = page.post(f"/events/invitation/{links.invitation_token(Invitation.objects.get())}")
    assert reply.status_code == 409 and "This event is called off." in reply.content.decode()
    assert not Invitation.objects.get().accepted_at


def hosted_with(world, role="charlie"):
    """charlie runs the event too; how each is named in the forms of hosts."""
    person = people_of_user(world.users[role])
    services.add_host(world.event, person, making.TEST)
    return {host.person.given_name: str(host.person_id) for host in world.event.host_set.select_related("person")}


@pytest.mark.parametrize(
    ("page", "act", "whom"),
    [
        ("hosts", "remove", "Alice"),
        ("hand-over", "ask", "Charlie"),
        ("hand-over", "ask", "Alice"),
        ("hand-over", "accept", "Charlie"),
    ],
)
def test_a_co_host_takes_nothing_over(world, page, act, whom):
    names = hosted_with(world)
    client = world.client("charlie")
    client.post(f"/events/{world.event.pk}/{page}", {"act": act, "person": names[whom]})
    assert world.event.host_set.get(lead=True).person.given_name == "Alice"
    text = client.get(f"/events/{world.event.pk}/edit").content.decode()
    assert "Hand it over" not in text and "Take off" not in text and "Leave" in text


def test_a_co_host_removes_nobody_but_themselves(world):
    names = hosted_with(world)
    frank = making.person("frank")
    services.add_host(world.event, frank, making.TEST)
    url = f"/events/{world.event.pk}/hosts"
    client = world.client("charlie")
    text = client.post(url, {"act": "remove", "person": str(frank.pk)}, follow=True).content.decode()
    assert "Only the lead host takes others off. Ask them." in text
    assert world.event.host_set.filter(person=frank).exists()
    text = client.post(url, {"act": "remove", "person": names["Charlie"]}, follow=True).content.decode()
    assert "You do not host this event any more." in text
    assert not world.event.host_set.filter(person=names["Charlie"]).exists()
    catch_up()
    drain()
    assert not Delivery.objects.filter(key__startswith="event.host_removed").exists()


@pytest.mark.parametrize("role", ["alice", "dana"])
def test_the_lead_and_staff_decide_who_runs_it_and_those_they_decide_on_are_told(world, role):
    names = hosted_with(world)
    url = f"/events/{world.event.pk}/hosts"
    client = world.client(role)
    page = f"/events/{world.event.pk}/hand-over"
    assert page in client.get(f"/events/{world.event.pk}/edit").content.decode()
    for _again in range(2):
        client.post(page, {"act": "ask", "person": names["Charlie"]})
    assert world.event.host_set.get(lead=True).person.given_name == "Alice"
    mail = Delivery.objects.get(key__startswith="event.handover_asked")
    assert mail.address == "charlie@example.org" and page in mail.text
    world.client("charlie").post(page, {"act": "accept"})
    assert world.event.host_set.get(lead=True).person.given_name == "Charlie"
    mail = Delivery.objects.get(key__startswith="event.handed_over")
    assert mail.address == "alice@example.org" and "Charlie leads it now" in mail.subject
    world.client("charlie").post(url, {"act": "remove", "person": names["Alice"]})
    catch_up()
    drain()
    mail = Delivery.objects.get(key__startswith="event.host_removed")
    assert mail.address == "alice@example.org" and "Kanarienweg" not in mail.text
    assert world.client("alice").get(f"/events/{world.event.pk}/edit").status_code == 404


def test_until_it_is_answered_the_question_is_taken_back_and_a_no_changes_nothing(world):
    names = hosted_with(world)
    alice, charlie, page = world.client("alice"), world.client("charlie"), f"/events/{world.event.pk}/hand-over"
    alice.post(page, {"act": "ask", "person": names["Charlie"]})
    assert "Alice asks you to lead this event." in charlie.get(f"/events/{world.event.pk}/host").content.decode()
    assert f'"{page}">Somebody asks you to lead it' in charlie.get("/me").content.decode()
    alice.post(page, {"act": "take_back"})
    assert "asks you to lead" not in charlie.get("/me").content.decode()
    late = charlie.post(page, {"act": "accept"}, follow=True).content.decode()
    assert "This question was answered, or taken back." in late
    alice.post(page, {"act": "ask", "person": names["Charlie"]})
    charlie.post(page, {"act": "decline"})
    mail = Delivery.objects.get(key__startswith="event.handover_declined")
    assert mail.address == "alice@example.org" and "Charlie would rather not" in mail.text
    assert world.event.host_set.get(lead=True).person.given_name == "Alice"
    assert not world.event.host_set.filter(asked_at__isnull=False).exists()
