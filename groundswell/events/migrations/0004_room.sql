-- How many places a shift has left; null without a limit, below 0 where more are taken. Whoever asks, asks this.
CREATE FUNCTION events_room(shift events_shift) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT shift.capacity + shift.extra - shift.opening - shift.taken
$$;
