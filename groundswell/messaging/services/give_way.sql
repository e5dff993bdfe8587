-- Whoever of these people will get this mailing, has enough for the week, and of it a copy that still waits and matters
-- less: that copy gives way. What is being claimed at this moment stays.
WITH asked (id, language, postal_code) AS MATERIALIZED ({people}),
person AS (
    SELECT asked.id FROM asked
    WHERE EXISTS (
        SELECT FROM people_contactpoint
        WHERE person_id = asked.id AND channel = 'email' AND status IN ('works', 'unverified')
    ) AND coalesce((
        SELECT given FROM people_consent
        WHERE person_id = asked.id AND purpose = %(purpose)s AND channel = 'email' ORDER BY at DESC, id DESC LIMIT 1
    ), false) AND NOT EXISTS (
        SELECT FROM messaging_choice WHERE person_id = asked.id AND own_team_only
    )
),
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
    WHERE copy.purpose <> '' AND position(':' IN copy.purpose) = 0 AND copy.queued_at > %(since)s AND copy.state IN ('queued', 'sending', 'sent', 'unknown')
)
UPDATE messaging_delivery SET state = 'suppressed', problem = %(gave_way)s, lost_to = %(mailing)s, moved_at = %(now)s
WHERE id IN (
    SELECT id FROM messaging_delivery
    WHERE id IN (
        SELECT id FROM got WHERE place = 1 AND state = 'queued' AND priority < %(priority)s AND copies >= most
    ) AND state = 'queued'
    FOR UPDATE SKIP LOCKED
)
