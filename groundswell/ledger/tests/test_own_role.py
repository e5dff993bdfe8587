"""The statements of decision 0002 make a role that writes the ledger and cannot change it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from groundswell.ledger import rules, services, verify
from groundswell.ledger.models import Entry
from groundswell.ledger.services import record

ACTOR = rules.system_actor("test")
DECISION = Path(__file__).parents[3] / "docs/decisions/0002-order-without-transaction-ids.md"
OLD = datetime(2015, 7, 29, tzinfo=UTC)  # its partition is not there yet

pytestmark = pytest.mark.django_db  # the role is gone with the test's transaction


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def app():
    """A role made by the statements, and everything after this runs as it."""
    role = f"groundswell_app_{uuid4().hex}"
    statements = re.findall(r"```sql\n(.*?)```", DECISION.read_text(), re.DOTALL)
    assert len(statements) == 2
    for sql in statements:
        run(sql.replace("groundswell_app", role))
    run(f"SET LOCAL ROLE {role}")
    return role


def test_it_writes_sequences_counts_and_verifies(app):
    record("test.done", actor=ACTOR)
    record("test.done", actor=ACTOR, at=OLD)
    assert services.catch_up() == 2
    assert Entry.objects.count() == 2
    assert list(verify.findings()) == []


CHANGES = [
    "UPDATE ledger_entry SET quantity = 2",
    "DELETE FROM ledger_entry",
    "TRUNCATE ledger_entry",
    "UPDATE ledger_entry_2015_07 SET quantity = 2",
    "DELETE FROM ledger_entry_2015_07",
    "TRUNCATE ledger_entry_2015_07",
    "UPDATE ledger_block SET count = 1",
    "DELETE FROM ledger_block",
    "TRUNCATE ledger_block",
    "CREATE TRIGGER mine BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()",
    "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_refuse_change",
    "DROP TABLE ledger_block",
    "SET LOCAL session_replication_role = replica",
]


@pytest.mark.parametrize("sql", CHANGES)
def test_the_database_itself_refuses_it_a_change(app, sql):
    record("test.done", actor=ACTOR, at=OLD)
    services.catch_up()
    with pytest.raises(DatabaseError, match="permission denied|must be owner"), transaction.atomic():
        run(sql)


def test_the_owner_is_refused_by_the_trigger_alone():
    """The control: without a role of its own, whoever switches the trigger off changes what happened."""
    record("test.done", actor=ACTOR)
    services.catch_up()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run("UPDATE ledger_entry SET quantity = 2")
    run("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_refuse_change")
    run("UPDATE ledger_entry SET quantity = 2")
    assert {finding.what for finding in verify.findings()} == {"guard", "altered"}
