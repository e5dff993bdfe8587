"""Headquarters: the board, the entries behind each number, what needs a person."""

import pytest
from django.db import transaction
from django.urls import reverse

from groundswell.events import services as events
from groundswell.events.tests import making
from groundswell.jobs.models import Lease
from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.ledger.models import Entry
from groundswell.ledger.rules import system_actor, user_actor
from groundswell.ledger.services import catch_up, record
from groundswell.messaging.models import Delivery
from groundswell.people.services import NewPerson
from groundswell.web import selectors


def test_numbers_move_and_open_the_entries_behind_them(world):
    dana = world.client("dana")
    catch_up()
    before = dana.get(reverse("web:board")).content.decode()
    assert '<span class="figure">1</span><span class="label">RSVP to events to come<' in before
    events.rsvp(making.first(world.event).pk, NewPerson("Fay", email="fay@example.org"), page="/events")
    catch_up()
    selectors.forget()
    after = dana.get(reverse("web:board")).content.decode()
    assert '<span class="figure">2</span><span class="label">RSVPs to events to come<' in after
    behind = dana.get(reverse("web:entries"), {"kind": "event.rsvp"}).content.decode()
    assert "Fay" in behind and "Bob Canaria" in behind and "Open kitchen" in behind
    assert "2 entries" in behind


def test_a_board_on_which_nothing_moved_is_neither_drawn_nor_sent_again(world):
    dana, address = world.client("dana"), reverse("web:board")
    catch_up()
    seen = {"If-None-Match": dana.get(address)["ETag"]}
    again = dana.get(address, headers=seen)
    assert again.status_code == 304 and not again.content and not again.templates
    events.rsvp(making.first(world.event).pk, NewPerson("Fay", email="fay@example.org"), page="/events")
    catch_up()
    selectors.forget()
    assert dana.get(address, headers=seen).status_code == 200


def test_the_board_asks_for_itself_anew(world):
    page = world.client("dana").get(reverse("web:hq")).content.decode()
    assert f'hx-get="{reverse("web:board")}"' in page and "every 2s" in page and "If-None-Match" in page


def test_people_out_of_reach_stay_unnamed(world):
    """Alice opens headquarters but may not see people."""
    alice = world.client("alice")
    catch_up()
    for address in (reverse("web:hq"), reverse("web:entries")):
        page = alice.get(address).content.decode()
        assert "Canaria" not in page and "canary" not in page
    assert "Canaria" in world.client("dana").get(reverse("web:entries")).content.decode()


def test_entries_are_paged(world, monkeypatch):
    from groundswell.web.views import board

    monkeypatch.setattr(board, "PAGE", 3)
    dana = world.client("dana")
    seen, address = [], reverse("web:entries")
    for _page in range(40):
        answer = dana.get(address)
        seen += [(entry.at, entry.mark) for entry in answer.context["entries"]]
        if not answer.context["older"]:
            break
        address = f"{reverse('web:entries')}?before={answer.context['older'].replace('+', '%2B')}"
    assert len(seen) == len(set(seen)) > 6 and seen == sorted(seen, reverse=True)


def test_a_kind_done_to_one_subject_is_found_behind_many_of_another_kind(world, monkeypatch):
    from groundswell.web.views import board

    monkeypatch.setattr(board, "PAGE", 2)
    with transaction.atomic():
        for _ in range(8):
            record(
                "event.changed",
                actor=system_actor("test"),
                on=("event", world.event.pk),
                data={"fields": [], "shifts": []},
            )
    dana, address = world.client("dana"), reverse("web:entries")
    asked = {"on": world.event.pk, "kind": "event.rsvp"}
    assert [entry.kind for entry in dana.get(address, asked).context["entries"]] == ["event.rsvp"]
    changes = dana.get(address, asked | {"kind": "event.changed"})
    assert [entry.kind for entry in changes.context["entries"]] == ["event.changed"] * 2 and changes.context["older"]


@pytest.mark.parametrize("number", [-1, 2**63, 99999999999999999999, "9" * 5000, "", "x"])
def test_a_place_to_go_on_that_is_none_shows_the_beginning(world, number):
    dana, before = world.client("dana"), f"2026-05-01T00:00:00+00:00~{number}"
    for address in (reverse("web:entries"), reverse("web:person", args=[world.bob.pk])):
        assert dana.get(address, {"before": before}).status_code == 200


@pytest.mark.parametrize("query", ["kind=no.such", "on=x", f"on={'9' * 40}"])
def test_a_number_that_does_not_exist_is_404(world, query):
    assert world.client("dana").get(f"{reverse('web:entries')}?{query}").status_code == 404


def test_what_needs_a_person_is_named_and_linked(world):
    Delivery.objects.create(key="x", address="a@example.org", subject="s", text="t", state="unknown")
    page = world.client("dana").get(reverse("web:hq")).content.decode()
    assert "event waits for review" in page and reverse("events:review") in page
    assert "mail may or may not have left" in page


def test_a_parked_job_waits_for_somebody_who_may_mend(world, db):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES"
            " ('default', 'groundswell', '{\"job\": \"x\", \"args\": {}}', 'failed') RETURNING id"
        )
        job_id = cursor.fetchone()[0]
    Lease.objects.create(
        job_id=job_id, task="messaging.send", token=new_id(), taken_at=now(), parked_at=now(), reason="It died thrice."
    )
    dana, alice = world.client("dana"), world.client("alice")
    assert "It died thrice." in dana.get(reverse("web:jobs")).content.decode()
    page = alice.get(reverse("web:jobs")).content.decode()
    assert "Try again" not in page and "Dana holds that power" in page
    assert alice.post(reverse("web:unpark", args=[job_id])).status_code == 404
    assert "The job runs again." in dana.post(reverse("web:unpark", args=[job_id]), follow=True).content.decode()
    assert Lease.objects.get(job_id=job_id).parked_at is None
    noted = Entry.objects.get(kind="jobs.unparked")
    assert (noted.actor, noted.data) == (
        user_actor(world.users["dana"].pk),
        {"job": job_id, "name": "messaging.send"},
    )
    assert "This job was not parked any more." in dana.post(reverse("web:unpark", args=[job_id]), follow=True).text


def test_the_rail_shows_only_what_one_may_open(world):
    alice = world.client("alice").get(reverse("web:hq")).content.decode()
    dana = world.client("dana").get(reverse("web:hq")).content.decode()
    assert reverse("web:settings") not in alice and reverse("web:settings") in dana
    assert reverse("events:review") not in alice and reverse("web:powers") in alice
