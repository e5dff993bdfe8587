-- Up to so many copies of a mailing become `sending`, or `suppressed` where that was taken back: whether somebody still
-- agrees and whether mail arrives there is decided in the statement that claims. `moved_at` is older than what the
-- statement sees, so nothing is claimed after an opt-out.
WITH due AS MATERIALIZED (
    SELECT copy.ctid AS place, copy.person_id, copy.address, copy.purpose
    FROM messaging_delivery AS copy
    WHERE copy.state = 'queued' AND copy.mailing_id = %(mailing)s AND copy.mailbox = %(mailbox)s
      AND copy.not_before <= %(now)s
      AND EXISTS (SELECT FROM messaging_mailing WHERE id = %(mailing)s AND state = 'sending')
      AND NOT EXISTS (SELECT FROM messaging_hold WHERE held_at IS NOT NULL)
    ORDER BY copy.not_before LIMIT %(most)s FOR UPDATE OF copy SKIP LOCKED
), looked AS MATERIALIZED (
    SELECT due.place, person.given_name, person.family_name, person.postal_code, CASE
        WHEN EXISTS (
            SELECT FROM people_contactpoint
            WHERE channel = 'email' AND value = due.address AND status IN ('bounces', 'wrong')
        ) THEN %(dead)s
        WHEN NOT coalesce((
            SELECT given FROM people_consent
            WHERE person_id = due.person_id AND purpose = due.purpose AND channel = 'email'
            ORDER BY at DESC, id DESC LIMIT 1
        ), false) THEN %(taken_back)s
        WHEN coalesce(choice.own_team_only, false) THEN %(own_only)s
        ELSE '' END AS why
    FROM due
    LEFT JOIN people_person AS person ON person.id = due.person_id
    LEFT JOIN messaging_choice AS choice ON choice.person_id = due.person_id
)
UPDATE messaging_delivery AS copy SET
    moved_at = %(now)s, state = CASE WHEN why = '' THEN 'sending' ELSE 'suppressed' END, problem = why
FROM looked WHERE copy.ctid = looked.place
RETURNING copy.state, copy.id, address, subject_line_id, tries, person_id,
          coalesce(given_name, ''), coalesce(family_name, ''), coalesce(postal_code, '')
