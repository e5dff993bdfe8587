-- The log. Ids come from one sequence; the primary key carries `at` because PostgreSQL wants the partition key in it.
CREATE SEQUENCE ledger_entry_id AS bigint;

CREATE TABLE ledger_entry (
    id        bigint      NOT NULL DEFAULT nextval('ledger_entry_id'),
    at        timestamptz NOT NULL DEFAULT now(),
    kind      text        NOT NULL,
    person_id uuid,
    actor     text        NOT NULL,
    on_kind   text        NOT NULL DEFAULT '',
    on_id     uuid,
    team_id   uuid,
    source_id uuid,
    quantity  integer     NOT NULL DEFAULT 1,
    amount    bigint,
    currency  text,
    data      jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (id, at),
    CHECK ((amount IS NULL) = (currency IS NULL))
) PARTITION BY RANGE (at);

CREATE INDEX ledger_entry_person ON ledger_entry (person_id, at DESC, id DESC) WHERE person_id IS NOT NULL;
CREATE INDEX ledger_entry_subject ON ledger_entry (on_id, at DESC, id DESC) WHERE on_id IS NOT NULL;
CREATE INDEX ledger_entry_kind ON ledger_entry (kind, at DESC, id DESC);

-- Committed entries that are in no block yet. Whoever can see a row here may put it in a block: no transaction-id
-- horizon is needed, and the rows survive a dump and restore.
CREATE TABLE ledger_pending (
    id    bigint      NOT NULL,
    at    timestamptz NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE ledger_block (
    n         bigint      PRIMARY KEY,
    made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    count     integer     NOT NULL,
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    entry_ids bigint[]    NOT NULL,
    leaves    bytea       NOT NULL,
    root      bytea       NOT NULL,
    chain     bytea       NOT NULL,
    CHECK (count > 0 AND count = cardinality(entry_ids) AND length(leaves) = 32 * count)
);

-- The hash of one entry: every field, in a form that does not depend on the session's settings.
CREATE FUNCTION ledger_leaf(e ledger_entry) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        (e).id, (extract(epoch FROM (e).at) * 1000000)::bigint, (e).kind, (e).person_id, (e).actor, (e).on_kind,
        (e).on_id, (e).team_id, (e).source_id, (e).quantity, (e).amount, (e).currency, (e).data
    )::text, 'UTF8'))
$$;

CREATE FUNCTION ledger_await_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_pending (id, at) SELECT id, at FROM new_entries;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_await_block AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_await_block();

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused. Write a correction as a new entry.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER ledger_refuse_change BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_refuse_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_refuse_change BEFORE UPDATE OR DELETE ON ledger_block
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_refuse_truncate BEFORE TRUNCATE ON ledger_block
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Make the partitions of the months from `since` to `until`. Attached, not created in place: attaching does not stop
-- writers of other months. A statement fires the triggers of the table it names only, so each partition has its own.
CREATE FUNCTION ledger_ensure_months(since timestamptz, until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz := date_trunc('month', since, 'UTC');
    part  text;
BEGIN
    WHILE month <= until LOOP
        part := 'ledger_entry_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
        IF to_regclass(part) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtext('ledger_ensure_months'));
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE ledger_entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
                EXECUTE format('ALTER TABLE ledger_entry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                               part, month, month + interval '1 month');
                EXECUTE format('CREATE TRIGGER ledger_refuse_truncate BEFORE TRUNCATE ON %I '
                               'FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()', part);
                EXECUTE format('CREATE TRIGGER ledger_await_block AFTER INSERT ON %I REFERENCING NEW TABLE AS '
                               'new_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_await_block()', part);
            END IF;
        END IF;
        month := date_trunc('month', month + interval '32 days', 'UTC');
    END LOOP;
END $$;

SELECT ledger_ensure_months(now() - interval '1 month', now() + interval '2 months');
