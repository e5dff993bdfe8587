-- How many places a shift has left; null without a limit, below 0 where more are taken. Whoever asks, asks this.
CREATE FUNCTION events_room(shift events_shift) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT shift.capacity + shift.extra - shift.opening - shift.taken
$$;

-- Coming asks it, too.
DO $$ BEGIN
    EXECUTE replace(
        pg_get_functiondef('events_come'::regproc), 'shift.capacity - shift.opening - shift.taken', 'events_room(shift)'
    );
END $$;
