-- Find the person whom these details name, or add them: one call, safe when the same form comes from everywhere at once.
--
-- details: id (of the person, should they be new), given_name, family_name, search_text, language, postal_code, scope,
--          points: [{id, channel, system, value, written}], the way that names a person best first: one of a channel,
--          in the order of the channels' names.
-- anyway:  add them although somebody has the phone that is all they gave.
--
-- Returns a row for each contact point that somebody has, with its person. Who was added comes with an empty channel.
CREATE FUNCTION people_find_or_add(details jsonb, actor text, how text, moment timestamptz, anyway boolean)
RETURNS TABLE (channel text, system text, value text, person people_person) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    new_id uuid := details->>'id';
    points jsonb := details->'points';
    most   integer := jsonb_array_length(points) - 1;
    named  boolean := false;
    added  boolean;
    way    jsonb;
BEGIN
    -- Lock the ways to a person in their one order, so that two forms about one person go one after the other.
    FOR n IN 0..most LOOP
        way := points->n;
        PERFORM pg_advisory_xact_lock(
            hashtextextended(concat_ws(E'\n', 'person', way->>'channel', way->>'system', way->>'value'), 0));
    END LOOP;
    FOR attempt IN 1..3 LOOP
        -- Who holds them? An email or an external id names one person; a phone may be a family's.
        FOR n IN 0..most LOOP
            way := points->n; channel := way->>'channel'; system := way->>'system'; value := way->>'value';
            FOR person IN
                SELECT holder.* FROM people_contactpoint point JOIN people_person holder ON holder.id = point.person_id
                WHERE point.channel = way->>'channel' AND point.system = way->>'system' AND point.value = way->>'value'
                LIMIT 20
            LOOP
                named := named OR n = 0 AND NOT anyway OR way->>'channel' <> 'phone';
                RETURN NEXT;
            END LOOP;
        END LOOP;
        IF named THEN
            RETURN;
        END IF;
        FOR n IN 0..most LOOP
            way := points->n;
            INSERT INTO people_contactpoint (id, person_id, channel, system, value, written, status, added_at)
            VALUES ((way->>'id')::uuid, new_id, way->>'channel', way->>'system', way->>'value', way->>'written',
                    'unverified', moment)
            ON CONFLICT DO NOTHING;
            added := FOUND;
            EXIT WHEN NOT added;
        END LOOP;
        IF added THEN
            INSERT INTO people_person (id, given_name, family_name, search_text, language, postal_code, scope, added_at)
            VALUES (new_id, details->>'given_name', details->>'family_name', details->>'search_text',
                    details->>'language', details->>'postal_code', (details->>'scope')::ltree, moment)
            RETURNING people_person.* INTO person;
            PERFORM ledger_record('person.added', coalesce(actor, 'person:' || new_id), new_id, '', NULL, NULL, 1,
                                  jsonb_build_object('how', how), moment);
            channel := ''; system := ''; value := '';
            RETURN NEXT;
            RETURN;
        END IF;
        -- An import, which takes no locks, was faster with one of the addresses: find again.
        DELETE FROM people_contactpoint WHERE person_id = new_id;
    END LOOP;
    RAISE EXCEPTION 'A person was added by somebody else three times, and never found.';
END $$;

-- Keep what a person agreed to. consents: [{id, purpose, channel, words, wording, digest (hex)}].
CREATE FUNCTION people_agree(agreeing uuid, consents jsonb, on_page text, actor text, moment timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    consent record;
BEGIN
    FOR consent IN SELECT * FROM jsonb_to_recordset(consents)
        AS given (id uuid, purpose text, channel text, words text, wording uuid, digest text)
    LOOP
        INSERT INTO people_wording (id, digest, words, since)
        VALUES (consent.wording, decode(consent.digest, 'hex'), consent.words, moment) ON CONFLICT DO NOTHING;
        INSERT INTO people_consent (id, person_id, purpose, channel, given, wording_id, page, at)
        VALUES (consent.id, agreeing, consent.purpose, consent.channel, true, consent.wording, on_page, moment);
        PERFORM ledger_record(
            'consent.given', actor, agreeing, 'consent', consent.id, NULL, 1,
            jsonb_build_object('purpose', consent.purpose, 'channel', consent.channel, 'wording', consent.wording), moment);
    END LOOP;
END $$;
