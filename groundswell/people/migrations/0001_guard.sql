-- What people agreed to is evidence: rows are added, never changed. Erasing a person's record, and nothing else, may
-- delete their rows: it says `SET LOCAL groundswell.erasing = '<person id>'` in its transaction.
-- (TRUNCATE stays open: only the owner of the table can do that.)
CREATE FUNCTION people_consent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.person_id::text = current_setting('groundswell.erasing', true) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Consents are append-only: % is refused. Write a new one.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER people_consent_guard BEFORE UPDATE OR DELETE ON people_consent
    FOR EACH ROW EXECUTE FUNCTION people_consent_guard();

CREATE FUNCTION people_wording_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The words people agreed to are kept as they were: % is refused.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER people_wording_guard BEFORE UPDATE OR DELETE ON people_wording
    FOR EACH ROW EXECUTE FUNCTION people_wording_guard();
