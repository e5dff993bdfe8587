-- The source a code belongs to; null where we have never met it.
CREATE FUNCTION sources_find(through text) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT id FROM sources_source WHERE code = through
$$;

-- Keep that a deed came through a source.
CREATE FUNCTION sources_touch(touch uuid, source uuid, by uuid, on_page text, moment timestamptz) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO sources_touch (id, source_id, person_id, page, at) VALUES (touch, source, by, on_page, moment)
$$;
