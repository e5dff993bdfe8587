-- Add people with their contact points. Where another transaction was faster with an address, that person is not added.
WITH point AS (
    INSERT INTO people_contactpoint (id, person_id, channel, system, value, written, status, added_at)
    SELECT id, person_id, channel, system, value, written, 'unverified', %(at)s
    FROM json_to_recordset(%(points)s) AS new (
        id uuid, person_id uuid, channel text, system text, value text, written text
    )
    ON CONFLICT DO NOTHING
    RETURNING person_id
), taken AS (
    SELECT person_id, count(*) AS points FROM point GROUP BY person_id
)
INSERT INTO people_person (id, given_name, family_name, search_text, language, postal_code, scope, added_at)
SELECT new.id, given_name, family_name, search_text, language, postal_code, scope::ltree, %(at)s
FROM json_to_recordset(%(people)s) AS new (
    id uuid, given_name text, family_name text, search_text text, language text, postal_code text, scope text, points int
)
JOIN taken ON taken.person_id = new.id AND taken.points = new.points
RETURNING id
