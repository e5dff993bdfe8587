-- Fill what is empty and add contact points; what is there stays.
WITH point AS (
    INSERT INTO people_contactpoint (id, person_id, channel, system, value, written, status, added_at)
    SELECT id, %(person)s, channel, system, value, written, 'unverified', %(at)s
    FROM unnest(
        %(point_ids)s::uuid[], %(channels)s::text[], %(systems)s::text[], %(values)s::text[], %(writtens)s::text[]
    ) AS new (id, channel, system, value, written)
    ON CONFLICT DO NOTHING
)
UPDATE people_person SET
    given_name = COALESCE(NULLIF(given_name, ''), %(given_name)s),
    family_name = COALESCE(NULLIF(family_name, ''), %(family_name)s),
    language = COALESCE(NULLIF(language, ''), %(language)s),
    scope = CASE WHEN postal_code = '' THEN %(scope)s::ltree ELSE scope END,
    postal_code = COALESCE(NULLIF(postal_code, ''), %(postal_code)s),
    search_text = search_text || E'\n' || %(search_text)s
WHERE id = %(person)s
RETURNING given_name, family_name, language, postal_code, scope, search_text
