"""What may be written into the ledger, and that nothing written is ever changed."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from groundswell.kit import clock
from groundswell.kit.money import Money
from groundswell.ledger import rules, selectors, services
from groundswell.ledger.models import Entry
from groundswell.ledger.services import NewEntry, record, record_many
from tests.at_once import STOP_AT_GATE, gate, together
from tests.functions import without

ACTOR = rules.system_actor("test")


@pytest.mark.django_db
def test_an_entry_says_all_it_was_told():
    person, subject, team, source = uuid4(), uuid4(), uuid4(), uuid4()
    entry_id = record(
        "test.done",
        actor=rules.person_actor(person),
        person_id=person,
        on=("event", subject),
        team_id=team,
        source_id=source,
        quantity=3,
        money=Money(2700, "USD"),
        data={"what": "chairs", "list": ["a", "b"], "number": 4, "yes": True},
    )
    entry = Entry.objects.get(id=entry_id)
    assert (entry.person_id, entry.on_kind, entry.on_id, entry.team_id, entry.source_id) == (
        *(person, "event", subject, team, source),
    )
    assert (entry.quantity, entry.amount, entry.currency) == (3, 2700, "USD")
    assert entry.data == {"what": "chairs", "list": ["a", "b"], "number": 4, "yes": True}
    assert selectors.sentence(entry) == "did 3 of chairs"
    entry.quantity = -3
    assert selectors.sentence(entry) == "taken back: did -3 of chairs"


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written():
    with pytest.raises(transaction.TransactionManagementError):
        record("test.done", actor=ACTOR)
    with pytest.raises(transaction.TransactionManagementError):
        record_many([NewEntry("test.done", ACTOR)])


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_when_the_change_it_records_is_rolled_back():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("test.done", actor=ACTOR)
        raise ZeroDivisionError
    assert not Entry.objects.exists()
    assert services.sequence() == 0


@pytest.mark.django_db
def test_one_entry_is_one_round_trip(django_assert_num_queries):
    record("test.done", actor=ACTOR)
    services._months.add((services.clock.now().year, services.clock.now().month))
    with django_assert_num_queries(1):
        record("test.done", actor=ACTOR)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ({"kind": "test.unheard_of"}, "Nobody declared"),
        ({"actor": "Alice"}, "not an actor"),
        ({"actor": "user:Alice"}, "not an actor"),
        ({"data": {"name": "x"}}, "does not declare"),
        ({"data": {"number": "4"}}, "must be int"),
        ({"data": {"number": True}}, "must be int"),
        ({"data": {"what": "Please call my mother"}}, "free text"),
        ({"data": {"what": "alice@example.org"}}, "free text"),
        ({"data": {"list": ["ok", "not ok"]}}, "free text"),
        ({"data": {"list": [{"name": "Alice"}]}}, "cannot carry"),
        ({"on": ("an event", uuid4())}, "free text"),
        ({"at": datetime(2026, 1, 1)}, "aware"),
    ],
)
def test_what_was_not_declared_or_is_free_text_is_refused(words, wrong):
    new = {"kind": "test.done", "actor": ACTOR} | words
    with pytest.raises(ValueError, match=wrong):
        record(new.pop("kind"), **new)
    new = {"kind": "test.done", "actor": ACTOR} | words
    with pytest.raises(ValueError, match=wrong):
        record_many([NewEntry(**new)])
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_past_gets_its_partitions_also_after_a_rollback():
    at = datetime(2015, 7, 29, 23, 59, tzinfo=UTC)
    for undo in (True, False):
        with transaction.atomic():
            record("test.done", actor=ACTOR, at=at)
            record_many([NewEntry("test.done", ACTOR, at=at.replace(year=2016)) for _ in range(3)])
            transaction.set_rollback(undo)
    assert Entry.objects.filter(at__lt=datetime(2017, 1, 1, tzinfo=UTC)).count() == 4
    assert services.catch_up() == 4


LOOKED_UP = """NOT EXISTS (
            SELECT FROM pg_class WHERE relname = part
            AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'ledger_entry'::regclass)
        )"""
REMEMBERED = "to_regclass(part) IS NULL"
LOCKED = "THEN\n            PERFORM pg_advisory_xact_lock(hashtext('ledger_ensure_months'));\n            IF"


@pytest.fixture
def month():
    """An hour of a month that nobody has written in, before or after the test."""
    yield datetime(2012, 11, 6, 12, tzinfo=UTC)
    services._months.discard((2012, 11))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE ledger_entry_2012_11")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_many_who_write_at_once_into_a_month_without_a_partition_make_it_once(guarded, month):
    """Unguarded (the control: who waited for the lock trusts what it saw before), all but one fail."""

    def write(n):
        with transaction.atomic():
            return record("test.done", actor=ACTOR, at=month)

    look = LOOKED_UP if guarded else REMEMBERED
    asked = f"{LOOKED_UP} {LOCKED} {LOOKED_UP}"
    at_gate = f"{look} {LOCKED.replace('PERFORM', STOP_AT_GATE + ' PERFORM')} {look}"
    with without("ledger_ensure_months", asked, at_gate), gate(4):
        answers = together(write, 4, returned=ProgrammingError)
    assert sum(isinstance(answer, ProgrammingError) for answer in answers) == (0 if guarded else 3)
    assert Entry.objects.count() == (4 if guarded else 1)


@pytest.mark.django_db
def test_many_entries_come_through_in_batches(monkeypatch):
    monkeypatch.setattr(services, "BATCH", 10)
    assert record_many(NewEntry("test.done", ACTOR, data={"number": n}) for n in range(25)) == 25
    assert [entry.data["number"] for entry in Entry.objects.order_by("id")] == list(range(25))
    assert services.catch_up() == 25


CHANGES = [
    "UPDATE ledger_entry SET quantity = 2",
    "DELETE FROM ledger_entry",
    "TRUNCATE ledger_entry",
    "UPDATE {part} SET quantity = 2",
    "DELETE FROM {part}",
    "TRUNCATE {part}",
    "UPDATE ledger_block SET count = 1",
    "DELETE FROM ledger_block",
    "TRUNCATE ledger_block",
]


def change(sql):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM ledger_entry LIMIT 1")
        cursor.execute(sql.format(part=cursor.fetchone()[0]))


@pytest.mark.django_db
@pytest.mark.parametrize("sql", CHANGES)
def test_nothing_written_can_be_changed(sql):
    record("test.done", actor=ACTOR)
    services.catch_up()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(sql)


@pytest.mark.django_db
@pytest.mark.parametrize("sql", CHANGES)
def test_it_is_the_trigger_that_refuses(sql):
    """The control."""
    record("test.done", actor=ACTOR)
    services.catch_up()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    with transaction.atomic():
        change(sql)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_pages_of_a_timeline_meet_without_gap_or_overlap():
    person = uuid4()
    record_many(NewEntry(f"test.{kind}", ACTOR, person_id=person) for kind in ("done", "other", "third") * 20)
    for page in (
        lambda before: selectors.of_person(person, 7, before),
        lambda before: selectors.newest(limit=7, before=before),
    ):
        read, before = [], None
        while entries := page(before):
            read += entries
            before = entries[-1].at, entries[-1].id
        assert [entry.id for entry in read] == [entry.id for entry in Entry.objects.order_by("-at", "-id")]
    assert {entry.kind for entry in selectors.newest(["test.other"], limit=100)} == {"test.other"}


@pytest.mark.django_db
def test_pages_meet_also_where_many_entries_have_one_time():
    """Imports and whatever one statement writes."""
    now = clock.now()
    record_many(NewEntry("test.done", ACTOR, at=now) for _ in range(30))
    read, before = [], None
    while entries := selectors.newest(["test.done"], 7, before):
        read += [entry.id for entry in entries]
        before = entries[-1].at, entries[-1].id
    assert read == list(Entry.objects.order_by("-id").values_list("id", flat=True))
