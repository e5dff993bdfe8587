-- One batch of a mailing's audience: a delivery for each of these people, with who gets none and why. A million of them
-- are written, so each thing is looked up once and nothing is checked twice. Ids are UUIDv7: `born` is the part that
-- says when. Everybody is looked at before the first row is written: a plan for a table that is still empty would read it
-- again for each of them while it grows.
WITH person (id, language, postal_code) AS MATERIALIZED ({people}),
reached AS MATERIALIZED (
    SELECT person.id, mail.value, mail.works, mail.host,
           coalesce(consent.given, false) AS agrees, choice.own_team_only AS own_only,
           got.copies >= least(%(per_week)s, choice.per_week) AS full, got.last, line.subject, opens.at AS opens_at
    FROM person
    LEFT JOIN LATERAL (
        SELECT value, status IN ('works', 'unverified') AS works, split_part(value, '@', 2) AS host
        FROM people_contactpoint
        WHERE person_id = person.id AND channel = 'email'
        ORDER BY status NOT IN ('works', 'unverified'), verified_at NULLS LAST, added_at, id LIMIT 1
    ) AS mail ON true
    LEFT JOIN LATERAL (
        SELECT given FROM people_consent
        WHERE person_id = person.id AND purpose = %(purpose)s AND channel = 'email' ORDER BY at DESC, id DESC LIMIT 1
    ) AS consent ON true
    LEFT JOIN messaging_choice AS choice ON choice.person_id = person.id
    LEFT JOIN LATERAL (
        SELECT count(*) AS copies, (array_agg(mailing_id ORDER BY queued_at DESC))[1] AS last
        FROM messaging_delivery
        WHERE person_id = person.id AND purpose <> '' AND position(':' IN purpose) = 0 AND queued_at > %(since)s
          AND state IN ('queued', 'sending', 'sent', 'unknown')
    ) AS got ON true
    LEFT JOIN unnest(%(zips)s::text[], %(opens)s::timestamptz[]) AS opens (zip, at)
      ON opens.zip = left(person.postal_code, 5)
    JOIN unnest(%(languages)s::text[], %(numbers)s::int[], %(subjects)s::uuid[]) AS line (language, number, subject)
      ON line.number = (uuid_hash_extended(person.id, %(seed)s) & 1073741823) %% %(arms)s
     AND line.language = CASE WHEN person.language = ANY (%(languages)s::text[]) THEN person.language
                              ELSE (%(languages)s::text[])[1] END
), wrote AS (
    INSERT INTO messaging_delivery (
        id, mailing_id, subject_line_id, person_id, address, mailbox, purpose, state, problem, lost_to,
        queued_at, not_before, moved_at
    )
    SELECT (%(born)s || substr(gen_random_uuid()::text, 16))::uuid, %(mailing)s, reached.subject, reached.id,
           coalesce(reached.value, ''), coalesce(box.number, 0), %(purpose)s,
           CASE WHEN why.reason = '' THEN 'queued' ELSE 'suppressed' END, why.reason,
           CASE WHEN why.reason = %(enough)s THEN reached.last END,
           %(now)s, coalesce(reached.opens_at, %(from)s), CASE WHEN why.reason <> '' THEN %(now)s::timestamptz END
    FROM reached
    LEFT JOIN unnest(%(hosts)s::text[], %(boxes)s::int[]) AS box (host, number) ON box.host = reached.host
    CROSS JOIN LATERAL (SELECT CASE
        WHEN reached.value IS NULL THEN %(no_address)s
        WHEN NOT reached.works THEN %(dead)s
        WHEN NOT reached.agrees THEN %(no_consent)s
        WHEN reached.own_only THEN %(own_only)s
        WHEN reached.full THEN %(enough)s
        ELSE '' END AS reason) AS why
    ON CONFLICT DO NOTHING  -- an address that went from one person to another between two batches gets one copy
    RETURNING person_id
)
SELECT (SELECT count(*) FROM wrote), (SELECT id FROM person ORDER BY id DESC LIMIT 1)
