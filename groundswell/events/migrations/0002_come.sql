-- A person says they come: the whole deed in one call, so that the lock on a shift that everybody wants is held for as
-- short as can be. Who they are, their place or their position on the waiting list, what they agreed to, the source,
-- and the entries of all that.
--
-- asked: rsvp (id, should it be new), event (or null), shift, guests, person (as people_find_or_add), consents (as
--        people_agree), code and touch (of the source; or null), page, at, prepared (see below),
--        bucket: [key, per_hour, burst] (or null).
--
-- outcome: going | waiting   done
--          known             they come or wait already: nothing changed
--          prepare           first fill in what we lacked of this person, or make the source; nothing changed
--          often             the bucket has no token left
--          missing           no such shift, or its event is not published
--          cancelled | over  the event is not to be joined any more
--          crowd             more places than the shift has: `room` of them
-- room:    the places that were free for anybody; null where there is no limit.
CREATE FUNCTION events_come(
    asked jsonb, OUT outcome text, OUT rsvp uuid, OUT person uuid, OUT source uuid, OUT room integer
) LANGUAGE plpgsql AS $$
DECLARE
    moment  timestamptz := asked->>'at';
    places  integer := 1 + (asked->>'guests')::integer;
    who     jsonb := asked->'person';
    shift   events_shift;
    had     events_rsvp;
    found   record;
    held    integer := 0;
    lacking boolean := false;
    added   boolean := false;
    state   text;
    actor   text;
    subject jsonb;
BEGIN
    IF asked->'bucket'->>0 IS NOT NULL AND NOT powers_take(
        asked->'bucket'->>0, (asked->'bucket'->>1)::float8, (asked->'bucket'->>2)::float8, moment
    ) THEN
        outcome := 'often';
        RETURN;
    END IF;
    -- Before anything is written: can anybody come there?
    SELECT s.id, s.capacity, s.ends_at, e.state INTO shift.id, shift.capacity, shift.ends_at, state
    FROM events_shift s JOIN events_event e ON e.id = s.event_id
    WHERE s.id = (asked->>'shift')::uuid AND s.event_id = coalesce((asked->>'event')::uuid, s.event_id);
    outcome := events_closed(state, shift.ends_at, moment);
    IF outcome IS NULL AND places > shift.capacity THEN
        outcome := 'crowd'; room := shift.capacity;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    IF asked->>'code' IS NOT NULL THEN
        source := sources_find(asked->>'code');
        IF source IS NULL THEN
            outcome := 'prepare';
            RETURN;
        END IF;
    END IF;

    FOR found IN SELECT f.channel, f.value, (f.person).* FROM people_find_or_add(who, NULL, 'rsvp', moment, false) f LOOP
        IF found.channel IN ('', 'email') THEN
            person := found.id;
            lacking := found.given_name = '' AND who->>'given_name' <> '' OR found.language = '' AND who->>'language' <> ''
                OR found.family_name = '' AND who->>'family_name' <> ''
                OR found.postal_code = '' AND who->>'postal_code' <> '';
            added := found.channel = '';
            held := CASE found.channel WHEN '' THEN jsonb_array_length(who->'points') ELSE held + 1 END;
        ELSIF found.id = person THEN  -- the rows come by channel: email first
            held := held + 1;
        END IF;
    END LOOP;

    -- From here on others who want this shift wait.
    SELECT s.* INTO shift FROM events_shift s WHERE s.id = shift.id FOR UPDATE;
    SELECT e.state INTO state FROM events_event e WHERE e.id = shift.event_id;
    IF events_closed(state, shift.ends_at, moment) IS NOT NULL THEN  -- a moment ago: take back what was written
        RAISE EXCEPTION '%', events_closed(state, shift.ends_at, moment) USING ERRCODE = 'GWREF';
    END IF;
    room := events_room(shift);
    IF NOT added THEN  -- who is new comes nowhere yet
        SELECT r.* INTO had FROM events_rsvp r WHERE r.shift_id = shift.id AND r.person_id = person;
    END IF;
    -- A walk-in that was taken back is none.
    IF had.state <> 'cancelled' AND NOT (had.state = 'walk_in' AND had.attended IS NULL) THEN
        outcome := 'known'; rsvp := had.id;
        RETURN;
    END IF;
    IF NOT (asked->>'prepared')::boolean AND (lacking OR held < jsonb_array_length(who->'points')) THEN
        outcome := 'prepare';
        RETURN;
    END IF;

    actor := 'person:' || person;
    outcome := CASE WHEN room < places THEN 'waiting' ELSE 'going' END;
    rsvp := coalesce(had.id, (asked->>'rsvp')::uuid);
    subject := jsonb_build_object('shift', shift.id, 'rsvp', rsvp);
    IF outcome = 'going' THEN
        UPDATE events_shift SET taken = taken + places WHERE id = shift.id;
    ELSE
        UPDATE events_shift SET waiting = waiting + places WHERE id = shift.id;
    END IF;
    IF source IS NOT NULL THEN
        PERFORM sources_touch((asked->>'touch')::uuid, source, person, asked->>'page', moment);
    END IF;
    IF jsonb_array_length(asked->'consents') > 0 THEN
        PERFORM people_agree(person, asked->'consents', asked->>'page', actor, moment);
    END IF;
    IF had.id IS NULL THEN
        INSERT INTO events_rsvp (id, shift_id, person_id, state, guests, source_id, at, changed_at)
        VALUES (rsvp, shift.id, person, outcome, places - 1, source, moment, moment);
    ELSE  -- who had cancelled is back, behind those who wait; what was noted of them does not count for this time
        source := coalesce(source, had.source_id);
        IF had.attended IS NOT NULL THEN
            PERFORM ledger_record(CASE WHEN had.attended THEN 'event.attended' ELSE 'event.missed' END, actor, person,
                                  'event', shift.event_id, had.source_id, -(1 + had.guests), subject, moment);
        END IF;
        UPDATE events_rsvp r SET state = outcome, guests = places - 1, source_id = events_come.source, attended = NULL,
            written_as = '', at = moment, changed_at = moment WHERE r.id = had.id;
    END IF;
    PERFORM ledger_record(CASE outcome WHEN 'going' THEN 'event.rsvp' ELSE 'event.waiting' END, actor, person,
                          'event', shift.event_id, source, places, subject, moment);
END $$;

-- Why nobody can join: missing, cancelled, over; null where they can. state: of the event, null where there is none.
CREATE FUNCTION events_closed(state text, ends_at timestamptz, moment timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN state = 'cancelled' THEN 'cancelled'
        WHEN state IS DISTINCT FROM 'published' THEN 'missing'
        WHEN ends_at <= moment THEN 'over'
    END
$$;
