-- One entry in the caller's transaction, for deeds that run as a whole in the database. The kinds and data written
-- through it are declared and tested where they are named.
CREATE FUNCTION ledger_record(
    kind text, actor text, person_id uuid, on_kind text, on_id uuid, source_id uuid, quantity integer, data jsonb,
    moment timestamptz
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ledger_entry (at, kind, person_id, actor, on_kind, on_id, source_id, quantity, data)
    VALUES (moment, kind, person_id, actor, on_kind, on_id, source_id, quantity, data)
$$;
