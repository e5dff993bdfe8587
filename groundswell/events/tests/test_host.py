"""Starting an event, its life, changing it, and who may run it."""

from datetime import UTC, datetime, timedelta

import pytest

from groundswell.events import rules, selectors, services, verbs
from groundswell.events.models import RSVP, Event
from groundswell.events.rules import Invalid, Refused, ShiftDetails
from groundswell.events.services import handing
from groundswell.events.tests.making import TEST, ago, at, details, draft, first, person, published, shift, who
from groundswell.kit import clock
from groundswell.ledger import selectors as ledger
from groundswell.ledger.rules import person_actor
from groundswell.people.models import ContactPoint
from groundswell.people.selectors import NotFound
from groundswell.powers.models import Movement
from groundswell.powers.services import give

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


def checked(**changed):
    changed.setdefault("shifts", [ShiftDetails(datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 21))])
    return rules.check(details(**changed), NOW, home_zone="America/New_York")


def problems(**changed):
    with pytest.raises(Invalid) as caught:
        checked(**changed)
    return caught.value.problems


def kinds_on(event):
    return [entry.kind for entry in ledger.of_subject(event.pk)][::-1]


# --- what it may say -----------------------------------------------------------------------------------------------
def test_an_event_takes_city_point_and_clock_from_its_zip():
    event = checked()
    assert (event.city, event.region, event.time_zone) == ("Burlington", "VT", "America/New_York")
    assert event.latitude == pytest.approx(44.48, abs=0.05)
    assert event.shifts[0].starts_at == datetime(2026, 2, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("title", {"title": " \t"}),
        ("title", {"title": "x" * 10_000}),
        ("type", {"type": "riot"}),
        ("visibility", {"visibility": "secret"}),
        ("place_shown", {"place_shown": "nobody"}),
        ("postal_code", {"postal_code": "00000"}),
        ("postal_code", {"postal_code": ""}),
        ("postal_code", {"postal_code": "not a ZIP at all"}),
        ("country", {"country": "Vermont"}),
        ("city", {"country": "FR", "city": "Nowhere-sur-Mer"}),
        ("time_zone", {"time_zone": "Mars/Olympus"}),
        ("time_zone", {"time_zone": "../../etc/passwd"}),
        ("online_url", {"online": True, "online_url": "javascript:alert(1)"}),
        ("online_url", {"online": True, "online_url": "https://"}),
        ("online_url", {"online": True, "online_url": "https://user:pw@example.org"}),
        ("description", {"description": "x" * 10_001}),
        ("accessibility", {"accessibility": "x" * 1_001}),
        ("venue", {"venue": "x" * 121}),
        ("languages", {"languages": ["<b>"]}),
        ("shifts", {"shifts": []}),
        ("shifts", {"shifts": [ShiftDetails(datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 21))] * 21}),
        ("latitude", {"latitude": 91.0, "longitude": 0.0}),
    ],
)
def test_what_cannot_stand_is_told_with_its_field(field, changed):
    assert set(problems(**changed)) == {field}


@pytest.mark.parametrize(
    ("field", "starts", "ends", "capacity"),
    [
        ("starts_at", datetime(2025, 12, 1, 19), datetime(2025, 12, 1, 21), None),
        ("starts_at", datetime(2206, 2, 1, 19), datetime(2206, 2, 1, 21), None),
        ("ends_at", datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 19), None),
        ("ends_at", datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 18), None),
        ("ends_at", datetime(2026, 2, 1, 19), datetime(2026, 2, 9, 19), None),
        ("capacity", datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 21), 0),
        ("capacity", datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 21), -3),
        ("capacity", datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 21), 100_001),
        ("starts_at", datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 5), None),  # the clocks skip it
        ("ends_at", datetime(2026, 11, 1, 0, 30), datetime(2026, 11, 1, 1, 30), None),  # and this comes twice
        ("ends_at", datetime(2026, 2, 1, 19), datetime.max, None),
    ],
)
def test_a_shift_that_cannot_be_is_told_with_its_field_and_number(field, starts, ends, capacity):
    good = ShiftDetails(datetime(2026, 2, 1, 19), datetime(2026, 2, 1, 21))
    found = problems(shifts=[good, ShiftDetails(starts, ends, capacity)])
    assert f"shifts-1-{field}" in found
    assert not any(name.startswith("shifts-0") for name in found)


def test_the_same_clock_time_is_fine_where_the_clocks_do_not_change():
    skipped = ShiftDetails(datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 5))
    assert checked(postal_code="85001", shifts=[skipped]).time_zone == "America/Phoenix"


def test_every_problem_is_told_at_once():
    assert set(problems(title="", postal_code="00000", type="x")) == {"title", "postal_code", "type"}


@pytest.mark.parametrize("title", ["Fête 🎉", "حفلة في المنزل", "O'Brien & <friends>", "  two   words  "])
def test_titles_of_every_script_stand_on_one_line(title):
    assert checked(title=title).title == " ".join(title.split())


def test_a_title_cannot_turn_the_reading_direction():
    assert checked(title="Party\u202egnp.exe\r\nBcc: x").title == "Partygnp.exe Bcc: x"


def test_plain_text_becomes_paragraphs_and_html_is_cleaned():
    assert checked(description="Come & eat\nwith us\n\nBring <3").description.startswith("<p>Come &amp; eat<br>")
    dirty = checked(description='<p onclick="x()">Hi<script>alert(1)</script> <a href="javascript:x">you</a></p>')
    assert "script" not in dirty.description
    assert "onclick" not in dirty.description
    assert checked(description="").description == ""


def test_plain_text_comes_back_as_it_was_written():
    text = "Come & eat\nwith us\n\nBring <3 friends"
    assert rules.plain(checked(description=text).description) == text


def test_an_online_event_needs_no_place_and_is_on_no_map():
    event = checked(postal_code="", online=True, online_url="https://meet.example.org/x")
    assert (event.latitude, event.time_zone) == (None, "America/New_York")


def test_an_event_abroad_is_found_by_its_city():
    event = checked(country="CA", city="Montreal", postal_code="H2X 1Y4")
    assert event.time_zone == "America/Toronto"
    assert event.latitude == pytest.approx(45.5, abs=0.2)


# --- its life ------------------------------------------------------------------------------------------------------
def test_a_new_host_confirms_then_waits_then_is_published():
    event = draft()
    assert event.state == "draft"
    event = services.confirm(event)
    assert event.state == "waiting"
    event = services.publish(event, TEST)
    assert (event.state, event.published_at is not None) == ("published", True)
    assert kinds_on(event) == ["event.created", "event.submitted", "event.published"]


def test_confirming_by_the_link_proves_the_address_and_twice_changes_nothing():
    event = services.confirm(draft())
    assert ContactPoint.objects.get(value="alice@example.org").verified_at
    services.confirm(services.publish(event, TEST))
    assert kinds_on(event).count("event.submitted") == 1


def test_who_is_signed_in_need_not_confirm(cast):
    event = services.create(cast.people["alice"], details(), actor=f"user:{cast.alice.user.pk}")
    assert event.state == "waiting"


def test_a_host_who_was_published_before_needs_no_review():
    alice = person("alice")
    published(alice)
    assert services.confirm(draft(alice)).state == "published"
    assert services.confirm(draft(person("bob"))).state == "waiting"


def test_no_review_where_the_movement_wants_none():
    Movement.objects.update_or_create(only=True, defaults={"review_first_events": False})
    assert services.confirm(draft()).state == "published"


def test_no_review_for_whoever_may_host_without(cast):
    give(cast.dana.user, cast.alice.user, verbs.HOST_UNREVIEWED, "movement.place.us.vt")
    assert services.confirm(draft(cast.people["alice"])).state == "published"
    assert services.confirm(draft(cast.people["alice"], postal_code="10001")).state == "published"  # hosted before
    assert services.confirm(draft(cast.people["bob"])).state == "waiting"


def test_a_power_over_one_state_does_not_reach_another(cast):
    give(cast.dana.user, cast.alice.user, verbs.HOST_UNREVIEWED, "movement.place.us.vt")
    assert services.confirm(draft(cast.people["alice"], postal_code="10001")).state == "waiting"


def test_sent_back_with_a_note_then_submitted_again():
    event = services.confirm(draft())
    with pytest.raises(Invalid):
        services.send_back(event, TEST, "  ")
    event = services.send_back(event, TEST, "Please write where to park.")
    assert (event.state, event.note) == ("draft", "Please write where to park.")
    event = services.submit(event)
    assert (event.state, event.note) == ("waiting", "")


def test_one_decision_only():
    event = services.confirm(draft())
    services.publish(event, TEST)
    with pytest.raises(Refused):
        services.publish(event, TEST)
    with pytest.raises(Refused):
        services.send_back(event, TEST, "Too late")


def test_nothing_happens_to_what_is_over_or_cancelled():
    over = ago(published(), days=10)
    for act in (lambda: services.cancel(over, TEST), lambda: services.change(over, TEST, title="New")):
        with pytest.raises(Refused, match="over"):
            act()
    gone = services.cancel(published(), TEST)
    with pytest.raises(Refused, match="called off"):
        services.cancel(gone, TEST)


# --- changing ------------------------------------------------------------------------------------------------------
def test_another_time_raises_the_sequence_and_another_title_does_not():
    event = published(shifts=[shift(5)])
    event = services.change(event, TEST, title="Another title")
    assert event.sequence == 0
    kept = selectors.details_of(event).shifts[0]
    event = services.change(event, TEST, shifts=[shift(5, days=4, id=kept.id)])
    assert event.sequence == 1
    assert first(event).pk == kept.id
    assert event.starts_at == first(event).starts_at
    entry = ledger.of_subject(event.pk)[0]
    assert entry.data == {"fields": ["time"], "shifts": [str(kept.id)]}


def test_saving_the_form_unchanged_records_nothing():
    event = published(description="Come & eat\n\nwith us", street="1 Main St")
    kept = selectors.details_of(event)
    before = kinds_on(event)
    same = {name: getattr(kept, name) for name in kept.__dataclass_fields__ if name not in ("latitude", "longitude")}
    services.change(event, TEST, **same)
    assert kinds_on(event) == before


def test_moving_to_another_zip_moves_point_city_and_scope():
    event = services.change(published(), TEST, postal_code="10001", street="2 Broadway")
    assert (event.city, event.region, event.scope, event.sequence) == ("New York", "NY", "movement.place.us.ny", 1)


def test_a_shift_that_began_may_stay_but_none_may_move_into_the_past():
    event = ago(published(shifts=[shift(days=3), shift(days=9)]), days=4)
    kept = selectors.details_of(event).shifts
    services.change(event, TEST, title="New", shifts=kept)
    moved = ShiftDetails(kept[0].starts_at - timedelta(hours=1), kept[0].ends_at, None, kept[0].id)
    with pytest.raises(Invalid) as caught:
        services.change(event, TEST, shifts=[moved, kept[1]])
    assert list(caught.value.problems) == ["shifts-0-starts_at"]


def test_a_shift_with_people_stays_and_an_empty_one_may_go():
    event = published(shifts=[shift(days=3), shift(days=4)])
    busy, empty = selectors.details_of(event).shifts
    services.rsvp(busy.id, who("erin"))
    with pytest.raises(Invalid) as caught:
        services.change(event, TEST, shifts=[empty])
    assert "shifts" in caught.value.problems
    services.change(event, TEST, shifts=[busy])
    assert event.shifts.count() == 1


def test_capacity_cannot_fall_below_who_comes_and_a_raise_lets_people_in():
    event = published(shifts=[shift(2)])
    kept = selectors.details_of(event).shifts[0]
    services.rsvp(kept.id, who("erin"), guests=1)
    waits = services.rsvp(kept.id, who("bob"))
    with pytest.raises(Invalid) as caught:
        services.change(event, TEST, shifts=[shift(1, id=kept.id)])
    assert list(caught.value.problems) == ["shifts-0-capacity"]
    services.change(event, TEST, shifts=[shift(3, id=kept.id)])
    waits.refresh_from_db()
    assert waits.state == RSVP.State.GOING


def test_a_shift_of_another_event_cannot_be_taken():
    mine, others = published(), published(person("charlie"))
    with pytest.raises(Invalid) as caught:
        services.change(mine, TEST, shifts=[shift(id=first(others).pk)])
    assert "shifts" in caught.value.problems
    assert first(others).event_id == others.pk


def test_only_fields_of_an_event_can_be_changed():
    with pytest.raises(ValueError, match="state"):
        services.change(published(), TEST, state="cancelled")


# --- who runs it ---------------------------------------------------------------------------------------------------
def test_hosts_and_holders_of_the_power_reach_an_event_and_nobody_else(cast):
    event = draft(cast.people["alice"])
    services.add_host(event, cast.people["bob"], TEST)
    for viewer in (cast.alice, cast.bob, cast.dana):
        assert selectors.access_event(viewer, event.pk) == event
    for viewer in (cast.charlie, cast.nobody):
        with pytest.raises(NotFound):
            selectors.access_event(viewer, event.pk)


def test_a_host_does_not_review_their_own_event(cast):
    event = services.confirm(draft(cast.people["alice"]))
    assert selectors.access_event(cast.dana, event.pk, verbs.REVIEW)
    for viewer in (cast.alice, cast.charlie, cast.nobody):
        with pytest.raises(NotFound):
            selectors.access_event(viewer, event.pk, verbs.REVIEW)


def test_the_review_queue_shows_what_is_in_reach(cast):
    vermont = services.confirm(draft(cast.people["alice"]))
    services.confirm(draft(cast.people["bob"], postal_code="10001"))
    draft(cast.people["charlie"])
    give(cast.dana.user, cast.charlie.user, verbs.REVIEW, "movement.place.us.vt")
    assert len(selectors.review_queue(cast.dana)) == 2
    assert list(selectors.review_queue(cast.charlie)) == [vermont]
    assert list(selectors.review_queue(cast.bob)) == []
    with pytest.raises(NotFound):
        selectors.access_event(cast.charlie, Event.objects.get(region="NY").pk, verbs.REVIEW)


def test_a_lead_hands_over_before_leaving(cast):
    alice, bob = cast.people["alice"], cast.people["bob"]
    event = draft(alice)
    with pytest.raises(Refused):
        services.remove_host(event, alice, TEST)
    with pytest.raises(Refused):
        handing.ask(event, bob, TEST)
    services.add_host(event, bob, TEST)
    services.add_host(event, bob, TEST)
    handing.ask(event, bob, TEST)
    assert event.host_set.get(lead=True).person == alice
    handing.accept(event, person_actor(bob.pk))
    services.remove_host(event, alice, TEST)
    assert [(host.person, host.lead) for host in selectors.hosts_of(event)] == [(bob, True)]
    with pytest.raises(NotFound):
        selectors.access_event(cast.alice, event.pk)
    assert kinds_on(event)[1:] == [
        "event.host_added",
        "event.handover_asked",
        "event.handed_over",
        "event.host_removed",
    ]


def test_the_form_shows_times_on_the_events_own_clock():
    event = published(postal_code="94103", shifts=[shift()])
    (kept,) = selectors.details_of(event).shifts
    assert (kept.starts_at, kept.starts_at.tzinfo) == (at(), None)
    assert first(event).starts_at > clock.now()
