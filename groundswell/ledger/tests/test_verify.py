"""Whoever changes what happened, even as a superuser past every trigger, is named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from groundswell.ledger import rules, services, verify
from groundswell.ledger.models import Block, Entry
from groundswell.ledger.services import NewEntry, record_many

ACTOR = rules.system_actor("test")

pytestmark = pytest.mark.django_db


@pytest.fixture
def written():
    """Thirty entries in three blocks."""
    for number in range(3):
        record_many(NewEntry("test.done", ACTOR, data={"number": number * 10 + n}) for n in range(10))
        services.catch_up()
    return list(Entry.objects.order_by("id"))


def as_superuser(sql, *args):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, args)
        cursor.execute("SET LOCAL session_replication_role = origin")


def command(*words):
    out = StringIO()
    call_command("ledger", "verify", *words, stdout=out)
    return out.getvalue()


def test_what_nobody_touched_is_well(written):
    assert list(verify.findings()) == []
    assert "3 blocks, nothing altered, missing or added." in command()


def test_entries_that_wait_are_put_into_blocks_first_and_so_are_covered(written):
    record_many(NewEntry("test.done", ACTOR) for _ in range(7))
    assert command() == "4 blocks, nothing altered, missing or added.\n"
    as_superuser("UPDATE ledger_entry SET quantity = 9 WHERE id > %s", written[-1].id)
    assert [finding.what for finding in verify.findings()] == ["altered"] * 7


def test_what_could_not_be_put_into_a_block_is_named_as_not_covered(written, monkeypatch):
    monkeypatch.setattr(services, "sequence", lambda wait: 0)
    record_many(NewEntry("test.done", ACTOR) for _ in range(7))
    first = written[-1].id + 1
    assert command().splitlines() == [
        f"Not covered: 7 entries still wait for a block, ids {first} to {first + 6}.",
        "3 blocks, nothing altered, missing or added; 7 entries are in none and not covered.",
    ]
    as_superuser("UPDATE ledger_entry SET quantity = 9 WHERE id = %s", first)
    assert list(verify.findings()) == []  # nothing proves them


@pytest.mark.parametrize(
    "what",
    [
        "quantity = quantity + 1",
        "kind = 'test.other'",
        "actor = 'system:somebody'",
        "person_id = gen_random_uuid()",
        "amount = 1, currency = 'USD'",
        "data = '{}'",
        "at = at + interval '1 microsecond'",
        "at = at - interval '1 hour'",
    ],
)
def test_an_altered_entry_is_named(written, what):
    as_superuser(f"UPDATE ledger_entry SET {what} WHERE id = %s", written[14].id)
    (finding,) = [finding for finding in verify.findings() if finding.what != "block"]
    assert (finding.what, finding.entry_id) == ("altered", written[14].id)
    assert finding.block == Block.objects.order_by("n")[1].n
    now = Entry.objects.get(id=written[14].id)
    assert (finding.kind, finding.at) == (now.kind, now.at)


def test_the_command_names_it_and_ends_with_an_error(written):
    as_superuser("UPDATE ledger_entry SET quantity = 9 WHERE id = %s", written[4].id)
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("ledger", "verify", stdout=out)
    assert error.value.returncode == 1
    assert f"entry {written[4].id}, test.done of {written[4].at.isoformat()}, block" in out.getvalue()


def test_a_deleted_entry_is_named(written):
    as_superuser("DELETE FROM ledger_entry WHERE id = %s", written[20].id)
    (finding,) = verify.findings()
    assert (finding.what, finding.entry_id) == ("missing", written[20].id)


def test_an_entry_that_was_deleted_before_it_had_a_block_is_named(written):
    record_many([NewEntry("test.done", ACTOR)])
    as_superuser("DELETE FROM ledger_entry WHERE id > %s", written[-1].id)
    assert services.sequence() == 0
    (finding,) = verify.findings()
    assert finding.what == "missing"


def part():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM ledger_entry LIMIT 1")
        return cursor.fetchone()[0]


def test_an_entry_put_in_past_the_trigger_is_named(written):
    as_superuser(f"INSERT INTO {part()} (kind, actor) VALUES ('test.done', 'system:forger')")
    (finding,) = verify.findings()
    assert (finding.what, finding.kind) == ("added", "test.done")
    assert finding.entry_id == Entry.objects.order_by("-id")[0].id


def test_a_direct_insert_into_a_partition_does_not_bypass_the_blocks(written):
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {part()} (kind, actor) VALUES ('test.done', 'system:other')")
    assert services.sequence() == 1
    assert list(verify.findings()) == []


def test_an_entry_in_two_blocks_is_named(written):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_pending (id, at) VALUES (%s, %s)", [written[0].id, written[0].at])
    assert [finding.what for finding in verify.findings()] == ["twice"]
    services.sequence()
    (finding,) = verify.findings()
    assert (finding.what, finding.entry_id) == ("twice", written[0].id)


def test_hashes_made_to_fit_an_altered_entry_give_the_block_away(written):
    as_superuser("UPDATE ledger_entry SET quantity = 9 WHERE id = %s", written[14].id)
    as_superuser(
        "UPDATE ledger_block b SET leaves = (SELECT string_agg(ledger_leaf(e), '' ORDER BY e.id)"
        " FROM ledger_entry e WHERE e.id = ANY (b.entry_ids)) WHERE %s = ANY (entry_ids)",
        written[14].id,
    )
    (finding,) = verify.findings()
    assert (finding.what, finding.block) == ("block", Block.objects.order_by("n")[1].n)


def test_a_root_made_to_fit_breaks_the_chain(written):
    second = Block.objects.order_by("n")[1]
    leaves = [rules.sha256(b"forged").digest()] * second.count
    root = rules.merkle_root(leaves)
    as_superuser("UPDATE ledger_block SET leaves = %s, root = %s WHERE n = %s", b"".join(leaves), root, second.n)
    assert ("block", second.n) in [(finding.what, finding.block) for finding in verify.findings()]


def test_a_missing_block_is_named(written):
    second = Block.objects.order_by("n")[1]
    as_superuser("DELETE FROM ledger_block WHERE n = %s", second.n)
    found = list(verify.findings())
    assert found[0].what == "block"
    assert [finding.what for finding in found[1:]] == ["added"] * 10


def test_a_history_rewritten_from_end_to_end_differs_from_the_head_that_was_kept(written):
    kept = command("--head").splitlines()[-1]
    assert command("--head", kept)
    as_superuser("UPDATE ledger_entry SET quantity = 9 WHERE id = %s", written[4].id)
    as_superuser("INSERT INTO ledger_pending (id, at) SELECT id, at FROM ledger_entry")
    as_superuser("DELETE FROM ledger_block")
    services.sequence()
    assert list(verify.findings()) == []  # from the inside it looks well
    with pytest.raises(CommandError):
        command("--head", kept)


def test_a_head_that_is_no_head_is_refused_in_words():
    with pytest.raises(CommandError, match="colon"):
        command("--head", "nonsense")


@pytest.mark.parametrize("what", ["DISABLE TRIGGER ledger_refuse_change", "DISABLE TRIGGER ALL"])
def test_a_guard_that_is_switched_off_is_named(written, what):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {part()} {what}")
    found = list(verify.findings())
    assert {finding.what for finding in found} == {"guard"}
    assert f"the trigger ledger_refuse_change on {part()} is switched off" in str(found[0]) + str(found[-1]) + str(
        found
    )


def test_a_guard_that_is_gone_is_named(written):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER ledger_refuse_truncate ON ledger_block")
    (finding,) = verify.findings()
    assert "ledger_refuse_truncate on ledger_block is gone" in str(finding)
