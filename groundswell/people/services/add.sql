-- Add people with their contact points. Where another transaction was faster with an address, that person is not added.
WITH point AS (
    INSERT INTO people_contactpoint (id, person_id, channel, system, value, written, status, added_at)
    SELECT id, person_id, channel, system, value, written, 'unverified', %(at)s
    FROM unnest(
        %(point_ids)s::uuid[], %(point_people)s::uuid[], %(channels)s::text[], %(systems)s::text[],
        %(values)s::text[], %(writtens)s::text[]
    ) AS new (id, person_id, channel, system, value, written)
    ON CONFLICT DO NOTHING
    RETURNING person_id
), taken AS (
    SELECT person_id, count(*) AS points FROM point GROUP BY person_id
)
INSERT INTO people_person (id, given_name, family_name, search_text, language, postal_code, scope, added_at)
SELECT new.id, given_name, family_name, search_text, language, postal_code, scope::ltree, %(at)s
FROM unnest(
    %(ids)s::uuid[], %(given_names)s::text[], %(family_names)s::text[], %(search_texts)s::text[],
    %(languages)s::text[], %(postal_codes)s::text[], %(scopes)s::text[], %(counts)s::int[]
) AS new (id, given_name, family_name, search_text, language, postal_code, scope, points)
JOIN taken ON taken.person_id = new.id AND taken.points = new.points
RETURNING id
