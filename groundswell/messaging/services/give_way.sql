-- Whoever of these people has enough for the week, and of it a copy that still waits and matters less than this
-- mailing's: that copy gives way. What is being claimed at this moment stays.
WITH person AS MATERIALIZED ({people}),
got AS (
    SELECT copy.id, copy.state, mailing.priority,
           count(*) OVER (PARTITION BY copy.person_id) AS copies,
           row_number() OVER (
               PARTITION BY copy.person_id
               ORDER BY copy.state <> 'queued', mailing.priority NULLS LAST, copy.queued_at DESC
           ) AS place,
           least(%(per_week)s, choice.per_week) AS most
    FROM person
    JOIN messaging_delivery AS copy ON copy.person_id = person.id
    LEFT JOIN messaging_mailing AS mailing ON mailing.id = copy.mailing_id
    LEFT JOIN messaging_choice AS choice ON choice.person_id = person.id
    WHERE copy.purpose <> '' AND copy.queued_at > %(since)s AND copy.state IN ('queued', 'sending', 'sent', 'unknown')
)
UPDATE messaging_delivery SET state = 'suppressed', problem = %(gave_way)s, lost_to = %(mailing)s, moved_at = %(now)s
WHERE id IN (
    SELECT id FROM messaging_delivery
    WHERE id IN (
        SELECT id FROM got WHERE place = 1 AND state = 'queued' AND priority < %(priority)s AND copies >= most
    ) AND state = 'queued'
    FOR UPDATE SKIP LOCKED
)
