-- Lock the contact points in one order for everybody, so that two forms about one person go one after the other.
SELECT pg_advisory_xact_lock(key) FROM unnest(%(locks)s::bigint[]) AS key;

-- Then, with a fresh snapshot: who holds them? An email or an external id names one person; a phone may be a family's.
SELECT point.channel, point.system, point.value, {columns}
FROM people_contactpoint point
JOIN people_person person ON person.id = point.person_id
WHERE (point.channel, point.system, point.value) IN (
    SELECT * FROM unnest(%(channels)s::text[], %(systems)s::text[], %(values)s::text[])
)
ORDER BY point.channel
LIMIT 20
