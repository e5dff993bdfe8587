-- Take one token from a bucket; false when it has none. Fill it for the time gone by and take, in one statement: the
-- row's lock makes parallel takers wait for each other. A clock that runs behind another server's adds nothing and
-- takes nothing back.
CREATE FUNCTION powers_take(bucket_key text, per_hour float8, burst float8, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO powers_bucket AS bucket (key, tokens, at) VALUES (bucket_key, burst - 1, moment)
    ON CONFLICT (key) DO UPDATE SET
        tokens = least(burst, bucket.tokens + greatest(0, extract(epoch FROM moment - bucket.at)) * per_hour / 3600) - 1,
        at = greatest(bucket.at, moment)
    WHERE least(burst, bucket.tokens + greatest(0, extract(epoch FROM moment - bucket.at)) * per_hour / 3600) >= 1;
    RETURN FOUND;
END $$;
